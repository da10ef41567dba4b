"""Rows come out of every container with their number, and bad ones with a reason."""

from __future__ import annotations

import gzip
import json

import pytest

from annotate.importers import ImportFileError, RowError, json_list, read_rows, streams


def numbered(path, **options):
    return [
        (number, str(row) if isinstance(row, RowError) else row)
        for number, row in read_rows(path, **options)
    ]


def test_json_lines_are_numbered_as_an_editor_does(write):
    path = write("a.jsonl", '{"a": 1}\n\n{"a": "ü"}\r\n')
    assert numbered(path) == [(1, {"a": 1}), (3, {"a": "ü"})]


def test_a_byte_order_mark_is_no_part_of_the_first_row(write):
    for name, text in [("a.jsonl", '{"a": 1}'), ("a.json", '[{"a": 1}]')]:
        assert numbered(write(name, b"\xef\xbb\xbf" + text.encode())) == [(1, {"a": 1})]
    assert numbered(write("a.csv", b"\xef\xbb\xbfa\n1\n")) == [(2, {"a": "1"})]


def test_reading_goes_on_after_a_malformed_line(write):
    (_, first), (_, second), (_, third) = numbered(write("a.jsonl", '{"a": 1}\n{"a": \n{"a": 2}'))
    assert first == {"a": 1}
    assert "not JSON" in second
    assert third == {"a": 2}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"[1, 2]", "must be a JSON object, but this one is a list"),
        (b"null", "must be a JSON object, but this one is null"),
        (b'{"a": NaN}', "NaN or Infinity"),
        (b'{"a": [1e999]}', "NaN or Infinity"),
        (b'{"a": 99999999999999999999}', "64 bits"),
        (b'{"a": ' + b"9" * 5000 + b"}", "too many digits"),
        (b'{"a": "x\\u0000"}', "NUL"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"\\udc00": 1}', "surrogate"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", "nested deeper"),
        (b'{"a": ' + b"[" * 99_000 + b"]" * 99_000 + b"}", "nested deeper"),
    ],
)
def test_a_row_that_could_not_be_stored_is_refused_with_a_reason(write, line, reason):
    (_, found), (_, after) = numbered(write("a.jsonl", line + b'\n{"b": 1}'))
    assert reason in found
    assert after == {"b": 1}


def test_a_line_beyond_the_bound_is_skipped_whole(write, monkeypatch):
    monkeypatch.setattr(streams, "MAX_ROW_BYTES", 100)
    path = write("a.jsonl", json.dumps({"a": "x" * 500}) + '\n{"b": 1}\n')
    (first, reason), second = numbered(path)
    assert (first, second) == (1, (2, {"b": 1}))
    assert "longer than" in reason


def test_packed_json_lines_are_read(write):
    path = write("a.jsonl.gz", gzip.compress(b'{"a": 1}\n{"a": 2}\n'))
    assert numbered(path) == [(1, {"a": 1}), (2, {"a": 2})]


def test_a_file_that_unpacks_to_too_much_is_refused(write):
    path = write("a.jsonl.gz", gzip.compress(b'{"a": "%s"}\n' % (b"x" * 10_000)))
    with pytest.raises(ImportFileError, match="unpacks to over 5,000 bytes"):
        list(read_rows(path, max_unpacked=5_000))


@pytest.mark.parametrize("content", [gzip.compress(b'{"a": 1}\n' * 99)[:-9], b"no gzip at all"])
def test_a_damaged_packed_file_is_refused(write, content):
    with pytest.raises(ImportFileError, match="no complete gzip file"):
        list(read_rows(write("a.jsonl.gz", content)))


def test_the_rows_of_a_json_list_are_numbered_by_position(write):
    path = write("a.json", ' [ {"a": 1} ,\n{"a": [2]}, NaN, {"a": 3}\n] \n')
    (_, first), (_, second), (third, reason), last = numbered(path)
    assert (first, second, last) == ({"a": 1}, {"a": [2]}, (4, {"a": 3}))
    assert third == 3
    assert "must be a JSON object" in reason


def test_a_json_list_is_read_the_same_in_windows_of_any_size(write, monkeypatch):
    rows = [{"a": 'é\\"],' * (k % 7), "b": [k, -1.5e3, None]} for k in range(60)]
    path = write("a.json", json.dumps(rows, ensure_ascii=False, indent=1))
    for size in (1, 2, 3, 17, 1000):
        monkeypatch.setattr(json_list, "CHUNK", size)
        assert [row for _, row in read_rows(path)] == rows


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1}', "must hold one JSON list"),
        ('[{"a": 1} {"a": 2}]', "not closed properly"),
        ('[{"a": 1}', "not closed properly"),
        ('[{"a": 1}, {"a": ', "is not JSON"),
        ('[{"a": 1}] x', "text after the end"),
        ("[]", "holds no rows"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_broken_json_list_is_refused(write, text, reason):
    with pytest.raises(ImportFileError, match=reason):
        list(read_rows(write("a.json", text)))


def test_a_json_list_in_another_encoding_is_refused(write):
    with pytest.raises(ImportFileError, match="not UTF-8"):
        list(read_rows(write("a.json", b'[{"a": "\xff"}]')))


@pytest.mark.parametrize("name", ["a.txt", "a.gz", "a.csv.gz", "jsonl"])
def test_an_unknown_suffix_is_refused_at_once(write, name):
    with pytest.raises(ImportFileError, match="unknown suffix"):
        read_rows(write(name, "x"))


def test_a_missing_or_empty_file_is_refused_at_once(write, tmp_path):
    with pytest.raises(ImportFileError, match=r"There is no file b\.csv"):
        read_rows(tmp_path / "b.csv")
    with pytest.raises(ImportFileError, match="is empty"):
        read_rows(write("a.jsonl", ""))
    with pytest.raises(ImportFileError, match="holds no rows"):
        list(read_rows(write("a.jsonl", "\n \n")))
