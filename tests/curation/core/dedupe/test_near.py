"""Near-duplicates: the definition, every pair and no other, whatever the order of the texts."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.curation_texts import planted_texts
from curation.core.dedupe import near
from curation.core.dedupe.near import (
    cluster_near_duplicates,
    near_duplicate_clusters,
    near_duplicate_pairs,
    near_duplicate_row_clusters,
    near_duplicates_between,
)
from curation.core.errors import CurationError
from tests.curation.core.dedupe.twins import slow_clusters, slow_pairs

GOLDEN = Path(__file__).parents[1] / "golden" / "near_duplicates.json"
LETTERS = list("ab c d.,A  éß日本ไ\u0301\u200d\u200f\ud800\0\1\2x²ﬁ😀\ufe0fİŉ\u3000\n一丁")
THRESHOLDS = st.sampled_from([0.2, 0.5, 0.7, 0.9, 1.0])


@st.composite
def edited_texts(draw):
    """Texts of odd characters, several of them edits of one another."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    texts = ["".join(rng.choices(LETTERS, k=rng.choice([0, 1, 3, 8, 20, 60])))]
    for _ in range(draw(st.integers(0, 10))):
        letters = list(rng.choice(texts))
        for _ in range(rng.randint(0, 3)):
            letters.insert(rng.randint(0, len(letters)), rng.choice(LETTERS))
        texts.append("".join(letters if rng.random() < 0.7 else letters[::-1]))
    return texts


def as_dict(found):
    return dict(
        zip(zip(found.left.tolist(), found.right.tolist(), strict=True), found.jaccard, strict=True)
    )


@settings(deadline=None)
@given(edited_texts(), THRESHOLDS)
def test_pairs_are_those_of_the_definition(texts, threshold):
    found = near_duplicate_pairs(texts, threshold=threshold)
    assert as_dict(found) == pytest.approx(slow_pairs(texts, threshold))
    assert found.complete


@settings(deadline=None)
@given(edited_texts(), THRESHOLDS)
def test_clusters_are_chains_of_pairs(texts, threshold):
    clusters = near_duplicate_clusters(texts, threshold=threshold)
    assert clusters.tolist() == slow_clusters(texts, threshold)


@settings(deadline=None)
@given(edited_texts(), THRESHOLDS, st.data())
def test_two_corpora_are_compared_across_only(texts, threshold, data):
    cut = data.draw(st.integers(0, len(texts)))
    found = near_duplicates_between(texts[:cut], texts[cut:], threshold=threshold)
    expected = {
        (i, j - cut): value
        for (i, j), value in slow_pairs(texts, threshold).items()
        if i < cut <= j
    }
    assert as_dict(found) == pytest.approx(expected)


@settings(deadline=None)
@given(edited_texts(), st.sampled_from(["exact", "minhash"]), st.data())
def test_the_order_of_texts_does_not_show(texts, method, data):
    order = data.draw(st.permutations(range(len(texts))))
    clusters = near_duplicate_clusters(texts, method=method)
    shuffled = near_duplicate_clusters([texts[k] for k in order], method=method)
    together = clusters[order][:, None] == clusters[order][None]
    assert (together == (shuffled[:, None] == shuffled[None])).all()


@settings(deadline=None)
@given(edited_texts())
def test_a_text_given_twice_joins_its_copy_and_changes_nothing_else(texts):
    clusters = near_duplicate_clusters(texts)
    assert near_duplicate_clusters([*texts, *texts]).tolist() == [*clusters, *clusters]


@pytest.mark.parametrize("method", ["exact", "minhash"])
def test_planted_near_duplicates_are_all_found_and_nothing_else(method):
    planted = planted_texts(3000, 0.3, seed=1)
    found = near_duplicate_pairs(planted.texts, method=method)
    assert found.left.tolist() == planted.left.tolist()
    assert found.right.tolist() == planted.right.tolist()
    assert found.jaccard == pytest.approx(planted.jaccard)
    assert len(found.left) > 500


def test_the_golden_texts_have_their_pairs():
    """Made by tests.curation.core.dedupe.twins: slow_pairs and slow_clusters at 0.5."""
    golden = json.loads(GOLDEN.read_text())
    found = near_duplicate_pairs(golden["texts"], threshold=0.5)
    rows = [[*pair, value] for pair, value in as_dict(found).items()]
    assert rows == [pytest.approx(row) for row in golden["pairs"]]
    assert near_duplicate_clusters(golden["texts"], threshold=0.5).tolist() == golden["clusters"]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Stop it now, please!", "stop it NOW please", True),
        ("x² + 1 = y", "x2 + 1 = y", True),
        ("", " \n\0", True),
        ("", "?!", False),
        ("?!", "? !", True),
        ("👩‍🚀", "👩🚀", True),
        ("👩", "👨", False),
        ("Yes", "yes.", True),
        ("Yes", "No", False),
        ("one two", "two one", False),
        ("\ud800", "\udfff", False),
        ("می‌خواهم بروم خانه", "میخواهم بروم خانه", True),
        ("e\u0301te\u0301 a b", "été a b", True),
        ("我喜欢吃苹果和香蕉以及橙子", "我喜欢吃苹果,和香蕉以及橙子。", True),
        ("我喜欢吃苹果", "我讨厌吃香蕉", False),
        ("ฉันชอบกินข้าวผัด", "ฉันชอบ กินข้าวผัด", True),
        ("wait", "wai t", False),
    ],
)
def test_what_counts_as_the_same(one, other, alike):
    assert (near_duplicate_clusters([one, other], threshold=0.9)[1] == 0) == alike


def test_one_character_changed_in_a_long_chinese_text_is_near():
    text = "".join(chr(0x4E00 + (k * 37) % 500) for k in range(100))
    (value,) = near_duplicate_pairs([text, text[:50] + "龘" + text[51:]]).jaccard
    assert value == pytest.approx(91 / 101)


def test_a_text_in_two_scripts_is_compared_by_both():
    one = "Use numpy arrays here: 数组的形状必须相同否则报错"
    other = "Use numpy arrays here: 数组的形状必须相同否则出错"
    assert len(near_duplicate_pairs([one, other], threshold=0.5).left) == 1
    assert len(near_duplicate_pairs([one, "Use numpy arrays here"], threshold=0.5).left) == 0


def test_long_texts_and_endless_repetition_are_no_trouble():
    rng = random.Random(0)
    long = " ".join(f"w{rng.randrange(5000)}" for _ in range(33_000))
    texts = [long, long + " end", "ha " * 1_000_000, "ha ha ha", "x" * 200_000, "x" * 200_001]
    assert near_duplicate_clusters(texts).tolist() == [0, 0, 2, 2, 4, 5]


def test_nothing_gives_nothing():
    assert near_duplicate_clusters([]).tolist() == []
    assert len(near_duplicate_pairs([]).left) == 0
    assert len(near_duplicates_between([], ["a"]).left) == 0
    assert near_duplicate_row_clusters([], [], []).tolist() == []


@pytest.mark.parametrize("texts", [["a", None], ["a", float("nan")], ["a", b"a"]])
def test_what_is_no_text_is_named(texts):
    with pytest.raises(CurationError, match="Text 1 is"):
        near_duplicate_clusters(texts)


@pytest.mark.parametrize("threshold", [0, -0.1, 1.1, float("nan")])
def test_impossible_thresholds_are_refused(threshold):
    with pytest.raises(CurationError, match="above 0 and up to 1"):
        near_duplicate_clusters(["a"], threshold=threshold)


def test_an_unknown_method_is_refused():
    with pytest.raises(CurationError, match="auto, exact, minhash, not 'simhash'"):
        near_duplicate_clusters(["a"], method="simhash")


def test_strings_of_numpy_are_texts():
    assert near_duplicate_clusters(np.array(["a b", "A, b"])).tolist() == [0, 0]


def test_too_many_pairs_are_refused_and_clustered_all_the_same():
    texts = ["I am sorry, but I cannot help with that."] * 100
    with pytest.raises(CurationError, match="4,950 pairs"):
        near_duplicate_pairs(texts, max_pairs=1000)
    clusters = cluster_near_duplicates(texts)
    assert clusters.sizes() == clusters.giants() == {0: 100}


def test_a_crowd_of_boilerplate_is_cut_short_and_says_so(monkeypatch):
    rng = random.Random(0)
    refusal = "I am sorry but as a language model I cannot help you with any of this at all"
    words = [f"w{k}" for k in range(500)]
    texts = [f"{refusal} {rng.choice(words)} {rng.choice(words)}" for _ in range(300)]
    whole = cluster_near_duplicates(texts)
    monkeypatch.setattr(near, "MOST_COMPARISONS", 1000)
    cut = cluster_near_duplicates(texts)
    assert whole.complete
    assert not cut.complete
    assert cut.cluster.tolist() == whole.cluster.tolist() == [0] * 300
    assert cut.cluster.tolist() == cluster_near_duplicates(texts, method="exact").cluster.tolist()


def test_minhash_takes_over_where_it_compares_less(monkeypatch):
    monkeypatch.setattr(near, "MOST_COMPARISONS", 0)
    shared = [f"common{k} words{k} here{k}" for k in range(40)]
    rng = random.Random(0)
    texts = [" x ".join(rng.sample(shared, 12)) for _ in range(400)]
    assert cluster_near_duplicates(texts).method == "minhash"


def test_rows_match_side_by_side_and_crosswise():
    prompts = [
        "Tell me a joke now",
        "tell me a joke, now!",
        "Name the tallest mountain",
        "Tell me a joke now",
    ]
    first = ["A man walks in", "Knock knock, who is there", "A man walks in", "A man walks in"]
    second = ["Knock knock who is there", "a man walks in.", "Knock knock who is there", "Nothing"]
    clusters = near_duplicate_row_clusters(prompts, first, second)
    assert clusters.tolist() == [0, 0, 2, 3]
    assert near_duplicate_row_clusters(None, first, second).tolist() == [0, 0, 0, 3]


def test_rows_must_be_equally_many():
    with pytest.raises(CurationError, match="equally many"):
        near_duplicate_row_clusters(["a"], ["a"], ["a", "b"])


def test_planted_texts_follow_from_their_seed():
    one, same, other = (planted_texts(200, 0.5, seed=seed) for seed in (1, 1, 2))
    assert one.texts == same.texts
    assert one.left.tolist() == same.left.tolist()
    assert one.texts != other.texts
    pairs = slow_pairs(one.texts, 0.7)
    assert list(pairs) == list(zip(one.left.tolist(), one.right.tolist(), strict=True))
    assert list(pairs.values()) == pytest.approx(one.jaccard)
