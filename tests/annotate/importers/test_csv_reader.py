"""CSV rows: header, JSON in cells, and line numbers as an editor shows them."""

from __future__ import annotations

import csv
import io

import pytest

from annotate.importers import ImportFileError, RowError, read_rows


def table(*rows):
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def read(path):
    return [(n, str(row) if isinstance(row, RowError) else row) for n, row in read_rows(path)]


def test_a_row_of_several_lines_has_the_number_of_its_first(write):
    path = write("a.csv", table(["prompt", "chosen"], ["p", "one\n\ntwo"], ["q", "x"]))
    assert [number for number, _ in read(path)] == [2, 5]


def test_nested_columns_hold_json(write):
    path = write("a.csv", table(["responses", "ranking"], ['["a", "b"]', "[[1], [0]]"]))
    assert read(path) == [(2, {"responses": ["a", "b"], "ranking": [[1], [0]]})]


def test_conversations_are_lists_and_other_texts_stay_texts(write):
    turn = '[{"role": "user", "content": "hi"}]'
    path = write("a.csv", table(["prompt", "chosen"], [turn, "[1, 2]"], ["[{broken", "[{}]"]))
    assert read(path) == [
        (2, {"prompt": [{"role": "user", "content": "hi"}], "chosen": "[1, 2]"}),
        (3, {"prompt": "[{broken", "chosen": "[{}]"}),
    ]


def test_an_empty_cell_is_null_except_in_a_column_of_text(write):
    path = write("a.csv", table(["response", "correct", "ratings"], ["", "", ""]))
    assert read(path) == [(2, {"response": "", "correct": None, "ratings": None})]


def test_a_cell_that_should_be_json_says_so(write):
    (_, reason), (_, after) = read(write("a.csv", table(["steps"], ["one"], ['["two"]'])))
    assert "column steps must hold JSON" in reason
    assert after == {"steps": ["two"]}


def test_a_row_with_too_few_cells_or_bad_bytes_is_refused_and_reading_goes_on(write):
    rows = read(write("a.csv", b"a,b\n1\n\xff,2\n3,4\n"))
    assert "1 cells, but the header names 2" in rows[0][1]
    assert "not UTF-8" in rows[1][1]
    assert rows[2] == (4, {"a": "3", "b": "4"})


def test_a_quote_that_never_closes_is_refused(write):
    (_, first), (_, reason) = read(write("a.csv", 'a,b\n1,2\n3,"4\n5,6\n'))
    assert first == {"a": "1", "b": "2"}
    assert "not CSV" in reason


def test_a_cell_may_be_longer_than_the_usual_limit_of_csv(write):
    ((_, row),) = read(write("a.csv", table(["response"], ["x" * 200_000])))
    assert len(row["response"]) == 200_000


@pytest.mark.parametrize("header", ["a,a", "a,", "a,  "])
def test_a_header_must_name_each_column_once(write, header):
    with pytest.raises(ImportFileError, match="column"):
        list(read_rows(write("a.csv", header + "\n1,2\n")))
