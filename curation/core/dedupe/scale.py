"""Near-duplicates among more texts than memory holds: MinHash bands in Parquet, joined by DuckDB.

Texts pass by once. Their sets of shingles go to one file, their band hashes to Parquet files with
a row group for each band; DuckDB joins one band after the other within a set memory and spills what
it must. Candidates are verified by their sets, which are read back from the file. In memory stay
two numbers for each text and the pairs that were found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from curation.core.dedupe.extras import load_extra
from curation.core.dedupe.join import SetPairs, merge_labels, verified
from curation.core.dedupe.minhash import BANDS, band_hashes, signatures
from curation.core.dedupe.near import THRESHOLD, Clusters, checked_threshold
from curation.core.dedupe.sets import Sets, ranges, sorted_sets
from curation.core.dedupe.shingles import shingle
from curation.core.dedupe.words import Ints, as_texts

NEIGHBOURS = 16
PAIRS_AT_ONCE, KEYS_AT_ONCE = 1 << 18, 1 << 26
_JOIN_BAND = """
    INSERT INTO pairs
    WITH band AS (SELECT hash, row, size FROM read_parquet($files) WHERE band = $band),
    shared AS (
        SELECT hash, row, size, row_number() OVER (PARTITION BY hash ORDER BY size, row) AS place
        FROM band
        WHERE hash IN (SELECT hash FROM band GROUP BY hash HAVING count(*) > 1)
    )
    SELECT least(one.row, other.row), greatest(one.row, other.row)
    FROM shared AS one JOIN shared AS other ON one.hash = other.hash
    WHERE other.place > one.place AND other.place <= one.place + $neighbours
        AND one.size >= $threshold * other.size
"""


def cluster_beyond_memory(
    batches: Iterable[Sequence[str]],
    *,
    folder: Path,
    threshold: float = THRESHOLD,
    seed: int = 0,
    memory: str = "2GB",
) -> Clusters:
    """Clusters of near-duplicates among all texts of all batches, rows counted through.

    A text is compared with the sixteen nearest in length that share a band with it, so that a crowd
    of equal texts is a chain and not all its pairs; for the rest what ``minhash`` finds. ``folder``
    holds the temporary files, about 1.3 kB for a text of a hundred words; ``memory`` is DuckDB's.

    Raises CurationError without the extra ``scale``, and for what other searches refuse.
    """
    duckdb = load_extra("duckdb", "scale")
    reach = checked_threshold(threshold)
    with TemporaryDirectory(dir=folder, prefix="near-duplicates-") as name:
        stored = _store(batches, Path(name), seed)
        candidates = _candidates(duckdb, Path(name), reach, memory)
        found = SetPairs.together([stored.verified(*pairs, reach) for pairs in candidates])
    return Clusters(_clusters(found, len(stored.bounds) - 1), "minhash", complete=False)


@dataclass(frozen=True)
class _Stored:
    """Sets of shingles in a file: `keys` of all texts, cut by `bounds` (n_texts + 1,)."""

    keys: Path
    bounds: Ints

    def verified(self, left: Ints, right: Ints, threshold: float) -> SetPairs:
        """The pairs that reach the threshold, by the numbers of their texts."""
        sizes = np.diff(self.bounds)
        part = np.cumsum(sizes[left] + sizes[right]) // KEYS_AT_ONCE
        chunks = np.split(np.arange(len(left)), np.flatnonzero(np.diff(part)) + 1)
        return SetPairs.together(
            [self._verified(left[rows], right[rows], threshold) for rows in chunks]
        )

    def _verified(self, left: Ints, right: Ints, threshold: float) -> SetPairs:
        texts, places = np.unique(np.concatenate([left, right]), return_inverse=True)
        starts, sizes = self.bounds[texts], np.diff(self.bounds)[texts]
        keys = np.memmap(self.keys, dtype=np.int64, mode="r")[ranges(starts, sizes)]
        bounds = np.concatenate([[0], np.cumsum(sizes)])
        sets = Sets(np.asarray(keys), bounds, texts, np.arange(len(texts)), None)
        found = verified(sets, places[: len(left)], places[len(left) :], threshold)
        return SetPairs(texts[found.left], texts[found.right], found.jaccard)


def _store(batches: Iterable[Sequence[str]], folder: Path, seed: int) -> _Stored:
    """Write the sets and the bands of all texts."""
    sizes = [np.zeros(1, dtype=np.int64)]
    first = 0
    with (folder / "keys").open("wb") as file:
        for number, batch in enumerate(batches):
            keys, counts = sorted_sets(shingle(as_texts(batch)))
            keys.tofile(file)
            bounds = np.concatenate([[0], np.cumsum(counts)])
            bands = _band_table(signatures(keys, bounds, seed=seed), first, counts)
            rows = max(1, len(counts))
            pq.write_table(bands, folder / f"bands-{number:06}.parquet", row_group_size=rows)
            sizes.append(counts)
            first += len(counts)
    return _Stored(folder / "keys", np.cumsum(np.concatenate(sizes)))


def _band_table(minimums: Any, first: int, sizes: Ints) -> pa.Table:
    """One row for each band of each text, the first band of all texts before the second."""
    rows = np.arange(first, first + len(sizes), dtype=np.uint32)
    return pa.table(
        {
            "band": np.repeat(np.arange(BANDS, dtype=np.uint8), len(sizes)),
            "hash": band_hashes(minimums).T.ravel(),
            "row": np.tile(rows, BANDS),
            "size": np.tile(sizes.astype(np.uint32), BANDS),
        }
    )


def _candidates(
    duckdb: Any, folder: Path, threshold: float, memory: str
) -> Iterator[tuple[Ints, Ints]]:
    """Distinct pairs of texts that share a band, in order, a bounded number at a time."""
    options = {"memory_limit": memory, "temp_directory": str(folder / "spilled")}
    with duckdb.connect(str(folder / "pairs.duckdb"), config=options) as connection:
        connection.execute("CREATE TABLE pairs (one UINTEGER, other UINTEGER)")
        if not any(folder.glob("bands-*.parquet")):
            return
        fixed = {"files": str(folder / "bands-*.parquet"), "neighbours": NEIGHBOURS}
        for band in range(BANDS):
            connection.execute(_JOIN_BAND, {**fixed, "band": band, "threshold": threshold})
        found = connection.sql("SELECT DISTINCT one, other FROM pairs ORDER BY one, other")
        for batch in found.to_arrow_reader(PAIRS_AT_ONCE):
            one, other = (column.to_numpy().astype(np.int64) for column in batch.columns)
            yield one, other


def _clusters(found: SetPairs, n_texts: int) -> Ints:
    """The first text of each text's cluster."""
    texts, places = np.unique(np.concatenate([found.left, found.right]), return_inverse=True)
    cluster = np.arange(n_texts)
    if len(texts):
        n_pairs = len(found.left)
        labels = merge_labels(np.arange(len(texts)), places[:n_pairs], places[n_pairs:])
        first = np.full(len(texts), n_texts)
        np.minimum.at(first, labels, texts)
        cluster[texts] = first[labels]
    return cluster
