"""Prompts with several responses: rankings, their pairs, their ratings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.answers import RankingAnswer
from annotate.importers import responses

ROW = {"prompt": "p", "responses": ["a", "b", "c"], "ranking": [[2], [0, 1]], "annotator": "pos2"}


def test_a_ranking_keeps_the_files_order_and_ties(load):
    (item,) = load(ROW)
    assert item.kind == "ranking"
    assert [response.content for response in item.responses] == ["a", "b", "c"]
    assert item.known == item.labels[0].answer == RankingAnswer(((2,), (0, 1)))
    assert (item.labels[0].annotator, item.labels[0].positional) == ("pos2", True)


def test_gold_is_the_known_answer_and_the_ranking_stays_a_label(load):
    (item,) = load(ROW | {"gold": [0, 1, 2]})
    assert item.known == RankingAnswer(((0,), (1,), (2,)))
    assert item.labels[0].answer == RankingAnswer(((2,), (0, 1)))


def test_scores_rank_where_no_ranking_is_given(load):
    (item,) = load({"prompt": "p", "responses": ["a", "b", "c"], "scores": [1, 3.5, 1]})
    assert item.known == RankingAnswer(((1,), (0, 2)))


def test_responses_may_be_objects_with_their_generator(load):
    given_ = [{"content": "a", "model": "m"}, "b"]
    (one,) = load({"prompt": "p", "responses": given_, "ranking": [[0], [1]]})
    assert [response.sources for response in one.responses] == [("m",), ()]
    (two,) = load(ROW | {"systems": ["x", "y", "z"]})
    assert [response.sources for response in two.responses] == [("x",), ("y",), ("z",)]


def test_two_responses_without_a_ranking_are_a_comparison(load):
    pair = {"prompt": "p", "responses": ["a", "b"]}
    kinds = [item.kind for item in load(pair, pair | {"ranking": [[1], [0]]}, ROW)]
    assert kinds == ["comparison", "ranking", "ranking"]
    assert load(pair, kind="ranking")[0].kind == "ranking"
    assert load(pair)[0].known is None


def test_all_pairs_follow_from_a_ranking(load):
    items = load(ROW, kind="comparison")
    found = {frozenset(response.content for response in item.responses): item for item in items}
    assert len(found) == 3
    assert found[frozenset("ab")].known.choice == "tie"
    assert found[frozenset("ab")].gap == 0
    for worse in "ab":
        item = found[frozenset({"c", worse})]
        left = item.responses[0].content
        assert item.known.choice == ("left" if left == "c" else "right")
        assert item.labels[0].answer == item.known
        assert item.gap == 1


def test_the_gap_of_a_pair_is_the_difference_of_scores_where_there_are_any(load):
    (item,) = load({"prompt": "p", "responses": ["a", "b"], "scores": [0.5, 3]})
    assert item.gap == 2.5


def test_details_tell_which_responses_a_pair_holds(load):
    for item in load(ROW, kind="comparison"):
        at = item.details["positions"]
        assert [ROW["responses"][k] for k in at] == [r.content for r in item.responses]


def test_a_pair_of_identical_responses_has_no_label(load):
    row = {"prompt": "p", "responses": ["a", "a"], "ranking": [[0], [1]]}
    (item,) = load(row, kind="comparison")
    assert (item.labels, item.known) == ((), None)


def test_each_response_may_be_rated_alone(load):
    labels = [{"quality": [0.75, 4], "spam": 0}, {"quality": [0.25, 3], "spam": None}]
    row = {"prompt": "p", "responses": ["a", "b"], "labels": labels, "scores": [1, 2]}
    first, second = load(row, kind="rating")
    assert first.known.ratings == {"quality": (0.75,), "spam": (0.0,), "score": (1.0,)}
    assert second.known.ratings == {"quality": (0.25,), "score": (2.0,)}
    assert (second.responses[0].content, second.details["position"]) == ("b", 1)


def test_unlabelled_responses_are_items_to_rate(load):
    items = load({"prompt": "p", "responses": ["a"]}, kind="rating")
    assert [(item.kind, item.labels, item.known) for item in items] == [("rating", (), None)]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"ranking": [[0], [1]]}, "exactly once"),
        ({"ranking": [[0], [1], [1]]}, "exactly once"),
        ({"ranking": [[0], [], [1, 2]]}, "exactly once"),
        ({"ranking": [[0], [1], ["2"]]}, "exactly once"),
        ({"ranking": [[0], [True], [2]]}, "exactly once"),
        ({"gold": [5]}, "gold must name each response"),
        ({"scores": [1, 2]}, "scores must hold 3 numbers"),
        ({"systems": ["x"]}, "1 models for 3 responses"),
        ({"responses": []}, "empty list"),
        ({"responses": ["a"], "ranking": None}, "needs two responses"),
        ({"responses": ["a", None, "c"]}, "Each response must be text, but it is null"),
        ({"responses": "abc"}, "responses must be a list"),
        ({"responses": ["x"] * 65}, "65 responses; at most 64"),
    ],
)
def test_a_row_that_does_not_fit_together_is_refused(refuse, columns, reason):
    assert reason in refuse(ROW | columns)


def test_labels_for_other_responses_are_refused(refuse):
    assert "labels has 1 entries for 3" in refuse(ROW | {"labels": [{}]}, kind="rating")


@given(st.permutations(range(5)), st.lists(st.booleans(), min_size=4, max_size=4))
def test_the_pairs_of_a_ranking_agree_with_it(order, breaks):
    tiers = [[order[0]]]
    for k, apart in zip(order[1:], breaks, strict=True):
        tiers.append([k]) if apart else tiers[-1].append(k)
    row = {"prompt": "p", "responses": [f"r{k}" for k in range(5)], "ranking": tiers}
    tier_of = {f"r{k}": n for n, tier in enumerate(tiers) for k in tier}
    items = list(responses.parse(row, kind="comparison", source="s"))
    assert len(items) == 10
    for item in items:
        left, right = (tier_of[response.content] for response in item.responses)
        expected = "tie" if left == right else "left" if left < right else "right"
        assert item.known.choice == expected
        assert item.gap == abs(left - right)
