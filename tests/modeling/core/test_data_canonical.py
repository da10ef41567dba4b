"""Ties and annotators, which the rows of splits leave out."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.core.build import build_dataset
from curation.exports import write_dataset
from curation.recipe import Recipe
from modeling.core.data import Message, read_dataset
from modeling.core.errors import DataError
from tests.modeling.core.conftest import preference_row, write_jsonl
from tests.modeling.core.rows import tied_row, write_kind
from tests.modeling.core.test_curated_training import ANNOTATORS, comparisons, corpus


@pytest.fixture(scope="module")
def curated(tmp_path_factory):
    """A dataset as the builder writes it: half of its pairs came out even."""
    directory = tmp_path_factory.mktemp("curated") / "set"
    recipe = Recipe("preference")
    write_dataset(build_dataset(corpus(), comparisons(), recipe), directory, recipe=recipe)
    return directory


def test_even_pairs_join_their_splits_where_they_are_wanted(curated):
    plain, whole = read_dataset(curated), read_dataset(curated, ties=True)
    for split, decided in plain.splits.items():
        rows = whole.splits[split]
        assert rows[: len(decided)] == decided
        assert all(example.tied for example in rows[len(decided) :])
    assert not any(example.tied for rows in plain.splits.values() for example in rows)
    assert whole.rows["test"] > plain.rows["test"] > 0
    tied = whole.splits["test"][-1]
    assert isinstance(tied.prompt[0], Message)
    assert tied.chosen_probability == pytest.approx(0.5)
    assert tied.answers() == pytest.approx((0.0, 1.0, 0.0), abs=0.01)
    assert tied.opening() == whole.splits["test"][0].opening()


def test_pairs_name_their_annotators_where_they_are_wanted(curated):
    named = read_dataset(curated, annotators=True)
    everyone = {name for rows in named.splits.values() for row in rows for name in row.annotators}
    assert len(everyone) == len(ANNOTATORS)
    assert all(len(row.annotators) == 3 for rows in named.splits.values() for row in rows)
    assert all(not row.annotators for row in read_dataset(curated).splits["train"])


def test_ties_name_their_annotators_too(curated):
    both = read_dataset(curated, ties=True, annotators=True)
    assert len(both.splits["train"][-1].annotators) == 3


def test_a_dataset_without_the_file_has_the_ties_of_its_own_rows(tmp_path):
    directory = write_kind(tmp_path / "d", "preference", train=2)
    write_jsonl(directory / "train.jsonl", [tied_row(0), preference_row(1)])
    tied, decided = read_dataset(directory, ties=True, annotators=True).splits["train"]
    assert (tied.tied, decided.tied) == (True, False)
    assert (tied.chosen, tied.rejected) == ("well maybe 0", "maybe well 0")
    assert len(read_dataset(directory).splits["train"]) == 1


def test_a_damaged_row_is_named(tmp_path):
    directory = write_kind(tmp_path / "d", "preference")
    table = pa.table({"id": ["a"], "is_even": [True], "prompt": ["no messages"]})
    pq.write_table(table, directory / "canonical.parquet")
    with pytest.raises(DataError, match=r"Row 1 of canonical\.parquet: a conversation"):
        read_dataset(directory, ties=True)


def test_answers_take_half_a_tie_from_the_share(tmp_path):
    directory = write_kind(tmp_path / "d", "preference")
    row = preference_row(0) | {"chosen_probability": 0.75, "tie_probability": 0.3}
    write_jsonl(directory / "train.jsonl", [row])
    (example,) = read_dataset(directory).splits["train"]
    assert example.answers() == pytest.approx((0.6, 0.3, 0.1))


def test_rationales_are_read_without_the_empty_ones(tmp_path):
    directory = write_kind(tmp_path / "d", "preference")
    row = preference_row(0) | {"rationales": ["It answers.", " ", "Short."]}
    write_jsonl(directory / "train.jsonl", [row, preference_row(1)])
    told, silent = read_dataset(directory).splits["train"]
    assert (told.rationales, silent.rationales) == (("It answers.", "Short."), ())
    write_jsonl(directory / "train.jsonl", [row | {"rationales": [3]}])
    with pytest.raises(DataError, match="rationales"):
        read_dataset(directory)
