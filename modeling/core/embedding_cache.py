"""Embeddings on disk, by content."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_SCHEMA = """
CREATE TABLE IF NOT EXISTS embedding (
    key BLOB PRIMARY KEY,
    vector BLOB NOT NULL,
    truncated INTEGER NOT NULL
) WITHOUT ROWID
"""
_KEYS_PER_QUERY = 500
_LOCK_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class CachedEmbedding:
    """A float32 vector and whether its text was cut to fit."""

    vector: NDArray[np.float32]
    truncated: bool


class EmbeddingCache:
    """One SQLite file for each backbone fingerprint, in `directory`.

    Keys are hashes of everything an embedding depends on besides the backbone, so entries never
    go stale. Several processes may read and write at once: a write waits for the lock, and the
    first vector stored under a key stays.
    """

    def __init__(self, directory: Path, fingerprint: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / f"{fingerprint[:32]}.sqlite3"
        with closing(self._connect()) as connection, connection:
            connection.execute(_SCHEMA)

    def get_many(self, keys: Sequence[bytes]) -> dict[bytes, CachedEmbedding]:
        """The stored embeddings among `keys`."""
        found: dict[bytes, CachedEmbedding] = {}
        with closing(self._connect()) as connection:
            for start in range(0, len(keys), _KEYS_PER_QUERY):
                found.update(_read(connection, keys[start : start + _KEYS_PER_QUERY]))
        return found

    def put_many(self, embeddings: Mapping[bytes, CachedEmbedding]) -> None:
        """Store embeddings in one transaction."""
        rows = [
            (key, item.vector.astype("<f4").tobytes(), int(item.truncated))
            for key, item in embeddings.items()
        ]
        with closing(self._connect()) as connection, connection:
            connection.executemany("INSERT OR IGNORE INTO embedding VALUES (?, ?, ?)", rows)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_LOCK_SECONDS)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection


def _read(
    connection: sqlite3.Connection, keys: Sequence[bytes]
) -> Iterator[tuple[bytes, CachedEmbedding]]:
    marks = ", ".join("?" * len(keys))
    query = f"SELECT key, vector, truncated FROM embedding WHERE key IN ({marks})"  # noqa: S608
    for key, vector, truncated in connection.execute(query, list(keys)):
        yield key, CachedEmbedding(np.frombuffer(vector, dtype="<f4"), bool(truncated))
