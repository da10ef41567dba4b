"""Exports on disk: whole, the same each time, in files of bounded size."""

import hashlib
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from curation.core.errors import ExportError
from curation.exports.shards import Limits
from curation.exports.source import Source
from curation.exports.write import Export, write_export
from tests.curation.exports.conftest import load_table
from tests.curation.exports.versions import MAKE, preference, say, some_rows, write_version

FORMS = ["parquet", "jsonl"]


def contents(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes() for path in directory.rglob("*.*")
    }


def many(count: int) -> dict[str, list[dict[str, Any]]]:
    return {"train": [preference(f"{n:03d}") for n in range(count)]}


def rows_of(export: Export, table: str) -> list[dict[str, Any]]:
    paths = sorted((export.directory / table).glob("train-*.parquet"))
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", MAKE)
def test_the_same_version_gives_the_same_bytes(kind, form, tmp_path):
    source = write_version(tmp_path / "v", kind)
    for name in ("one", "two"):
        write_export(source, tmp_path / name, format_name="tiebreak", form=form)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize("form", FORMS)
def test_files_are_listed_with_size_and_hash_and_the_manifest_comes_last(form, tmp_path):
    source = write_version(tmp_path / "v", "preference")
    export = write_export(source, tmp_path / "out", format_name="tiebreak", form=form)
    written = contents(tmp_path / "out")
    assert export.files[-1].name == "manifest.json"
    assert sorted(file.name for file in export.files) == sorted(written)
    for file in export.files:
        content = written[file.name]
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file.bytes, file.sha256)


def test_the_manifest_says_what_was_written_from_what(tmp_path):
    source = write_version(tmp_path / "v", "preference")
    write_export(source, tmp_path / "out", format_name="kto")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["content_hash"] == source.manifest["content_hash"]
    assert (manifest["written_as"], manifest["form"], manifest["kind"]) == (
        "kto",
        "parquet",
        "preference",
    )
    (table,) = manifest["tables"]
    assert table["rows"] == {"train": 6, "validation": 2}
    assert table["columns"][:3] == ["prompt", "completion", "label"]


def test_a_split_without_rows_has_no_file(tmp_path):
    source = write_version(tmp_path / "v", "ranking")
    export = write_export(source, tmp_path / "out", format_name="nectar")
    assert sorted(file.name for file in export.files) == [
        "manifest.json",
        "nectar/train-00000-of-00001.parquet",
        "nectar/validation-00000-of-00001.parquet",
    ]


@pytest.mark.parametrize("format_name", ["tiebreak", "trl", "kto"])
def test_files_hold_no_more_rows_than_they_may(format_name, tmp_path):
    source = write_version(tmp_path / "v", "preference", many(50))
    limits = Limits(rows=7)
    export = write_export(source, tmp_path / "out", format_name=format_name, limits=limits)
    for table in export.tables:
        paths = sorted((export.directory / table.name).glob("train-*.parquet"))
        sizes = [pq.read_metadata(path).num_rows for path in paths]
        assert sum(sizes) == table.rows["train"]
        assert set(sizes[:-1]) == {7}
        assert paths[-1].name == f"train-{len(paths) - 1:05d}-of-{len(paths):05d}.parquet"


def test_files_end_when_they_are_large_enough(tmp_path, monkeypatch):
    monkeypatch.setattr("curation.exports.write.BATCH_ROWS", 5)
    source = write_version(tmp_path / "v", "preference", many(40))
    limits = Limits(bytes=4_000)
    export = write_export(source, tmp_path / "out", format_name="trl", limits=limits)
    paths = sorted((export.directory / "trl").glob("train-*.parquet"))
    assert 1 < len(paths) <= 8
    assert len(rows_of(export, "trl")) == 40


def test_rows_keep_their_order_over_files_and_row_groups(tmp_path, monkeypatch, datasets):
    monkeypatch.setattr("curation.exports.shards.GROUP_ROWS", 3)
    source = write_version(tmp_path / "v", "preference", many(300))
    export = write_export(source, tmp_path / "out", format_name="tiebreak", limits=Limits(rows=100))
    assert rows_of(export, "bt") == list(source.rows("train"))
    loaded = load_table(datasets, export, tmp_path / "cache", "bt")["train"]
    assert loaded["item"][:] == [row["item"] for row in source.rows("train")]


def test_nothing_is_overwritten_and_nothing_half_done_stays(tmp_path):
    source = write_version(tmp_path / "v", "preference")
    write_export(source, tmp_path / "out", format_name="trl")
    before = contents(tmp_path / "out")
    with pytest.raises(ExportError, match="out already exists"):
        write_export(source, tmp_path / "out", format_name="kto")
    assert contents(tmp_path / "out") == before

    def stop(share: float) -> None:
        raise KeyboardInterrupt

    rows = many(300)
    other = write_version(tmp_path / "w", "preference", rows)
    with pytest.raises(KeyboardInterrupt):
        write_export(other, tmp_path / "new", format_name="trl", progress=stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "v", "w"]


def test_progress_runs_from_nothing_to_all(tmp_path):
    told: list[float] = []
    source = write_version(tmp_path / "v", "preference", many(640))
    write_export(source, tmp_path / "out", format_name="tiebreak", progress=told.append)
    assert told == sorted(told)
    assert told[0] < 0.5
    assert told[-1] == 1.0


def test_further_files_know_the_tables(tmp_path):
    source = write_version(tmp_path / "v", "preference")
    export = write_export(
        source,
        tmp_path / "out",
        format_name="tiebreak",
        texts=lambda tables: {"README.md": " ".join(table.name for table in tables)},
    )
    assert (export.directory / "README.md").read_text() == "bt votes"
    assert "README.md" in [file.name for file in export.files]


def test_a_version_whose_files_are_gone_is_explained(tmp_path):
    with pytest.raises(ExportError, match=r"no readable manifest.json on this machine"):
        Source.open(tmp_path / "nowhere")
    source = write_version(tmp_path / "v", "preference")
    (tmp_path / "v" / "train.jsonl").unlink()
    with pytest.raises(ExportError, match=r"train.jsonl is not on this machine"):
        write_export(source, tmp_path / "out", format_name="trl")
    (tmp_path / "v" / "manifest.json").write_text("[]")
    with pytest.raises(ExportError, match="no JSON object"):
        Source.open(tmp_path / "v")


def test_a_format_that_the_kind_does_not_have_leaves_nothing(tmp_path):
    source = write_version(tmp_path / "v", "rating")
    with pytest.raises(ExportError, match="no format 'trl'"):
        write_export(source, tmp_path / "out", format_name="trl")
    assert not (tmp_path / "out").exists()


def test_nobody_is_named_in_the_manifest(tmp_path):
    recipe = {"kind": "outcome", "select": {"annotators_out": ["mary"]}}
    source = write_version(tmp_path / "v", "outcome", recipe=recipe)
    write_export(source, tmp_path / "out", format_name="tiebreak")
    assert b"mary" not in (tmp_path / "out" / "manifest.json").read_bytes()


@pytest.mark.parametrize("form", FORMS)
def test_texts_of_200_000_characters_are_written(form, tmp_path):
    long = "\u4f60\u597d " * 66_667
    rows = {"train": [preference("1", chosen_id="x", prompt=say(long, "user"))]}
    source = write_version(tmp_path / "v", "preference", rows)
    export = write_export(source, tmp_path / "out", format_name="trl", form=form)
    assert export.tables[0].rows == {"train": 1}


def test_memory_does_not_grow_with_the_rows(tmp_path, monkeypatch):
    monkeypatch.setattr("curation.exports.shards.GROUP_BYTES", 2**18)
    peaks = []
    for count in (1_000, 4_000):
        source = write_version(tmp_path / f"v{count}", "preference", many(count))
        tracemalloc.start()
        write_export(source, tmp_path / f"out{count}", format_name="trl")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_a_version_of_every_split_is_written_whole(tmp_path):
    rows = some_rows("outcome") | {"test": some_rows("outcome")["validation"]}
    source = write_version(tmp_path / "v", "outcome", rows)
    export = write_export(source, tmp_path / "out", format_name="tiebreak")
    assert export.tables[0].rows == {"train": 3, "validation": 1, "test": 1}
