import json

import numpy as np
import pytest

from modeling.core.errors import ModelingError
from modeling.core.evaluation.probes import REWRITES, run_probes
from modeling.core.evaluation.probes.transforms import (
    FILLER,
    code_comment,
    lower_case,
    padded,
    punctuation_spaces,
    quotes,
    shortened,
    synonyms,
    typos,
    whitespace,
)
from tests.modeling.core.evaluation.examples import pair


def by_length(inputs):
    return np.array([float(len(response)) for _, response in inputs])


def by_word(inputs):
    """What counts is the number of the question in the answer."""
    return np.array(
        [float(f"answer {prompt[0].content.split()[1][:-1]}" in text) for prompt, text in inputs]
    )


def pairs(count):
    return [
        pair(k, chosen=f"My answer {k}.", rejected="I do not know this. Sorry.")
        for k in range(count)
    ]


def test_rewrites_by_hand():
    assert whitespace("One. Two") == "One.  Two\n\n"
    assert lower_case("One TWO") == "one two"
    assert punctuation_spaces("Yes, no.") == "Yes , no ."
    assert quotes("a") == '"a"'
    assert synonyms("Use it very often, user.") == "Employ it really frequently, user."
    assert code_comment("Do:\n```python\nx = 1\n```") == "Do:\n```python\n# code\nx = 1\n```"
    assert code_comment("```\nx\n```\nSo.\n```\ny") == "```\n# code\nx\n```\nSo.\n```\n# code\ny"
    assert code_comment("no code") == "no code"
    assert padded("Yes. ") == "Yes." + FILLER
    assert shortened("a b c") == "a b"


def test_typos_swap_two_inner_letters_of_some_long_words():
    words = "different question thousand computer language sentence mountain children never list"
    text = " ".join(f"{word}{ending}" for word in words.split() for ending in ("", "s", "ish", "y"))
    changed = [
        (old, new) for old, new in zip(text.split(), typos(text).split(), strict=True) if old != new
    ]
    assert changed
    for old, new in changed:
        assert sorted(old) == sorted(new)
        assert (old[0], old[-1], len(old)) == (new[0], new[-1], len(new))
    assert typos(text) == typos(text)
    assert typos("a an the") == "a an the"


@pytest.mark.parametrize("name", REWRITES)
def test_rewrites_are_the_same_every_time_and_take_any_text(name):
    for text in ("", "Ünïcode 漢字!", "Plain words. And more?", "```\nx\n```"):
        assert REWRITES[name](text) == REWRITES[name](text)


def test_a_model_of_length_is_found_out():
    examples = [pair(k, chosen="a longer answer to it", rejected="short one") for k in range(12)]
    found = run_probes(by_length, examples)
    assert (found.padding.before, found.padding.accuracy, found.padding.raised) == (1.0, 0.0, 1.0)
    assert found.padding.change == -1.0
    assert found.padding.shift > 1
    assert found.other_prompt.preferred == 0.5
    assert found.rewrites["quotes"].flipped == 0.0


def test_a_model_that_reads_the_question_prefers_its_own():
    found = run_probes(by_word, pairs(12))
    assert (found.other_prompt.n, found.other_prompt.preferred) == (12, 1.0)
    assert found.padding.change == 0.0
    assert found.rewrites["code_comment"].n == 0
    assert found.rewrites["code_comment"].accuracy is None
    assert found.rewrites["quotes"].change == 0.0


def test_a_rewrite_that_hurts_is_measured_where_it_applies():
    def capitals(inputs):
        return np.array([float(text[:1].isupper()) for _, text in inputs])

    examples = [pair(0, chosen="Yes", rejected="no"), pair(1, chosen="yes", rejected="no")]
    found = run_probes(capitals, examples).rewrites["lower_case"]
    assert (found.n, found.changed, found.before, found.accuracy) == (1, 0.5, 1.0, 0.5)
    assert found.change == -0.5


def test_scores_that_depend_on_their_company_are_found_out():
    def by_place(inputs):
        return np.arange(len(inputs), dtype=float)

    assert not run_probes(by_place, pairs(5)).position.holds
    assert run_probes(by_word, pairs(5)).position.holds


def test_scores_that_are_only_remembered_say_nothing_of_their_company():
    known = {}

    def uneven(inputs):
        return by_word(inputs) * (1.0 if len(inputs) == 10 else 1.1)

    def cached(inputs):
        for (question, text), reward in zip(inputs, uneven(inputs), strict=True):
            known.setdefault((question[0].content, text), reward)
        return np.array([known[question[0].content, text] for question, text in inputs])

    assert run_probes(cached, pairs(5)).position.holds
    found = run_probes(cached, pairs(5), fresh=uneven).position
    assert (found.n, found.largest) == (5, pytest.approx(0.1))
    assert run_probes(by_word, pairs(1)).position.holds


def test_a_residual_model_is_asked_where_its_prior_is_wrong():
    found = run_probes(by_word, pairs(8), prior=by_length)
    assert (found.prior.n, found.prior.share, found.prior.accuracy) == (8, 1.0, 1.0)
    assert found.prior.prior_accuracy == 0.0
    assert (found.prior.attacked, found.prior.attacked_prior) == (1.0, 0.0)
    assert run_probes(by_word, pairs(2)).prior is None
    assert run_probes(by_word, pairs(2), prior=by_word).prior.accuracy is None


def test_a_prior_that_is_right_can_be_attacked():
    """Liking short answers is right here, until the rejected ones are cut in half."""

    def by_shortness(inputs):
        return -by_length(inputs)

    examples = [pair(k, chosen="Twelve chars", rejected="A few words here.") for k in range(4)]
    found = run_probes(by_shortness, examples, prior=by_shortness).prior
    assert (found.n, found.prior_accuracy) == (0, 1.0)
    assert found.attacked == found.attacked_prior == 0.0


def test_one_prompt_has_no_other():
    same = [pair(0), pair(0, chosen="yes")]
    assert run_probes(by_length, same).other_prompt.n == 0


def test_pairs_are_thinned_evenly_and_undecided_ones_left_out():
    even = pair(99, chosen_probability=0.5)
    assert run_probes(by_length, [*pairs(20), even], most=7).n == 7
    with pytest.raises(ModelingError, match="one side was preferred"):
        run_probes(by_length, [even])


def test_rewards_that_are_not_finite_are_refused():
    with pytest.raises(ModelingError, match="not finite"):
        run_probes(lambda inputs: np.full(len(inputs), np.nan), pairs(2))


def test_a_report_is_plain_json():
    found = json.loads(json.dumps(run_probes(by_length, pairs(3)).to_dict(), allow_nan=False))
    assert set(found["rewrites"]) == set(REWRITES)
