"""A dataset as a directory of files that appears whole and is the same for the same inputs.

`{train,validation,test}.jsonl` and `.parquet` hold the same rows in the same order;
`statistics.json`, `revisions.txt` (one judgment revision id per line) and, written last,
`manifest.json` describe them. No file holds a time, a host name or a path.

A split without rows has its files too, Parquet with all columns. `datasets.load_dataset` refuses
splits without rows: give it those for which `rows` in the manifest is not 0. Prefer Parquet, which
carries its types: a reader that guesses them from the first lines of a JSONL file takes a
`target_margin` that begins with many nulls for one that has nothing else.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from curation.core.build import Built
from curation.core.errors import ExportError
from curation.core.records import SPLITS, Row, row_identity
from curation.core.text import is_storable
from curation.exports.columns import SCHEMAS, row_values
from curation.recipe import Kind, Recipe

FORMAT = "tiebreak-dataset"
FORMAT_VERSION = 1
ROWS_PER_GROUP = 10_000


@dataclass(frozen=True, slots=True)
class FileInfo:
    """A written file: its name in the directory, its size, its SHA-256 in hexadecimal."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class WrittenDataset:
    """All files of a dataset, the manifest last, and the hash that names its content.

    `content_hash` is a SHA-256 over the recipe and the JSONL files of all splits: two datasets
    share it only if they have the same recipe and the same rows.
    """

    files: tuple[FileInfo, ...]
    content_hash: str


def write_dataset(
    built: Built,
    directory: Path,
    *,
    recipe: Recipe,
    extra_manifest: Mapping[str, Any] | None = None,
) -> WrittenDataset:
    """Write a dataset to a new directory, under another name until it is complete.

    `extra_manifest` is added to the manifest at its top level: JSON values, under names that the
    manifest does not use itself.

    Raises ExportError, leaving nothing behind, if the directory already holds something, if the
    recipe is of another kind, or if a row cannot be stored: a text with NUL or a lone surrogate,
    or a number that is not finite. `build_dataset` makes no such row from its texts; the sentence
    names the row.
    """
    if recipe.kind != built.kind:
        raise ExportError(f"The rows are {built.kind} rows, but the recipe says {recipe.kind}.")
    with _appearing_whole(Path(directory)) as temporary:
        for split in SPLITS:
            _write_jsonl(built.rows[split], temporary / f"{split}.jsonl")
            _write_parquet(built.rows[split], built.kind, temporary / f"{split}.parquet")
        _write_json(
            {"dropped": dict(built.dropped), **built.statistics}, temporary / "statistics.json"
        )
        revisions = "".join(f"{revision}\n" for revision in built.revisions)
        _write_bytes(revisions.encode(), temporary / "revisions.txt")
        content_hash = _content_hash(temporary, recipe)
        described = [_file_info(path) for path in sorted(temporary.iterdir())]
        manifest = _manifest(built, recipe, content_hash, described)
        _write_json(_extended(manifest, extra_manifest or {}), temporary / "manifest.json")
        return WrittenDataset((*described, _file_info(temporary / "manifest.json")), content_hash)


@contextmanager
def _appearing_whole(directory: Path) -> Iterator[Path]:
    """Give a temporary sibling that takes the directory's name if all goes well."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise ExportError(f"{directory.name} already exists; a dataset is never overwritten.")
    directory.parent.mkdir(parents=True, exist_ok=True)
    temporary = directory.with_name(f".{directory.name}.{uuid4().hex}")
    temporary.mkdir()
    try:
        yield temporary
        _rename(temporary, directory)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _rename(temporary: Path, directory: Path) -> None:
    try:
        temporary.rename(directory)
    except OSError as error:
        raise ExportError(f"{directory.name} could not be put in place: {error}.") from error


@contextmanager
def _created(path: Path) -> Iterator[BinaryIO]:
    """Open a new file and see it onto the disk before it is closed."""
    with path.open("xb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _write_jsonl(rows: Sequence[Row], path: Path) -> None:
    with _created(path) as file:
        for row in rows:
            file.write(_line(row))


def _line(row: Row) -> bytes:
    values = row_values(row)
    try:
        text = json.dumps(values, ensure_ascii=False, sort_keys=True, allow_nan=False)
    except ValueError as error:
        raise ExportError(f"{_named(row)} holds a number that is not finite.") from error
    if not is_storable(text) or ("\\u0000" in text and not _all_storable(values)):
        raise ExportError(f"{_named(row)} holds a NUL or a lone surrogate.")
    return text.encode() + b"\n"


def _all_storable(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_all_storable, value.values()))
    if isinstance(value, list):
        return all(map(_all_storable, value))
    return not isinstance(value, str) or is_storable(value)


def _named(row: Row) -> str:
    """Name a row so that it can be found, safe to print."""
    group, item, part = row_identity(row)
    return f"The row of item {item!a} (group {group!a}, responses {part!a})"


def _write_parquet(rows: Sequence[Row], kind: Kind, path: Path) -> None:
    schema = SCHEMAS[kind]
    with _created(path) as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for start in range(0, len(rows), ROWS_PER_GROUP):
            values = [row_values(row) for row in rows[start : start + ROWS_PER_GROUP]]
            writer.write_table(pa.Table.from_pylist(values, schema=schema))


def _write_json(value: Mapping[str, Any], path: Path) -> None:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False, indent=2)
    _write_bytes(f"{text}\n".encode(), path)


def _write_bytes(content: bytes, path: Path) -> None:
    with _created(path) as file:
        file.write(content)


def _content_hash(directory: Path, recipe: Recipe) -> str:
    """SHA-256 over the recipe's digest and each split's JSONL digest, one line each."""
    digests = [f"recipe {recipe.digest()}"]
    for split in SPLITS:
        digests.append(f"{split} {_file_info(directory / f'{split}.jsonl').sha256}")
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _file_info(path: Path) -> FileInfo:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FileInfo(path.name, path.stat().st_size, digest)


def _manifest(
    built: Built, recipe: Recipe, content_hash: str, files: Sequence[FileInfo]
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "kind": built.kind,
        "recipe": recipe.to_dict(),
        "recipe_digest": recipe.digest(),
        "content_hash": content_hash,
        "rows": {split: len(built.rows[split]) for split in SPLITS},
        "dropped": dict(built.dropped),
        "revisions": len(built.revisions),
        "files": [asdict(file) for file in files],
    }


def _extended(manifest: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    taken = sorted(manifest.keys() & extra.keys())
    if taken:
        raise ExportError(f"The manifest has {', '.join(taken)} of its own.")
    return {**manifest, **extra}
