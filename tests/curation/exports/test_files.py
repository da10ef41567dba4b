"""Datasets on disk: whole, the same each time, and loadable."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.parquet as pq
import pytest

from curation.core.build import Built, build_dataset
from curation.core.errors import ExportError
from curation.core.records import Corpus, Judgment, Split
from curation.core.rows import PreferenceRow, annotator_hash
from curation.exports import WrittenDataset, write_dataset
from curation.exports.columns import SCHEMAS
from curation.recipe import KINDS, Balance, Kind, Recipe
from tests.curation.core.small import (
    comparison,
    corpus,
    outcome,
    prompt,
    ranking,
    rating,
    response,
    steps,
)

SPLIT_OF: dict[str, Split] = {"p": "train", "q": "train", "v": "validation", "t": "test"}


def texts() -> Corpus:
    odd = 'Quotes " and \\u0000 written out, \u2028 lines \r\n, \U0001f600 and \u4f60\u597d.'
    answers = [response(key, f"Answer {key}. {odd}" if key == "a" else None) for key in "abcd"]
    return corpus(
        [prompt(key, split=split, reference="42") for key, split in SPLIT_OF.items()],
        [*answers, response("s", steps=("one", "two", "three"))],
    )


def judgments(seed: int = 0) -> list[Judgment]:
    random = Random(seed)
    made: list[Judgment] = []
    for key in SPLIT_OF:
        for n in range(3):
            common: Any = {"prompt": key, "annotator": f"n{n}", "overrides": False}
            order = random.sample("abcd", 4)
            made += [
                comparison("left", item=f"c{key}", revision=f"c{key}{n}", **common),
                ranking(*order, item=f"k{key}", revision=f"k{key}{n}", **common),
                steps(1, 0, -1, item=f"s{key}", revision=f"s{key}{n}", **common),
                comparison("both_good", item=f"g{key}", revision=f"g{key}{n}", right="c", **common),
                outcome(n > 0, item=f"o{key}", revision=f"o{key}{n}", **common),
                rating(n / 3, item=f"r{key}", revision=f"r{key}{n}", **common),
            ]
    return made


def write(kind: Kind, directory: Path, given: list[Judgment] | None = None) -> WrittenDataset:
    recipe = Recipe(kind)
    built = build_dataset(texts(), judgments() if given is None else given, recipe)
    return write_dataset(built, directory, recipe=recipe, extra_manifest={"project": "demo"})


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@pytest.mark.parametrize("kind", KINDS)
def test_shuffled_judgments_give_the_same_bytes(kind: Kind, tmp_path: Path) -> None:
    first = write(kind, tmp_path / "first")
    for seed in (1, 2):
        shuffled = judgments()
        Random(seed).shuffle(shuffled)
        assert write(kind, tmp_path / str(seed), shuffled) == first
        assert contents(tmp_path / str(seed)) == contents(tmp_path / "first")


def test_another_process_with_another_hash_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from curation.recipe import KINDS\n"
        "from tests.curation.exports.test_files import write\n"
        "for kind in KINDS: write(kind, Path(sys.argv[1]) / kind)"
    )
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / seed)],
            check=True,
            cwd=Path(__file__).parents[3],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": "."},
        )
    for kind in KINDS:
        assert contents(tmp_path / "1" / kind) == contents(tmp_path / "2" / kind)


def test_files_are_listed_with_size_and_hash_and_the_manifest_comes_last(tmp_path: Path) -> None:
    written = write("preference", tmp_path / "set")
    names = [file.name for file in written.files]
    assert names[-1] == "manifest.json"
    assert sorted(names) == sorted(path.name for path in (tmp_path / "set").iterdir())
    for file in written.files:
        content = (tmp_path / "set" / file.name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file.bytes, file.sha256)


def test_the_manifest_describes_the_dataset(tmp_path: Path) -> None:
    written = write("preference", tmp_path / "set")
    manifest = json.loads((tmp_path / "set" / "manifest.json").read_text())
    assert manifest["content_hash"] == written.content_hash
    assert Recipe.from_dict(manifest["recipe"]) == Recipe("preference")
    assert manifest["rows"] == {"train": 12, "validation": 6, "test": 6}
    assert [file["name"] for file in manifest["files"]] == [f.name for f in written.files[:-1]]
    assert manifest["project"] == "demo"
    statistics = json.loads((tmp_path / "set" / "statistics.json").read_text())
    assert statistics["rows"] == manifest["rows"]
    revisions = (tmp_path / "set" / "revisions.txt").read_text().splitlines()
    assert revisions == sorted(revisions)
    assert len(revisions) == manifest["revisions"] == 48
    assert manifest["even"] == {"train": 4, "validation": 2, "test": 2}
    assert [step["step"] for step in manifest["steps"]] == [
        "select",
        "texts",
        "aggregate",
        "rows",
        "balance",
    ]


def test_jsonl_and_parquet_hold_the_same_rows(tmp_path: Path) -> None:
    for kind in KINDS:
        write(kind, tmp_path / kind)
        lines = (tmp_path / kind / "train.jsonl").read_bytes().split(b"\n")[:-1]
        table = pq.read_table(tmp_path / kind / "train.parquet")
        assert table.schema.equals(SCHEMAS[kind])
        assert [json.loads(line) for line in lines] == table.to_pylist()


def test_the_content_hash_depends_on_rows_and_recipe_only(tmp_path: Path) -> None:
    one = write("outcome", tmp_path / "one")
    built = build_dataset(texts(), judgments(), Recipe("outcome"))
    seeded = Recipe("outcome", seed=1)
    more = {"project": "other"}
    same = write_dataset(built, tmp_path / "two", recipe=Recipe("outcome"), extra_manifest=more)
    other = write_dataset(built, tmp_path / "three", recipe=seeded)
    fewer = write("outcome", tmp_path / "four", judgments()[:10])
    assert one.content_hash == same.content_hash
    assert len({one.content_hash, other.content_hash, fewer.content_hash}) == 3


def test_an_empty_split_still_has_its_columns(tmp_path: Path) -> None:
    for kind in KINDS:
        write(kind, tmp_path / kind, [])
        assert pq.read_schema(tmp_path / kind / "test.parquet").equals(SCHEMAS[kind])
        assert (tmp_path / kind / "test.jsonl").read_bytes() == b""


def test_a_dataset_is_never_overwritten(tmp_path: Path) -> None:
    write("outcome", tmp_path / "set")
    before = contents(tmp_path / "set")
    with pytest.raises(ExportError, match="set already exists"):
        write("preference", tmp_path / "set")
    assert contents(tmp_path / "set") == before


def test_an_empty_directory_is_filled(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    write("outcome", tmp_path / "set")
    assert (tmp_path / "set" / "manifest.json").exists()


def one_preference(**changes: Any) -> Built:
    built = build_dataset(texts(), judgments(), Recipe("preference"))
    row = replace(built.rows["test"][0], **changes)
    assert isinstance(row, PreferenceRow)
    return replace(built, rows={"train": (), "validation": (), "test": (row,)})


@pytest.mark.parametrize("broken", ["a\0b", "\\u0000 and \0", "a\ud800b"])
def test_a_text_that_cannot_be_stored_names_its_row_and_leaves_nothing(
    broken: str, tmp_path: Path
) -> None:
    built = one_preference()
    row = built.rows["test"][0]
    unrepaired = {**built.corpus.responses, row.chosen_id: response(row.chosen_id, broken)}
    built = replace(built, corpus=replace(built.corpus, responses=unrepaired))
    with pytest.raises(ExportError, match=r"of item 'ct' holds a NUL or a lone"):
        write_dataset(built, tmp_path / "set", recipe=Recipe("preference"))
    assert not list(tmp_path.iterdir())


def test_a_number_that_is_not_finite_names_its_row(tmp_path: Path) -> None:
    built = one_preference(target_margin=float("nan"))
    with pytest.raises(ExportError, match=r"item 'ct' holds a number that is not finite"):
        write_dataset(built, tmp_path / "set", recipe=Recipe("preference"))


def test_the_recipe_is_of_the_rows_kind(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="preference rows, but the recipe says rating"):
        write_dataset(one_preference(), tmp_path / "set", recipe=Recipe("rating"))


def test_the_manifests_own_names_are_not_replaced(tmp_path: Path) -> None:
    extra = {"rows": 7}
    with pytest.raises(ExportError, match="has rows of its own"):
        write_dataset(
            one_preference(), tmp_path / "set", recipe=Recipe("preference"), extra_manifest=extra
        )
    assert not list(tmp_path.iterdir())


def test_rows_beyond_one_group_are_all_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curation.exports.writing.ROWS_PER_GROUP", 2)
    write("preference", tmp_path / "set")
    table = pq.read_table(tmp_path / "set" / "train.parquet")
    lines = (tmp_path / "set" / "train.jsonl").read_bytes().count(b"\n")
    assert table.num_rows == lines == 12


def test_rows_with_long_texts_close_their_group_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curation.exports.writing.BYTES_PER_GROUP", 1)
    write("preference", tmp_path / "set")
    assert pq.ParquetFile(tmp_path / "set" / "train.parquet").num_row_groups == 12


def canonical(directory: Path, given: list[Judgment], **recipe: Any) -> list[dict[str, Any]]:
    built = build_dataset(texts(), given, Recipe("preference", **recipe))
    write_dataset(built, directory, recipe=Recipe("preference", **recipe))
    rows: list[dict[str, Any]] = pq.read_table(directory / "canonical.parquet").to_pylist()
    return rows


def test_the_canonical_file_has_every_pair_with_its_soft_label(tmp_path: Path) -> None:
    given: list[Judgment] = [
        comparison("left", annotator="n", revision="r1"),
        comparison("left", annotator="m", revision="r2"),
        comparison("tie", annotator="o", revision="r3"),
        comparison("unsafe", annotator="q", revision="r5"),
        comparison("both_bad", item="j", right="c", annotator="n", revision="r4"),
    ]
    stored = canonical(tmp_path / "stored", given, balance=Balance(sides="stored"))
    decided, even = sorted(stored, key=lambda row: row["is_even"])
    assert (decided["p_a"], decided["p_tie"]) == (pytest.approx(5 / 6), pytest.approx(1 / 3))
    assert (decided["response_a_id"], decided["response_b_id"]) == ("a", "b")
    votes = [decided[f"votes_{side}"] for side in ("a", "b", "tie", "excluded", "unsafe")]
    assert votes == [2, 0, 1, 1, 1]
    assert decided["annotators"] == sorted(map(annotator_hash, "mno"))
    assert decided["provenance"] == hashlib.sha256(b"r1\nr2\nr3").hexdigest()
    assert (even["p_a"], even["p_tie"], even["is_even"]) == (0.5, 1.0, True)


def test_the_sides_of_the_canonical_file_are_drawn_by_the_seed(tmp_path: Path) -> None:
    stored = canonical(tmp_path / "stored", judgments(), balance=Balance(sides="stored"))
    drawn = canonical(tmp_path / "drawn", judgments(), seed=5)
    swapped = 0
    for one, other in zip(stored, drawn, strict=True):
        if one["response_a_id"] == other["response_a_id"]:
            assert one == other
            continue
        swapped += 1
        assert other["p_a"] == pytest.approx(1 - one["p_a"])
        assert (one["votes_a"], one["response_a"]) == (other["votes_b"], other["response_b"])
    assert 0 < swapped < len(stored)


def test_every_row_names_the_judgments_behind_it(tmp_path: Path) -> None:
    for kind in KINDS:
        write(kind, tmp_path / kind)
        behind = pq.read_table(tmp_path / kind / "provenance.parquet").to_pylist()
        for row in behind:
            assert row["revisions"] == sorted(row["revisions"])
            joined = "\n".join(row["revisions"]).encode()
            assert row["provenance"] == hashlib.sha256(joined).hexdigest()
            assert row["annotators"]
        rows = pq.read_table(tmp_path / kind / "train.parquet").to_pylist()
        assert {row["id"] for row in rows} <= {row["id"] for row in behind}
        assert len({row["id"] for row in behind}) == len(behind) > len(rows) > 0


def test_what_was_left_out_is_written_down_with_its_reason(tmp_path: Path) -> None:
    write("preference", tmp_path / "set", [*judgments(), comparison("tie", item="i", prompt="p")])
    dropped = pq.read_table(tmp_path / "set" / "dropped.parquet").to_pylist()
    manifest = json.loads((tmp_path / "set" / "manifest.json").read_text())
    assert {(row["step"], row["reason"]) for row in dropped} == {("aggregate", "tie")}
    assert len(dropped) == manifest["dropped"]["tie"]
