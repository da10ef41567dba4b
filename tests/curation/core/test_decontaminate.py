"""Decontamination: shared n-grams and near-duplicates, as a loop over texts would find them."""

import json
import random
from collections import Counter
from math import ceil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.decontaminate import decontaminate
from curation.core.errors import CurationError
from tests.curation.core.dedupe.twins import jaccard, slow_shingles, slow_words

GOLDEN = Path(__file__).parent / "golden" / "decontamination.json"
SENTENCE = "the quick brown fox jumps over the lazy dog and then it sleeps all day in the warm sun"
CHINESE = "昨天下午我们一起去了城市中心的大公园散步然后在湖边的小餐馆里吃了一顿非常好吃的晚饭"


def slow_ngrams(text, ngram):
    grams = slow_shingles(text, ngram, ceil(ngram * 5 / 3))
    return {gram for gram in grams if gram[0] not in ("whole", "signs")}


def runs(words, length):
    return {words[k : k + length] for k in range(len(words) - length + 1)}


def slow_evaluation(text, ngram):
    """What is looked for in texts: n-grams, or a shorter text as a whole."""
    if grams := slow_ngrams(text, ngram):
        return grams
    words = slow_words(text)
    shortest = 14 if any(is_unspaced for _, is_unspaced in words) else 8
    return {tuple(word for word, _ in words)} if len(words) >= shortest else set()


def slow_decontaminate(texts, evaluation, ngram=13, min_overlap=1, threshold=0.7):
    """[(matched row, reason, shared n-grams)]"""
    first = {}
    for row, text in enumerate(evaluation):
        for gram in slow_evaluation(text, ngram) if text.strip() else ():
            first.setdefault(gram, row)
    found = []
    for text in texts:
        words = tuple(word for word, _ in slow_words(text))
        grams = slow_ngrams(text, ngram)
        for length in {len(gram) for gram in first} - {ngram, ceil(ngram * 5 / 3)}:
            grams |= runs(words, length)
        rows = Counter(first[gram] for gram in grams & first.keys())
        if rows.total() >= min_overlap:
            best = min(rows, key=lambda row: (-rows[row], row))
            found.append((best, "ngram", rows.total()))
            continue
        alike = [
            (-jaccard(slow_shingles(text), slow_shingles(other)), row)
            for row, other in enumerate(evaluation)
            if other.strip()
        ]
        value, row = min(alike, default=(0, -1))
        is_near = -value >= threshold - 1e-9
        found.append((row, "near_duplicate", rows.total()) if is_near else (-1, "", rows.total()))
    return found


def rows_of(found):
    return list(
        zip(found.matched.tolist(), found.reason.tolist(), found.shared.tolist(), strict=True)
    )


@st.composite
def corpora(draw):
    """Texts and evaluation texts cut from the same few sentences, and edited."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    pool = [SENTENCE.split(), list(CHINESE), [f"w{k}" for k in range(60)], ["一", "two", "三"] * 9]

    def text():
        words = rng.choice(pool)
        start = rng.randrange(len(words))
        part = words[start : start + rng.choice([0, 1, 5, 9, 13, 20, 40])]
        if part and rng.random() < 0.3:
            part[rng.randrange(len(part))] = "X"
        return " ".join(rng.sample(pool[2], 3) + part if rng.random() < 0.3 else part)

    return [text() for _ in range(rng.randint(0, 8))], [text() for _ in range(rng.randint(0, 6))]


@settings(deadline=None)
@given(corpora(), st.sampled_from([8, 13]), st.sampled_from([1, 4]))
def test_verdicts_are_those_of_the_definition(both, ngram, min_overlap):
    texts, evaluation = both
    found = decontaminate(texts, evaluation, ngram=ngram, min_overlap=min_overlap)
    assert rows_of(found) == slow_decontaminate(texts, evaluation, ngram, min_overlap)
    assert found.contaminated.tolist() == [reason != "" for reason in found.reason]


def test_a_long_run_inside_another_text_is_found():
    inside = "Before. " + SENTENCE.upper().replace(" ", ", ") + "! After that, more."
    found = decontaminate([inside, "nothing of it"], ["Unrelated", SENTENCE])
    assert rows_of(found) == [(1, "ngram", 7), (-1, "", 0)]


def test_an_edited_copy_is_a_near_duplicate():
    words = SENTENCE.split()
    words[9] = "but"
    found = decontaminate([" ".join(words)], [SENTENCE], threshold=14 / 20)
    assert rows_of(found) == [(0, "near_duplicate", 0)]
    found = decontaminate([" ".join(words)], [SENTENCE], threshold=0.71)
    assert rows_of(found) == [(-1, "", 0)]


def test_a_short_question_is_found_as_a_whole_inside_a_text():
    question = "What is the capital city of France, please?"
    found = decontaminate(
        [f"Tell me: {question} I forgot.", "the capital city of France"], [question]
    )
    assert rows_of(found) == [(0, "ngram", 1), (-1, "", 0)]


def test_very_short_texts_match_as_a_whole_only():
    found = decontaminate(["Yes.", "Yes it is so", ""], ["yes", "", " "])
    assert rows_of(found) == [(0, "near_duplicate", 0), (-1, "", 0), (-1, "", 0)]


def test_unspaced_scripts_are_compared_by_characters():
    found = decontaminate(["他说:" + CHINESE[3:28], CHINESE[3:20]], [CHINESE])
    assert rows_of(found) == [(0, "ngram", 4), (-1, "", 0)]


def test_more_overlap_can_be_asked_for():
    part = " ".join(SENTENCE.split()[:14])
    assert decontaminate([part + " xyz"], [SENTENCE]).contaminated.tolist() == [True]
    found = decontaminate([part + " xyz"], [SENTENCE], min_overlap=3)
    assert rows_of(found) == [(-1, "", 2)]


def test_the_evaluation_text_with_most_in_common_is_named():
    first, second = " ".join(SENTENCE.split()[:14]), " ".join(SENTENCE.split()[3:])
    assert decontaminate([SENTENCE], [first, second]).matched.tolist() == [1]


@settings(deadline=None)
@given(corpora(), st.data())
def test_the_order_of_texts_does_not_show(both, data):
    texts, evaluation = both
    order = data.draw(st.permutations(range(len(texts))))
    found = rows_of(decontaminate(texts, evaluation))
    shuffled = rows_of(decontaminate([texts[k] for k in order], evaluation))
    assert shuffled == [found[k] for k in order]


def test_the_golden_texts_have_their_verdicts():
    """Made by slow_decontaminate above."""
    golden = json.loads(GOLDEN.read_text())
    found = decontaminate(golden["texts"], golden["evaluation"])
    assert [list(row) for row in rows_of(found)] == golden["expected"]


def test_nothing_is_clean():
    assert rows_of(decontaminate([], [SENTENCE])) == []
    assert rows_of(decontaminate([SENTENCE, ""], [])) == [(-1, "", 0)] * 2


def test_long_and_odd_texts_pass():
    odd = ["x " * 100_000, "\ud800\0" * 50, "👩‍🚀" * 20, "\u202eأ ب ت ث " * 10]
    assert decontaminate(odd, odd[::-1]).matched.tolist() == [3, 2, 1, 0]


@pytest.mark.parametrize("options", [{"ngram": 7}, {"min_overlap": 0}, {"threshold": 0}])
def test_impossible_options_are_refused(options):
    with pytest.raises(CurationError, match="must"):
        decontaminate(["a"], ["b"], **options)


def test_what_is_no_text_is_named():
    with pytest.raises(CurationError, match="Text 0 is missing"):
        decontaminate(["a"], [None])
