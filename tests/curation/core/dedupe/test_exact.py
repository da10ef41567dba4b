"""Duplicates merged, their votes pooled, and no test prompt left in training."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.core.dedupe import Merged, group_prompts, merge_duplicates
from curation.core.errors import RecordError
from curation.core.records import Comparison, Corpus, Judgment, Message, PromptText, Ranking
from curation.recipe import Dedupe
from tests.curation.core.small import (
    all_rows,
    build,
    comparison,
    corpus,
    only_row,
    outcome,
    prompt,
    ranking,
    rating,
    response,
    small_corpus,
    steps,
)


def twins(split_p: str = "train", split_q: str = "train", **fields: str) -> Corpus:
    """Two prompts with one text, and under each the same two answers in other words for a key."""
    return corpus(
        [
            prompt("p", "Why?", split_p),  # type: ignore[arg-type]
            prompt("q", "Why?\r\n", split_q, **fields),  # type: ignore[arg-type]
        ],
        [
            response("a", "Because.", steps=("So", "so")),
            response("b", "Therefore."),
            response("x", "Therefore. \n"),
            response("y", "Because.", steps=("So so",)),
        ],
    )


def merge(texts: Corpus, judgments: Sequence[Judgment], *, pool: bool = True) -> Merged:
    return merge_duplicates(texts, judgments, group_prompts(texts), pool=pool)


def test_duplicate_comparisons_pool_their_votes_with_sides_exchanged() -> None:
    votes = [
        comparison("left", item="i", aspects={"tone": "left", "truth": "tie"}),
        comparison("right", item="j", prompt="q", left="x", right="y", aspects={"tone": "left"}),
    ]
    merged = merge(twins(), votes)
    first, second = merged.judgments
    assert merged.merged == 1
    assert first == votes[0]
    assert isinstance(second, Comparison)
    assert (second.item, second.prompt, second.left, second.right) == ("i", "p", "a", "b")
    assert (second.choice, second.aspects) == ("left", {"tone": "right"})
    assert (second.annotator, second.revision) == (votes[1].annotator, votes[1].revision)


def test_pooled_votes_make_one_row_and_the_merge_is_reported() -> None:
    votes = [comparison("left"), comparison("right", item="j", prompt="q", left="x", right="y")]
    built = build("preference", votes, twins())
    row = only_row(built)
    assert (row.item, row.chosen_id, row.votes_chosen, row.votes_rejected) == ("i", "a", 2, 0)
    assert built.statistics["merged_duplicates"] == 1


def test_duplicates_stay_apart_where_the_recipe_says_so_but_share_a_group() -> None:
    votes = [comparison("left"), comparison("right", item="j", prompt="q", left="x", right="y")]
    built = build("preference", votes, twins(), dedupe=Dedupe(exact=False))
    assert [(row.group, row.item) for row in all_rows(built)] == [("p", "i"), ("p", "j")]
    assert built.statistics["merged_duplicates"] == 0


def test_sides_exchanged_within_an_item_are_put_back() -> None:
    votes = [comparison("left"), comparison("right", left="b", right="a")]
    assert only_row(build("preference", votes)).votes_chosen == 2


def test_duplicate_rankings_pool_into_the_canonical_order() -> None:
    votes = [
        ranking("b", "a", item="i", responses=("b", "a")),
        ranking("x", "y", item="j", prompt="q", responses=("y", "x")),
    ]
    merged = merge(twins(), votes)
    assert [judgment.item for judgment in merged.judgments] == ["i", "i"]
    second = merged.judgments[1]
    assert isinstance(second, Ranking)
    assert (second.tiers, second.responses) == ((("b",), ("a",)), ("b", "a"))


def test_a_response_ranked_twice_keeps_its_best_place() -> None:
    vote = ranking("a", "ba", "a", "cc", responses=("b", "a", "a", "c", "c"))
    (merged,) = merge(small_corpus(), [vote]).judgments
    assert isinstance(merged, Ranking)
    assert (merged.tiers, merged.responses) == ((("a",), ("b",), ("c",)), ("b", "a", "c"))


def test_outcomes_and_ratings_of_the_same_response_pool() -> None:
    outcomes = [outcome(True), outcome(True, item="j", prompt="q", response="y")]
    assert only_row(build("outcome", outcomes, twins())).votes == 2
    ratings = [rating(1.0), rating(2.0, item="j", prompt="q", response="y")]
    assert only_row(build("rating", ratings, twins())).scores == (1.5,)


def test_solutions_cut_into_other_steps_are_not_duplicates() -> None:
    votes = [
        steps(1, 1, item="i", response="a"),
        steps(1, item="j", prompt="q", response="y"),
    ]
    assert merge(twins(), votes).merged == 0


def test_the_same_question_with_another_reference_is_another_question() -> None:
    votes = [outcome(True), outcome(False, item="j", prompt="q", response="y")]
    built = build("outcome", votes, twins(reference="42"))
    assert {(row.group, row.item) for row in all_rows(built)} == {("p", "i"), ("p", "j")}


def test_a_comparison_never_merges_with_a_ranking() -> None:
    assert merge(small_corpus(), [comparison("left"), ranking("a", "b", item="j")]).merged == 0


@pytest.mark.parametrize(
    ("split_p", "split_q", "expected"),
    [
        ("train", "test", "test"),
        ("test", "train", "test"),
        ("validation", "train", "validation"),
        ("validation", "test", "test"),
        ("train", "train", "train"),
    ],
)
def test_duplicates_take_the_strictest_split(split_p: str, split_q: str, expected: str) -> None:
    votes = [comparison("left"), comparison("right", item="j", prompt="q", left="x", right="y")]
    built = build("preference", votes, twins(split_p, split_q))
    assert [split for split, rows in built.rows.items() if rows] == [expected]
    assert built.statistics["prompts_moved"] == int(split_p != split_q)


@pytest.mark.parametrize("exact", [True, False])
def test_a_training_item_whose_prompt_repeats_a_test_prompt_leaves_training(exact: bool) -> None:
    dedupe = Dedupe(exact=exact)
    built = build("preference", [comparison("left")], twins("train", "test"), dedupe=dedupe)
    assert not built.rows["train"]
    (row,) = built.rows["test"]
    assert (row.group, row.item) == ("q", "i")


def test_the_canonical_item_is_of_the_strictest_split() -> None:
    votes = [comparison("left"), comparison("right", item="j", prompt="q", left="x", right="y")]
    assert only_row(build("preference", votes, twins("train", "test"))).item == "j"


def test_prompts_that_differ_in_a_role_are_not_the_same() -> None:
    system = PromptText("s", (Message("system", "Why?"),), "test")
    texts = corpus([prompt("p", "Why?"), system], [])
    assert group_prompts(texts).group == {"p": "p", "s": "s"}


@given(st.permutations(range(6)))
def test_order_of_judgments_does_not_show(order: list[int]) -> None:
    votes = [
        comparison("left", item=item, revision=f"{item}{n}", annotator="n", **sides)
        for n in range(2)
        for item, sides in (
            ("k", {"left": "a", "right": "b"}),
            ("j", {"prompt": "q", "left": "x", "right": "y"}),
            ("i", {"prompt": "q", "left": "y", "right": "x"}),
        )
    ]
    shuffled = [votes[position] for position in order]
    assert build("preference", shuffled, twins()) == build("preference", votes, twins())


@pytest.mark.parametrize(
    ("judgments", "sentence"),
    [
        ([comparison("left", right="z", revision="r7")], "'r7' names response 'z'"),
        ([comparison("left", prompt="z", revision="r7")], "'r7' names prompt 'z'"),
        ([comparison("left"), comparison("left", right="c")], "not about the same responses"),
        ([ranking("a", "b"), ranking("a", "b", "c")], "not about the same responses"),
        ([ranking("a", responses=("a", "b"), revision="r7")], "'r7' does not rank just"),
    ],
)
def test_records_that_contradict_each_other_are_refused(
    judgments: list[Judgment], sentence: str
) -> None:
    with pytest.raises(RecordError, match=sentence):
        merge(small_corpus(), judgments)


def test_an_item_on_two_prompts_is_refused() -> None:
    with pytest.raises(RecordError, match="'i' is judged on two prompts"):
        merge(twins(), [comparison("left"), comparison("left", prompt="q")])


def test_step_labels_need_steps() -> None:
    with pytest.raises(RecordError, match="'b' has step labels, but no steps"):
        merge(small_corpus(), [steps(1, response="b")])


def test_a_prompt_under_another_key_or_in_no_split_is_refused() -> None:
    good = prompt("p")
    with pytest.raises(RecordError, match="filed under the key 'q'"):
        group_prompts(Corpus({"q": good}, {}))
    with pytest.raises(RecordError, match="not a split"):
        group_prompts(Corpus({"p": replace(good, split="dev")}, {}))  # type: ignore[arg-type]
