"""Ways to write one small file and to read it back."""

from __future__ import annotations

import json

import pytest

from annotate.importers import BadRow, read_items


@pytest.fixture
def write(tmp_path):
    """Write text or bytes to a file of this name; returns its path."""

    def write_file(name, content):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


@pytest.fixture
def load(write):
    """The items of some rows, given as objects; a bad row fails the test."""

    def load_rows(*rows, **options):
        path = write("rows.jsonl", "\n".join(json.dumps(row) for row in rows))
        found = list(read_items(path, **options))
        assert not [row for row in found if isinstance(row, BadRow)]
        return found

    return load_rows


@pytest.fixture
def refuse(write):
    """The reason why one row is refused."""

    def reason(row, **options):
        path = write("rows.jsonl", json.dumps(row))
        (bad,) = read_items(path, **options)
        assert isinstance(bad, BadRow)
        return bad.reason

    return reason
