"""What people may upload for recipes, and the sentence for everything else."""

import gzip
import json
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation import attached_files
from curation.attached_files import FileError, read_embeddings, read_texts, read_topics


def written(path, content):
    if isinstance(content, list):
        content = "".join(json.dumps(row) + "\n" for row in content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def packed(path, content):
    with gzip.open(path, "wb") as file:
        file.write(content)
    return path


def vectors(path, ids, matrix):
    np.savez(path, ids=np.array(ids), embeddings=np.array(matrix))
    return path


def test_lines_of_a_text_file_are_texts(tmp_path):
    path = written(tmp_path / "e.txt", "\ufeffOne?\n\n  \r\nTwo?\r\nשלום\n")
    assert read_texts(path) == ["One?", "Two?", "שלום"]


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"text": "One?"}, "One?"),
        ({"prompt": "One?", "answer": "1"}, "One?"),
        ({"question": "One?", "text": ""}, "One?"),
        (
            {"prompt": [{"role": "user", "content": "A"}, {"role": "assistant", "content": "B"}]},
            "A\n\nB",
        ),
        ({"text": "x" * 200_000}, "x" * 200_000),
    ],
)
def test_a_row_may_hold_a_text_or_a_conversation(tmp_path, row, text):
    assert read_texts(written(tmp_path / "e.jsonl", [row])) == [text]


def test_every_container_of_rows_is_read(tmp_path):
    csv = written(tmp_path / "e.csv", "text,other\nOne?,1\n")
    packed_rows = packed(tmp_path / "e.jsonl.gz", b'{"text": "One?"}\n')
    table = tmp_path / "e.parquet"
    pq.write_table(pa.table({"text": ["One?"]}), table)
    for path in (csv, packed_rows, table):
        assert read_texts(path) == ["One?"]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("e.txt", "", "holds no text"),
        ("e.txt", " \n\n", "holds no text"),
        ("e.txt", b"\xff\xfe\x00", "not UTF-8"),
        ("e.jsonl", "", "is empty"),
        ("e.jsonl", "\n", "holds no rows"),
        ("e.jsonl", "no JSON", "row 1"),
        ("e.jsonl", [{"text": "One?"}, {"other": "x"}], "one of the columns"),
        ("e.jsonl", [{"text": 3}], "one of the columns"),
        ("e.jsonl", [{"text": "  "}], "one of the columns"),
        ("e.jsonl", [{"prompt": [{"role": "user"}]}], "one of the columns"),
        ("e.jsonl", [{"text": ["a"]}], "one of the columns"),
        ("e.jsonl.gz", b"\x1f\x8b junk", "gzip"),
        ("e.parquet", b"PAR1 junk", "Parquet"),
        ("e.npz", b"PK junk", "suffix"),
    ],
)
def test_what_is_no_evaluation_set_is_explained(tmp_path, name, content, why):
    with pytest.raises(FileError, match=why):
        read_texts(written(tmp_path / name, content))


def test_what_unpacks_to_too_much_is_refused_early(tmp_path, monkeypatch):
    monkeypatch.setattr(attached_files, "MOST_BYTES", 1_000)
    bomb = packed(tmp_path / "e.jsonl.gz", b'{"text": "' + b"0" * 5_000_000 + b'"}\n')
    with pytest.raises(FileError, match="unpacks to over"):
        read_texts(bomb)
    with pytest.raises(FileError, match="split it"):
        read_texts(written(tmp_path / "e.txt", "x" * 1_001))


def test_topics_go_by_prompt(tmp_path):
    rows = [{"group": "a", "topic": "sport"}, {"id": "b", "topic": "art"}]
    assert read_topics(written(tmp_path / "t.jsonl", rows)) == {"a": "sport", "b": "art"}


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([{"group": "a"}], "under group and under topic"),
        ([{"topic": "sport"}], "under group and under topic"),
        ([{"group": 1, "topic": "sport"}], "under group and under topic"),
        ([{"group": "a", "topic": " "}], "under group and under topic"),
        ([{"group": "a", "topic": "x"}, {"group": "a", "topic": "y"}], "two topics"),
    ],
)
def test_what_names_no_topics_is_explained(tmp_path, rows, why):
    with pytest.raises(FileError, match=why):
        read_topics(written(tmp_path / "t.jsonl", rows))


def test_vectors_are_read(tmp_path):
    found = read_embeddings(vectors(tmp_path / "v.npz", ["a", "b"], [[1.0, 0.0], [0.0, 1.0]]))
    assert found.ids.tolist() == ["a", "b"]
    table = tmp_path / "v.parquet"
    pq.write_table(pa.table({"id": ["a"], "embedding": [[1.0, 2.0]]}), table)
    assert read_embeddings(table).matrix.tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("ids", "matrix", "why"),
    [
        ([], np.zeros((0, 3)), "holds no vector"),
        (["a"], [[np.nan, 1.0]], "not finite"),
        (["a"], [[np.inf, 1.0]], "not finite"),
        (["a", "a"], [[1.0], [2.0]], "stand twice"),
        (["a"], [[1.0], [2.0]], "1 ids for 2"),
        (["a"], [1.0], "not a matrix"),
    ],
)
def test_vectors_that_cannot_be_used_are_explained(tmp_path, ids, matrix, why):
    with pytest.raises(FileError, match=why):
        read_embeddings(vectors(tmp_path / "v.npz", ids, matrix))


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("v.npz", b"", "cannot be read"),
        ("v.npz", b"PK junk", "cannot be read"),
        ("v.parquet", b"junk", "cannot be read"),
        ("v.jsonl", '{"id": "a"}\n', r"\.npz or a \.parquet"),
    ],
)
def test_other_files_hold_no_vectors(tmp_path, name, content, why):
    with pytest.raises(FileError, match=why):
        read_embeddings(written(tmp_path / name, content))


def test_pickled_arrays_are_not_opened(tmp_path):
    path = tmp_path / "v.npz"
    np.savez(path, ids=np.array(["a", None], dtype=object), embeddings=np.eye(2))
    with pytest.raises(FileError, match="plain arrays"):
        read_embeddings(path)


def test_vectors_that_unpack_to_too_much_are_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(attached_files, "MOST_NUMBERS", 100)
    bomb = tmp_path / "v.npz"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as members:
        members.writestr("embeddings.npy", b"\0" * 1_000_000)
    monkeypatch.setattr(attached_files, "load_embeddings", None)  # not even tried
    with pytest.raises(FileError, match="more than 100 numbers"):
        read_embeddings(bomb)
    table = tmp_path / "v.parquet"
    pq.write_table(pa.table({"id": ["a"], "embedding": [[0.0] * 101]}), table)
    with pytest.raises(FileError, match="more than 100 numbers"):
        read_embeddings(table)


def test_an_array_that_claims_to_be_endless_is_refused(tmp_path):
    path = tmp_path / "v.npz"
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999,), }\n"
    head = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with zipfile.ZipFile(path, "w") as members:
        members.writestr("ids.npy", head)
        members.writestr("embeddings.npy", head)
    with pytest.raises(FileError):
        read_embeddings(path)
