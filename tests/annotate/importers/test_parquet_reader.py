"""Parquet rows come out as plain JSON values."""

from __future__ import annotations

import datetime
import decimal

import pytest

from annotate.importers import ImportFileError, RowError, read_rows

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


def save(path, rows):
    parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    return path


def test_nested_rows_are_numbered_by_position(tmp_path):
    rows = [{"prompt": f"p{k}", "responses": ["a", "b"], "ranking": [[0], [1]]} for k in range(150)]
    found = list(read_rows(save(tmp_path / "a.parquet", rows)))
    assert found == list(enumerate(rows, start=1))


def test_dates_become_text_and_decimals_numbers(tmp_path):
    row = {"when": datetime.datetime(2024, 1, 2), "score": decimal.Decimal("1.5")}
    ((_, found),) = read_rows(save(tmp_path / "a.parquet", [row]))
    assert found == {"when": "2024-01-02T00:00:00", "score": 1.5}


def test_bytes_are_refused_with_a_reason(tmp_path):
    ((_, found),) = read_rows(save(tmp_path / "a.parquet", [{"image": b"x"}]))
    assert isinstance(found, RowError)
    assert "of type bytes" in str(found)


def test_a_damaged_or_too_big_file_is_refused(write, tmp_path):
    with pytest.raises(ImportFileError, match="no complete Parquet file"):
        list(read_rows(write("a.parquet", "not parquet at all")))
    path = save(tmp_path / "b.parquet", [{"a": "x" * 5000}])
    with pytest.raises(ImportFileError, match="unpacks to over"):
        list(read_rows(path, max_unpacked=10))
