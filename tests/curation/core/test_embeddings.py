"""Embeddings from files: read whatever is plain, refuse the rest with a reason."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.core.embeddings import load_embeddings
from curation.core.errors import CurationError

IDS = ["a", "b", "ü\u0301"]
MATRIX = np.arange(6, dtype=np.float32).reshape(3, 2)


def npz(folder, **arrays):
    np.savez(folder / "vectors.npz", **arrays)
    return folder / "vectors.npz"


def parquet(folder, columns):
    pq.write_table(pa.table(columns), folder / "vectors.parquet")
    return folder / "vectors.parquet"


def list_of(kind, rows=None):
    return pa.array(MATRIX.tolist() if rows is None else rows, kind)


@pytest.mark.parametrize("names", [("ids", "embeddings"), ("id", "embedding")])
def test_an_npz_is_read(tmp_path, names):
    ids, matrix = load_embeddings(npz(tmp_path, **dict(zip(names, (IDS, MATRIX), strict=True))))
    assert ids.tolist() == IDS
    assert matrix.tolist() == MATRIX.tolist()
    assert matrix.dtype == np.float32


@pytest.mark.parametrize(
    "kind",
    [
        pa.list_(pa.float32()),
        pa.list_(pa.float64()),
        pa.large_list(pa.float32()),
        pa.list_(pa.float32(), 2),
        pa.list_(pa.float16()),
    ],
)
def test_a_parquet_of_lists_is_read(tmp_path, kind):
    ids, matrix = load_embeddings(parquet(tmp_path, {"id": IDS, "embedding": list_of(kind)}))
    assert ids.tolist() == IDS
    assert matrix.tolist() == MATRIX.tolist()


def test_a_parquet_in_several_pieces_is_read(tmp_path):
    path = tmp_path / "vectors.parquet"
    table = pa.table({"id": IDS, "embedding": list_of(pa.list_(pa.float32()))})
    pq.write_table(table, path, row_group_size=1)
    assert load_embeddings(path).matrix.tolist() == MATRIX.tolist()


def test_ids_that_are_numbers_become_texts(tmp_path):
    path = npz(tmp_path, ids=np.array([10, 2, 3]), embeddings=MATRIX)
    assert load_embeddings(path).ids.tolist() == ["10", "2", "3"]


def test_vectors_are_selected_in_the_order_asked_for(tmp_path):
    embeddings = load_embeddings(npz(tmp_path, ids=IDS, embeddings=MATRIX))
    assert embeddings.select(["b", "a", "b"]).tolist() == [[2, 3], [0, 1], [2, 3]]
    assert embeddings.select([]).shape == (0, 2)
    with pytest.raises(CurationError, match=r"1 of 2 ids have no embedding.*'z'"):
        embeddings.select(["a", "z"])


def test_a_file_without_rows_is_read(tmp_path):
    empty = parquet(
        tmp_path,
        {"id": pa.array([], pa.string()), "embedding": list_of(pa.list_(pa.float32()), [])},
    )
    assert load_embeddings(empty).ids.tolist() == []
    assert load_embeddings(npz(tmp_path, ids=[], embeddings=np.zeros((0, 4)))).matrix.shape == (
        0,
        4,
    )


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"ids": IDS}, "no 'embedding' or 'embeddings'; it has ids"),
        ({"embeddings": MATRIX}, "no 'id' or 'ids'"),
        ({"ids": IDS[:2], "embeddings": MATRIX}, "2 ids for 3 embeddings"),
        ({"ids": ["a", "a", "b"], "embeddings": MATRIX}, "stand twice"),
        ({"ids": IDS, "embeddings": MATRIX[:, 0]}, "not a matrix of numbers"),
        ({"ids": IDS, "embeddings": np.array([["x"]] * 3)}, "not a matrix of numbers"),
        ({"ids": IDS, "embeddings": np.array([[0, 1], [np.inf, 0], [1, 2]])}, "'b' .* not finite"),
        ({"ids": np.array(IDS, dtype=object), "embeddings": MATRIX}, "not as objects"),
    ],
)
def test_an_npz_of_another_make_is_refused(tmp_path, arrays, message):
    with pytest.raises(CurationError, match=message):
        load_embeddings(npz(tmp_path, **arrays))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"id": IDS}, "no 'embedding' or 'embeddings'; it has id"),
        ({"id": IDS, "embedding": [1.0, 2.0, 3.0]}, "double, not lists of numbers"),
        ({"id": IDS, "embedding": [[1.0], [1.0, 2.0], [1.0]]}, r"differ in length: \[1, 2\]"),
        (
            {"id": IDS, "embedding": [[1.0], None, [1.0]]},
            "1 embeddings of vectors.parquet are null",
        ),
        ({"id": ["a", None, "b"], "embedding": MATRIX.tolist()}, "Some ids .* are null"),
        ({"id": IDS, "embedding": [["x"], ["y"], ["z"]]}, "not a matrix of numbers"),
        ({"id": IDS, "embedding": [[1.0], [None], [2.0]]}, "not finite"),
    ],
)
def test_a_parquet_of_another_make_is_refused(tmp_path, columns, message):
    with pytest.raises(CurationError, match=message):
        load_embeddings(parquet(tmp_path, columns))


@pytest.mark.parametrize("name", ["vectors.npz", "vectors.parquet"])
@pytest.mark.parametrize("content", [b"", b"not what the name says"])
def test_a_broken_file_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CurationError, match="cannot be read"):
        load_embeddings(tmp_path / name)


def test_a_missing_file_or_another_ending_is_refused(tmp_path):
    with pytest.raises(CurationError, match="no file of embeddings"):
        load_embeddings(tmp_path / "none.npz")
    (tmp_path / "vectors.csv").write_text("id")
    with pytest.raises(CurationError, match=r"not 'vectors\.csv'"):
        load_embeddings(tmp_path / "vectors.csv")
