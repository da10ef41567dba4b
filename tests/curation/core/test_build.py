"""The whole path from judgments to a dataset in memory."""

import pytest

from curation.core import build as build_module
from curation.core.errors import CurationError
from curation.core.records import Judgment
from curation.recipe import Dedupe
from tests.curation.core.small import (
    all_rows,
    build,
    comparison,
    corpus,
    only_row,
    outcome,
    prompt,
    response,
    small_corpus,
    steps,
)


def test_rows_go_to_their_prompts_split_in_canonical_order() -> None:
    texts = corpus(
        [prompt("q"), prompt("p"), prompt("t", split="test"), prompt("v", split="validation")],
        [response(key) for key in "ab"],
    )
    judgments = [
        comparison("left", item=item, prompt=key)
        for item, key in (("2", "q"), ("9", "p"), ("1", "q"), ("3", "t"), ("4", "v"))
    ]
    rows = build("preference", judgments, texts, dedupe=Dedupe(exact=False)).rows
    assert {split: [row.item for row in rows[split]] for split in rows} == {
        "train": ["9", "1", "2"],
        "validation": ["4"],
        "test": ["3"],
    }


def test_statistics_describe_rows_and_votes() -> None:
    judgments = [
        comparison("left", annotator="n"),
        comparison("left", annotator="m"),
        comparison("left", item="j", right="c", annotator="n"),
        comparison("tie", item="j", right="c", annotator="o"),
        comparison("left", item="k", right="d", annotator="n"),
    ]
    built = build("preference", judgments, small_corpus(split="test"))
    expected = {
        "kind": "preference",
        "aggregate": "majority",
        "judgments": 5,
        "annotators": 3,
        "rows": {"train": 0, "validation": 0, "test": 2},
        "prompts": {"train": 0, "validation": 0, "test": 1},
        "votes_per_item": {"1": 1, "2": 2},
        "agreement_share": 0.5,
        "agreement_items": 2,
        "merged_duplicates": 0,
        "texts_repaired": 0,
    }
    assert {name: built.statistics[name] for name in expected} == expected


def test_every_revision_that_was_read_is_named_once_and_sorted() -> None:
    judgments: list[Judgment] = [
        comparison("tie", revision="r3"),
        comparison("cannot_judge", revision="r1"),
        comparison("left", revision="r2", overrides=True),
        comparison("left", revision="r2", item="j", right="c"),
        outcome(True, revision="r0"),
    ]
    assert build("preference", judgments).revisions == ("r1", "r2", "r3")


def test_judgments_of_other_kinds_are_passed_over() -> None:
    built = build("outcome", [comparison("left"), outcome(True)])
    assert only_row(built).label is True
    assert built.statistics["judgments"] == 1


@pytest.mark.parametrize("kind", ["preference", "ranking", "stepwise", "outcome", "rating"])
def test_no_judgments_make_an_empty_dataset(kind: str) -> None:
    built = build(kind, [])  # type: ignore[arg-type]
    assert built.rows == {"train": (), "validation": (), "test": ()}
    assert built.dropped == {}
    assert built.revisions == ()
    assert built.statistics["agreement_share"] is None


def test_broken_texts_are_repaired_and_counted() -> None:
    texts = corpus([prompt("p")], [response("a", "x\0"), response("b", "y\ud800")])
    built = build("preference", [comparison("left")], texts)
    assert only_row(built).chosen[0].content == "x\ufffd"
    assert built.statistics["texts_repaired"] == 2


def test_no_prompt_may_be_in_two_splits() -> None:
    (row,) = build("outcome", [outcome(True)]).rows["train"]
    with pytest.raises(CurationError, match="'p' is in train and test"):
        build_module._check_splits({"train": (row,), "validation": (), "test": (row,)})


def test_an_adjudication_of_a_duplicate_overrides_all_its_votes() -> None:
    texts = corpus([prompt("p")], [response("a", "x"), response("b", "y"), response("c", "y")])
    judgments = [
        comparison("left"),
        comparison("left"),
        comparison("right", item="j", right="c", overrides=True),
    ]
    assert only_row(build("preference", judgments, texts)).chosen_id == "b"


def test_a_judgment_made_of_giving_up_still_counts_as_read() -> None:
    texts = corpus([prompt("p")], [response("s", steps=("one",))])
    built = build("stepwise", [steps(status="gave_up", revision="r1")], texts)
    assert not all_rows(built)
    assert built.revisions == ("r1",)
