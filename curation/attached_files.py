"""Reading what people upload for recipes, at a bounded size; no Django."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from annotate.importers.readers import ImportFileError, read_rows
from annotate.importers.records import RowError
from curation.core.embeddings import Embeddings, load_embeddings
from curation.core.errors import CurationError

TEXT_COLUMNS = ("text", "prompt", "question", "problem", "instruction")
KEY_COLUMNS = ("group", "id")
MOST_BYTES = 256 * 2**20
"""Of the texts of a file once it is unpacked: they are held in memory."""
MOST_NUMBERS = 2**28
"""Of a file of vectors: a gibibyte of single precision."""


class FileError(ValueError):
    """Why a file cannot be used, as a sentence that names it by its name."""


def read_texts(path: Path) -> list[str]:
    """The texts of an evaluation set: lines of a .txt file, else the first column that is known.

    A column may hold a text or a conversation. Raises FileError where there is none.
    """
    if path.suffix != ".txt":
        return [_text_of(row, path) for row in _rows(path)]
    if path.stat().st_size > MOST_BYTES:
        raise FileError(f"{path.name} is larger than {MOST_BYTES // 2**20} MiB: split it.")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise FileError(f"{path.name} is not UTF-8: save it as UTF-8.") from error
    texts = [line for line in lines if line.strip()]
    if not texts:
        raise FileError(f"{path.name} holds no text.")
    return texts


def _text_of(row: Mapping[str, Any], path: Path) -> str:
    value = next((row[name] for name in TEXT_COLUMNS if row.get(name)), None)
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, list) and all(map(_is_turn, value)):
        return "\n\n".join(turn["content"] for turn in value)
    raise FileError(
        f"Each row of {path.name} needs a text or a conversation in one of the columns "
        f"{', '.join(TEXT_COLUMNS)}."
    )


def _is_turn(turn: Any) -> bool:
    return isinstance(turn, Mapping) and isinstance(turn.get("content"), str)


def read_topics(path: Path) -> dict[str, str]:
    """Topics by prompt key: rows of ``group`` (or ``id``) and ``topic``.

    Raises FileError for rows without them, and for a prompt of two topics.
    """
    topics: dict[str, str] = {}
    for row in _rows(path):
        key = next((row[name] for name in KEY_COLUMNS if row.get(name)), None)
        topic = row.get("topic")
        if not isinstance(key, str) or not isinstance(topic, str) or not topic.strip():
            raise FileError(f"Each row of {path.name} needs a text under group and under topic.")
        if topics.setdefault(key, topic) != topic:
            raise FileError(f"{path.name} gives {key} two topics.")
    return topics


def read_embeddings(path: Path) -> Embeddings:
    """The vectors of a .npz or .parquet file. Raises FileError for any other content."""
    try:
        if _numbers_in(path) > MOST_NUMBERS:
            raise FileError(f"{path.name} holds more than {MOST_NUMBERS:,} numbers: split it.")
        found = load_embeddings(path)
    except CurationError as error:
        raise FileError(str(error)) from error
    except MemoryError as error:
        raise FileError(f"{path.name} says that it holds more than fits here.") from error
    if not len(found.ids):
        raise FileError(f"{path.name} holds no vector.")
    return found


def _numbers_in(path: Path) -> int:
    """How many numbers a file unpacks to, by what it says of itself; 0 where it does not say."""
    try:
        if path.suffix == ".npz":
            with zipfile.ZipFile(path) as members:
                return sum(member.file_size for member in members.infolist()) // 4
        if path.suffix == ".parquet":
            found = pq.read_metadata(path)
            groups = [found.row_group(k) for k in range(found.num_row_groups)]
            return max(
                (sum(g.column(c).num_values for g in groups) for c in range(found.num_columns)),
                default=0,
            )
    except (OSError, zipfile.BadZipFile, pa.ArrowException):
        return 0
    return 0


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        for number, row in read_rows(path, max_unpacked=MOST_BYTES):
            if isinstance(row, RowError):
                raise FileError(f"{path.name}, row {number}: {row}")
            yield row
    except ImportFileError as error:
        raise FileError(str(error)) from error
