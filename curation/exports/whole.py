"""Folders that appear whole: written under another name, manifest last, then renamed."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from curation.core.errors import ExportError


@dataclass(frozen=True, slots=True)
class FileInfo:
    """A written file: its name in the directory, its size, its SHA-256 in hexadecimal."""

    name: str
    bytes: int
    sha256: str


@contextmanager
def appearing_whole(directory: Path) -> Iterator[Path]:
    """Give a temporary sibling that takes the directory's name if all goes well.

    Raises ExportError, leaving nothing behind, if the directory already holds something.
    """
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
def created(path: Path) -> Iterator[BinaryIO]:
    """Open a new file and see it onto the disk before it is closed."""
    with path.open("xb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def write_json(value: Mapping[str, Any], path: Path) -> None:
    """Write an object so that the same values give the same bytes."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False, indent=2)
    with created(path) as file:
        file.write(f"{text}\n".encode())


def file_info(path: Path, root: Path) -> FileInfo:
    """Describe a file by its path below `root`, with slashes on every system."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FileInfo(path.relative_to(root).as_posix(), path.stat().st_size, digest)
