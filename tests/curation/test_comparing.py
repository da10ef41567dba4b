"""Two versions side by side: each way in which a row differs, and the figures."""

import itertools
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from annotate.errors import InvalidInput
from curation.comparing import CHANGES, changed_rows, compare_versions
from curation.exports.columns import PROVENANCE, SCHEMAS
from curation.recipe import Balance, FilterTexts
from curation.row_columns import COLUMNS, said_columns
from curation.stored_rows import RowsMissing
from tests.curation.building import judged, version
from tests.curation.datasets import make_dataset
from tests.curation.exports.versions import MAKE
from tests.curation.saying import say, side
from tests.factories import ProjectFactory, make_annotator

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]

NUMBER = itertools.count(1)
TEXTS = {"prompt", "chosen", "rejected", "completion", "completions", "rationales"}
NAMES = {"id", "group", "item", "completion_id"}
OTHER_VALUES = {
    "chosen_id": "z",
    "rejected_id": "z",
    "completion_ids": ["x", "z", "y"],
    "tiers": [[0], [1, 2]],
    "ratings": [1, 1, -1],
    "first_error": 1,
    "label": None,  # by kind
    "scores": [4.5, 2.5, 0.0],
    "aspects": ["helpfulness", "truth"],
    "source_kind": "rating",
    "verified": True,
    "category": "prose",
    "source": "books",
    "reference": "43",
}


def stored(project, rows, number, kind, provenance="p"):
    """A version with these training rows, and what stands behind them."""
    dataset = make_dataset(project, kind=kind, number=number, rows={"train": rows})
    behind = [
        {"id": row["id"], "split": "train", "provenance": f"{provenance} {row['id']}"}
        for row in rows
    ]
    table = pa.Table.from_pylist(behind, schema=PROVENANCE)
    pq.write_table(table, dataset.directory / "provenance.parquet")
    return dataset


def compared(before, after, kind="preference"):
    project = ProjectFactory()
    return compare_versions(
        stored(project, before, next(NUMBER), kind), stored(project, after, next(NUMBER), kind)
    )


def counts_of(comparison):
    return {change: n for change, n in comparison.counts.items() if n}


@pytest.mark.parametrize("kind", MAKE)
def test_a_version_beside_one_with_the_same_rows(kind):
    rows = [MAKE[kind](key) for key in "123"]
    comparison = compared(rows, rows, kind)
    assert comparison.same == 3
    assert not counts_of(comparison)


@pytest.mark.parametrize("kind", MAKE)
def test_rows_come_and_go(kind):
    make = MAKE[kind]
    comparison = compared([make("1"), make("2")], [make("2"), make("3")], kind)
    assert counts_of(comparison) == {"added": 1, "removed": 1}
    assert (comparison.ids["added"], comparison.ids["removed"]) == (["r3"], ["r1"])
    assert comparison.same == 1


def another(kind, column):
    """Another value for a column of this kind."""
    value = MAKE[kind]("1")[column]
    if column == "label":
        return (not value) if isinstance(value, bool) else "acceptable"
    if column in OTHER_VALUES:
        return OTHER_VALUES[column][: len(value)] if column == "scores" else OTHER_VALUES[column]
    if isinstance(value, list):
        return [each if each is None else each + 1 for each in value]
    return value + 1


@pytest.mark.parametrize(
    ("kind", "change", "column"),
    [
        (kind, change, column)
        for kind, columns in COLUMNS.items()
        for change, names in columns.items()
        for column in names
        if column in SCHEMAS[kind].names
    ],
)
def test_every_column_that_differs_is_noticed(kind, change, column):
    before = [MAKE[kind](key) for key in "12"]
    after = [MAKE[kind]("1", **{column: another(kind, column)}), MAKE[kind]("2")]
    comparison = compared(before, after, kind)
    assert counts_of(comparison) == {change: 1}
    assert comparison.ids[change] == ["r1"]
    assert comparison.same == 1


@pytest.mark.parametrize("kind", MAKE)
def test_no_column_but_texts_and_names_is_left_unlooked_at(kind):
    looked_at = {column for names in COLUMNS[kind].values() for column in names}
    derived = {"labels", "classes"}
    assert set(SCHEMAS[kind].names) - looked_at - TEXTS - NAMES <= derived


def test_other_judgments_behind_a_row_are_noticed():
    project, rows = ProjectFactory(slug="cheer"), [MAKE["preference"]("1")]
    before = stored(project, rows, 1, "preference", provenance="p")
    after = stored(project, rows, 2, "preference", provenance="q")
    assert counts_of(compare_versions(before, after)) == {"votes": 1}


def test_a_row_counts_once_by_what_matters_most():
    make = MAKE["preference"]
    changes = {"chosen_id": "z", "votes_chosen": 9, "chosen_probability": 0.6, "weight": 2.0}
    for expected, column in zip(
        ("answer", "votes", "certainty", "weight"), list(changes), strict=True
    ):
        comparison = compared([make("1")], [make("1", **changes)])
        assert counts_of(comparison) == {expected: 1}
        del changes[column]


@pytest.mark.parametrize(("step", "differs"), [(0.0009, False), (0.0011, True)])
def test_a_tiny_step_of_an_estimate_is_none(step, differs):
    make = MAKE["stepwise"]
    soft = [1.0, 0.75, 0.25 + step]
    steps = compared([make("1")], [make("1", soft_labels=soft)], "stepwise")
    assert bool(counts_of(steps)) == differs
    pair = MAKE["preference"]
    pairs = compared([pair("1")], [pair("1", chosen_probability=0.75 + step)])
    assert bool(counts_of(pairs)) == differs


@pytest.mark.parametrize(("before", "after"), [(None, 0.0), (1.0, None)])
def test_unknown_is_not_zero(before, after):
    make = MAKE["preference"]
    rows = [make("1", target_margin=before)], [make("1", target_margin=after)]
    assert counts_of(compared(*rows)) == {"certainty": 1}


def test_unknown_is_unknown():
    rows = [MAKE["preference"]("1", target_margin=None)]
    assert compared(rows, rows).same == 1


def test_many_lists_are_compared_a_slice_at_a_time(monkeypatch):
    monkeypatch.setattr("curation.row_columns.SLICE", 2)
    make = MAKE["ranking"]
    before = [make(str(key)) for key in range(5)]
    after = [
        make(str(key), tiers=[[0], [1], [2]] if key == 4 else [[2], [0, 1]]) for key in range(5)
    ]
    assert compared(before, after, "ranking").ids["answer"] == ["r4"]


def test_versions_that_were_built_differ_as_their_recipes_do():
    project = ProjectFactory(slug="cheer")
    for question in ("Dogs?", "Cats?", "Are bats birds or are they something else?"):
        judged(project, question, "left", "left")
    contradicted = judged(project, "Cows?", "left", "right", "right")
    before = version(project)
    say(contradicted, make_annotator(project), side("left"))
    say(contradicted, make_annotator(project), side("left"))
    after = version(project, texts=FilterTexts(max_prompt_chars=20))
    comparison = compare_versions(before, after)
    assert counts_of(comparison) == {"removed": 1, "answer": 1}
    assert comparison.same == 2
    (setting,) = comparison.recipe
    assert setting.to_dict() == {"name": "texts.max_prompt_chars", "before": None, "after": 20}
    figures = {one.name: (one.before, one.after) for one in comparison.figures}
    assert figures["rows.train"] == (4, 3)
    assert figures["dropped.prompt_too_long"] == (None, 1)
    assert figures["judgments"] == (9, 11)
    assert figures["probe.length.rule"][0] is not None


def test_a_weight_is_told_as_such():
    project = ProjectFactory(slug="cheer")
    for question, contents in (
        ("Dogs?", ("a longer answer", "no")),
        ("Cats?", ("another long answer", "no")),
        ("Cows?", ("no", "a very long answer")),
    ):
        judged(project, question, "left", contents=contents)
    comparison = compare_versions(
        version(project), version(project, balance=Balance(lengths="weight"))
    )
    assert counts_of(comparison) == {"weight": 3}


def test_a_page_of_changed_rows_has_both_sides():
    project = ProjectFactory(slug="cheer")
    make = MAKE["preference"]
    before = stored(project, [make("1"), make("2")], 1, "preference")
    after = stored(project, [make("2", chosen_id="z"), make("3")], 2, "preference")
    rows = {
        change: changed_rows(before, after, ids, change=change)
        for change, ids in compare_versions(before, after).ids.items()
    }
    (added,), (removed,), (answer,) = rows["added"], rows["removed"], rows["answer"]
    assert (added.before, added.after["split"]) == (None, "train")
    assert (removed.after, removed.row["id"]) == (None, "r1")
    assert answer.said("preference") == {
        "row": "r2",
        "before": {"chosen_id": "a", "rejected_id": "b"},
        "after": {"chosen_id": "z", "rejected_id": "b"},
    }


def test_what_a_change_is_about_leaves_out_what_only_names_it():
    for kind in COLUMNS:
        for change in CHANGES:
            assert said_columns(kind, change)
            assert "provenance" not in said_columns(kind, change)


def test_only_versions_of_one_kind_and_project_can_be_compared():
    project = ProjectFactory(slug="cheer")
    pair = stored(project, [MAKE["preference"]("1")], 1, "preference")
    other_kind = stored(project, [MAKE["ranking"]("1")], 2, "ranking")
    with pytest.raises(InvalidInput, match="one kind and project"):
        compare_versions(pair, other_kind)
    judged(elsewhere := ProjectFactory(slug="tea"), "Dogs?", "left")
    with pytest.raises(InvalidInput, match="one kind and project"):
        compare_versions(pair, version(elsewhere))


def test_without_files_nothing_can_be_compared():
    project = ProjectFactory(slug="cheer")
    before = stored(project, [MAKE["preference"]("1")], 1, "preference")
    after = stored(project, [MAKE["preference"]("2")], 2, "preference")
    shutil.rmtree(before.directory)
    with pytest.raises(RowsMissing, match="cheer-preference-v1"):
        compare_versions(before, after)


def test_an_empty_split_is_compared_too():
    rows = [MAKE["ranking"]("1")]
    assert compared([], rows, "ranking").counts["added"] == 1
    assert compared(rows, [], "ranking").counts["removed"] == 1


def test_the_order_of_rows_does_not_matter():
    make = MAKE["outcome"]
    assert compared([make("1"), make("2")], [make("2"), make("1")], "outcome").same == 2
