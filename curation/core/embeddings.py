"""Embeddings of texts, which arrive as a file: one vector an id."""

from __future__ import annotations

import zipfile
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curation.core.columns import Column
from curation.core.errors import CurationError

ID_COLUMNS = ("id", "ids")
VECTOR_COLUMNS = ("embedding", "embeddings")


class Embeddings(NamedTuple):
    """`ids` (n,) texts, all different; `matrix` (n, width) finite float32 numbers."""

    ids: NDArray[np.object_]
    matrix: NDArray[np.float32]

    def select(self, ids: Column) -> NDArray[np.float32]:
        """Vectors of the ids asked for, in that order, shape (len(ids), width).

        Raises CurationError naming the first id without a vector.
        """
        place = {name: row for row, name in enumerate(self.ids.tolist())}
        wanted = [str(name) for name in ids]
        missing = [name for name in wanted if name not in place]
        if missing:
            raise CurationError(
                f"{len(missing)} of {len(wanted)} ids have no embedding; "
                f"the first of them is {missing[0]!r}."
            )
        return self.matrix[np.array([place[name] for name in wanted], dtype=np.intp)]


def load_embeddings(path: str | PathLike[str]) -> Embeddings:
    """Read a .npz with arrays `ids` and `embeddings`, or a .parquet with columns `id` and
    `embedding` (lists of numbers, all of one length); singular and plural are taken for either.

    Ids that are numbers become their decimal texts. Pickled arrays are refused.

    Raises CurationError, with a sentence, for any other file or content.
    """
    file = Path(path)
    if not file.is_file():
        raise CurationError(f"There is no file of embeddings at {file}.")
    if file.suffix == ".npz":
        ids, matrix = _read_npz(file)
    elif file.suffix == ".parquet":
        ids, matrix = _read_parquet(file)
    else:
        raise CurationError(f"Embeddings are a .npz or a .parquet file, not {file.name!r}.")
    return _checked(ids, matrix, file.name)


def _read_npz(file: Path) -> tuple[list[Any], NDArray[Any]]:
    try:
        with np.load(file, allow_pickle=False) as data:
            ids = data[_name_of(ID_COLUMNS, data.files, file.name)]
            matrix = data[_name_of(VECTOR_COLUMNS, data.files, file.name)]
    except CurationError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise CurationError(
            f"{file.name} cannot be read as a .npz of plain arrays (ids as a text array, "
            f"not as objects): {error}"
        ) from error
    return ids.tolist(), matrix


def _read_parquet(file: Path) -> tuple[list[Any], NDArray[Any]]:
    try:
        names = pq.read_schema(file).names
        id_name = _name_of(ID_COLUMNS, names, file.name)
        vector_name = _name_of(VECTOR_COLUMNS, names, file.name)
        table = pq.read_table(file, columns=[id_name, vector_name])
    except CurationError:
        raise
    except (OSError, pa.ArrowException) as error:
        raise CurationError(f"{file.name} cannot be read as Parquet: {error}") from error
    return table[id_name].to_pylist(), _stack(table[vector_name], file.name)


def _stack(column: pa.ChunkedArray, name: str) -> NDArray[Any]:
    """Lists of one length as a matrix."""
    kind = column.type
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind) or _is_fixed(kind)):
        raise CurationError(f"The embeddings of {name} are {kind}, not lists of numbers.")
    if column.null_count:
        raise CurationError(f"{column.null_count} embeddings of {name} are null.")
    lists = column.combine_chunks()
    widths = {kind.list_size} if _is_fixed(kind) else set(lists.value_lengths().to_pylist())
    if len(widths) > 1:
        raise CurationError(f"The embeddings of {name} differ in length: {sorted(widths)[:5]}.")
    flat = lists.flatten().to_numpy(zero_copy_only=False)
    return flat.reshape(len(column), -1) if len(column) else np.zeros((0, 0))


def _is_fixed(kind: pa.DataType) -> bool:
    return bool(pa.types.is_fixed_size_list(kind))


def _name_of(names: tuple[str, ...], present: list[str], file: str) -> str:
    for name in names:
        if name in present:
            return name
    raise CurationError(
        f"{file} has no {' or '.join(map(repr, names))}; it has {', '.join(present) or 'nothing'}."
    )


def _checked(ids: list[Any], matrix: NDArray[Any], name: str) -> Embeddings:
    if matrix.ndim != 2 or matrix.dtype.kind not in "biuf":
        raise CurationError(f"The embeddings of {name} are not a matrix of numbers.")
    if len(ids) != len(matrix):
        raise CurationError(f"{name} has {len(ids)} ids for {len(matrix)} embeddings.")
    if any(each is None for each in ids):
        raise CurationError(f"Some ids of {name} are null.")
    texts = [str(each) for each in ids]
    if len(set(texts)) < len(texts):
        raise CurationError(f"Some ids of {name} stand twice.")
    finite = np.isfinite(matrix).all(axis=1)
    if not finite.all():
        bad = texts[int(np.argmin(finite))]
        raise CurationError(f"The embedding of {bad!r} in {name} has numbers that are not finite.")
    return Embeddings(np.array([*texts, None], dtype=object)[:-1], matrix.astype(np.float32))
