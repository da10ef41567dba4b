"""The judge: both orders, ties, failures that are counted, replies that are kept."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling.core.errors import ConfigError, JudgeError
from modeling.core.judge import Price, RequestRefused
from modeling.core.judge.parsing import EMPTY, NOTHING
from tests.modeling.core.judge.conftest import scripted
from tests.modeling.core.judge.test_prompts import block


def shown(user, side):
    return block(user.content, f"Assistant {side}'s Answer")


def longest(_system, user):
    """Prefers the longer answer, wherever it stands."""
    a, b = len(shown(user, "A")), len(shown(user, "B"))
    return "[[C]]" if a == b else "[[A]]" if a > b else "[[B]]"


def test_the_better_response_is_found_wherever_it_stands():
    judge, model = scripted(longest)
    assert judge.compare("q", "long", "s").choice == "first"
    assert judge.compare("q", "s", "long").choice == "second"
    assert judge.compare("q", "same", "else").choice == "tie"
    assert len(model.asked) == 6


def test_both_orders_are_asked():
    judge, model = scripted("[[C]]")
    judge.compare("q", "one", "two")
    orders = [(shown(user, "A"), shown(user, "B")) for _, user in model.asked]
    assert orders == [("one", "two"), ("two", "one")]


@pytest.mark.parametrize("said", ["[[A]]", "[[B]]"])
def test_a_judge_that_only_looks_at_the_place_says_tie(said):
    judge, _ = scripted(said)
    verdict = judge.compare("q", "one", "two")
    assert (verdict.choice, verdict.is_consistent) == ("tie", False)


# The conservative rule by hand: what is said in the given order, in the turned order, and the
# choice. In the turned order the first response is B.
RULE = [
    ("A", "B", "first"),
    ("B", "A", "second"),
    ("C", "C", "tie"),
    ("A", "A", "tie"),
    ("B", "B", "tie"),
    ("A", "C", "tie"),
    ("C", "B", "tie"),
    ("A", "x", None),
    ("x", "B", None),
    ("x", "x", None),
]


@pytest.mark.parametrize(("given_order", "turned", "choice"), RULE)
def test_a_win_has_to_hold_in_both_orders(given_order, turned, choice):
    said = {"one": given_order, "two": turned}
    judge, _ = scripted(lambda _system, user: f"[[{said[shown(user, 'A')]}]]")
    verdict = judge.compare("q", "one", "two")
    assert verdict.choice == choice
    assert bool(verdict.failure) == (choice is None)
    assert judge.usage.unparseable == (given_order + turned).count("x")


@given(st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=8), st.sampled_from("ABC"))
def test_turning_the_responses_turns_the_choice(first, second, side):
    mirrored = {"first": "second", "second": "first", "tie": "tie"}
    for say in (longest, f"[[{side}]]"):
        judge, _ = scripted(say)
        one, other = judge.compare("q", first, second), judge.compare("q", second, first)
        assert one.choice == mirrored[other.choice]


def test_a_grade_is_read_from_one_reply():
    judge, _ = scripted("Rather good. Rating: [[8]]")
    verdict = judge.grade("q", "a")
    assert (verdict.score, verdict.failure, verdict.reading.text) == (
        8.0,
        "",
        "Rather good. Rating: [[8]]",
    )


def test_a_rubric_gives_a_score_for_each_criterion():
    judge, _ = scripted("[[1: 4]] [[2: 1]]")
    verdict = judge.rate("q", "a", criteria=["depth", "tone"])
    assert (verdict.scores, verdict.mean) == ({"depth": 4, "tone": 1}, 2.5)
    assert judge.rate("q", "a", criteria=["depth"]).mean is None


def test_an_outcome_is_checked():
    judge, model = scripted("[[incorrect]]")
    assert judge.check("q", "a", reference="42").correct is False
    assert block(model.asked[0][1].content, "Reference Answer") == "42"


def test_a_rubric_without_sense_is_refused():
    judge, _ = scripted("")
    with pytest.raises(ConfigError, match="needs criteria"):
        judge.rate("q", "a", criteria=[])
    with pytest.raises(ConfigError, match="different names"):
        judge.rate("q", "a", criteria=["x", "x"])
    with pytest.raises(ConfigError, match="below its highest"):
        judge.rate("q", "a", criteria=["x"], low=5, high=5)
    with pytest.raises(ConfigError, match="max_tokens"):
        scripted("", max_tokens=0)


def test_a_ranking_comes_from_all_pairs():
    judge, model = scripted(longest)
    verdict = judge.rank("q", ["bb", "a", "cc", "dddd"])
    assert verdict.tiers == ((3,), (0, 2), (1,))
    assert len(model.asked) == 2 * 6


@pytest.mark.parametrize("order", list(permutations(["a", "bb", "ccc"])))
def test_a_ranking_does_not_hang_on_the_order(order):
    judge, _ = scripted(longest)
    tiers = judge.rank("q", order).tiers
    assert [order[k] for (k,) in tiers] == ["ccc", "bb", "a"]


def test_a_circle_is_a_tie():
    beats = {("rock", "scissors"), ("scissors", "paper"), ("paper", "rock")}

    def circle(_system, user):
        return "[[A]]" if (shown(user, "A"), shown(user, "B")) in beats else "[[B]]"

    judge, _ = scripted(circle)
    assert judge.rank("q", ["rock", "paper", "scissors"]).tiers == ((0, 1, 2),)


def test_identical_responses_are_a_tie_unasked():
    judge, model = scripted("[[A]]")
    assert judge.rank("q", ["same", "same"]).tiers == ((0, 1),)
    assert model.asked == []


def test_a_pair_without_a_verdict_leaves_no_order():
    judge, model = scripted("who knows")
    verdict = judge.rank("q", ["a", "b", "c"])
    assert (verdict.tiers, verdict.failure) == (None, NOTHING)
    assert len(model.asked) == 2


def test_one_response_is_an_order():
    assert scripted("")[0].rank("q", ["a"]).tiers == ((0,),)


def test_failures_are_counted_and_not_guessed():
    judge, _ = scripted(lambda _system, user: "" if shown(user, "A") == "one" else "maybe")
    assert judge.compare("q", "one", "two").choice is None
    usage = judge.usage
    assert (usage.requests, usage.unparseable, usage.refused) == (2, 2, 0)
    assert usage.failures == {EMPTY: 1, NOTHING: 1}


def test_a_refused_request_is_a_failure_of_its_own():
    def refuse(*_messages):
        raise RequestRefused("the texts are too long")

    judge, _ = scripted(refuse)
    verdict = judge.grade("q", "a")
    assert (verdict.score, verdict.failure) == (None, "the texts are too long")
    assert (judge.usage.requests, judge.usage.refused) == (0, 1)


def test_another_error_is_not_swallowed():
    def fail(*_messages):
        raise JudgeError("The endpoint is gone.")

    with pytest.raises(JudgeError, match="gone"):
        scripted(fail)[0].grade("q", "a")


def test_many_reasons_are_summed_up():
    numbers = iter(range(100))

    def refuse(*_messages):
        raise RequestRefused(f"{next(numbers)} tokens are too many")

    judge, _ = scripted(refuse)
    for _ in range(30):
        judge.grade("q", "a")
    assert len(judge.usage.failures) == 21
    assert judge.usage.failures["other reasons"] == 10


def test_the_cost_is_tokens_by_price():
    judge, _ = scripted("[[5]]", price=Price(input=10.0, output=50.0))
    judge.grade("q", "a")
    judge.grade("q", "b")
    # two requests of 100 tokens read and 20 written: (200 × 10 + 40 × 50) / 1,000,000
    assert judge.usage.cost == pytest.approx(0.004)
    assert scripted("")[0].usage.cost is None
    with pytest.raises(ConfigError, match="price"):
        Price(-1, 0)


def test_nothing_is_asked_twice(tmp_path):
    judge, model = scripted(longest, cache=tmp_path, price=Price(1, 1))
    first = judge.compare("q", "long", "s")
    again, other = scripted(longest, cache=tmp_path, price=Price(1, 1))
    assert again.compare("q", "long", "s") == first
    assert (len(model.asked), other.asked) == (2, [])
    assert (again.usage.requests, again.usage.cached, again.usage.cost) == (0, 2, 0.0)
    judge.compare("q", "s", "long")  # the same two prompts, in the other order
    assert len(model.asked) == 2


def test_other_texts_models_forms_and_lengths_are_asked_anew(tmp_path):
    counts = []
    for options in ({}, {"identity": "scripted:2"}, {"max_tokens": 7}):
        judge, model = scripted("[[5]] [[A]]", cache=tmp_path, **options)
        for say in (judge.grade, judge.check):
            say("q", "a")
            say("q", "b")
            say("q", "a")
        counts.append(len(model.asked))
    assert counts == [4, 4, 4]


def test_the_cache_holds_no_prompts(tmp_path):
    scripted("[[5]]", cache=tmp_path)[0].grade("my secret question", "a")
    (file,) = tmp_path.glob("*/*.json")
    assert "secret" not in file.read_text()


def test_a_damaged_reply_is_asked_for_again(tmp_path):
    judge, model = scripted("[[5]]", cache=tmp_path)
    judge.grade("q", "a")
    (file,) = tmp_path.glob("*/*.json")
    for damaged in ("", "[]", '{"text": "x"}', '{"text": "x", "input_tokens": "many"}'):
        file.write_text(damaged)
        assert judge.grade("q", "a").score == 5
    assert len(model.asked) == 5


def test_a_folder_that_takes_nothing_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    judge, _ = scripted("[[5]]", cache=tmp_path / "file" / "x")
    with pytest.raises(JudgeError, match="cannot be kept"):
        judge.grade("q", "a")
