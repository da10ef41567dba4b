"""How alike the responses of an item are."""

from __future__ import annotations

import random

import pytest

from annotate.similarity import normalised, similarity


def _word_jaccard(a, b):
    """The definition, slowly: shared word 3-grams over all of them."""
    grams = []
    for text in (a, b):
        words = normalised(text).split(" ")
        grams.append({tuple(words[k : k + 3]) for k in range(len(words) - 2)})
    return len(grams[0] & grams[1]) / len(grams[0] | grams[1])


@pytest.mark.parametrize("seed", range(20))
def test_the_value_is_the_share_of_common_word_triples(seed):
    draw = random.Random(seed)
    a, b = (" ".join(draw.choices("ab", k=draw.randint(3, 30))) for _ in range(2))
    expected = 1.0 if a == b else _word_jaccard(a, b)
    assert similarity([a, b]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The same words.", "the  SAME\nwords."),
        ("ｆｕｌｌ width", "full width"),
        ("Straße", "STRASSE"),
        ("", "  \n"),
        ("e\u0301t\u00e9", "\u00e9t\u00e9"),
    ],
)
def test_case_width_and_spacing_make_no_difference(one, other):
    assert similarity([one, other]) == 1.0


@pytest.mark.parametrize(
    ("one", "other"), [("Yes.", "No."), ("Yes", "Yes sir"), ("", "Something quite different")]
)
def test_short_texts_are_compared_whole(one, other):
    assert similarity([one, other]) == 0.0


def test_the_most_alike_pair_of_many_counts():
    far = "nothing in common with any other here"
    near = ["one two three four five six", "one two three four five seven"]
    assert similarity([near[0], far, near[1]]) == pytest.approx(3 / 5)
    assert similarity([far, *near, far]) == 1.0


@pytest.mark.parametrize("texts", [[], ["alone"]])
def test_fewer_than_two_texts_are_like_nothing(texts):
    assert similarity(texts) == 0.0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("今天天气很好，我们去公园散步吧。", "今天天气很好，我们去公园散步吗？"),
        ("今日はとても良い天気ですね。", "今日はとても良い天気でした。"),
        ("วันนี้อากาศดีมากเราไปเดินเล่น", "วันนี้อากาศดีมากเราไปนั่งเล่น"),
    ],
)
def test_scripts_without_spaces_are_compared_by_characters(one, other):
    assert 0.3 < similarity([one, other]) < 1.0
    assert similarity([one, "完全に別の話です。何も同じではない。"]) < 0.1


def test_a_foreign_word_in_a_spaced_text_leaves_words_the_unit():
    one = "the word 天气 means weather and that is all there is to say"
    assert similarity([one, one.replace("all", "everything")]) == pytest.approx(
        _word_jaccard(one, one.replace("all", "everything"))
    )


def test_korean_is_compared_by_words():
    one, other = "나는 오늘 아침에 학교에 갔다", "나는 오늘 아침에 학교에 왔다"
    assert similarity([one, other]) == pytest.approx(_word_jaccard(one, other))
