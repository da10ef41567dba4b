"""The stages of a search for near-duplicates as datatrove pipelines; see `handover`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.io import get_datafolder
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.dedup.minhash import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupSignature,
)
from datatrove.utils.hashing import HashConfig
from datatrove.utils.word_tokenizers import WhitespaceTokenizer
from numpy.typing import NDArray

from curation.core.dedupe.minhash import BANDS, ROWS
from curation.core.dedupe.near import near_duplicate_clusters
from curation.core.dedupe.shingles import shingle

ROWS_AT_ONCE = 10_000
Stage = tuple[str, list[Any], int]
_FOUND = pa.schema({"id": pa.string(), "text": pa.string()})
_CLUSTERS = pa.schema({"id": pa.string(), "cluster": pa.string()})


def stages(reader: Any, folder: str, tasks: int, threshold: float, seed: int) -> list[Stage]:
    """Name, pipeline and number of tasks of each stage, in order."""
    config = MinhashConfig(
        num_buckets=BANDS,
        hashes_per_bucket=ROWS,
        seed=seed,
        hash_config=HashConfig(precision=64, hash_fc="sha1"),
    )
    signed, buckets, found = (f"{folder}/{name}" for name in ("signatures", "buckets", "found"))
    sign = ShingleSignature(output_folder=signed, config=config, language=WhitespaceTokenizer())
    bucket = MinhashDedupBuckets(input_folder=signed, output_folder=buckets, config=config)
    cluster = MinhashDedupCluster(
        input_folder=buckets,
        output_folder=f"{folder}/candidates",
        config=config,
        save_cluster_id=True,
    )
    collect = CollectCandidates(f"{folder}/candidates", found, parts=tasks)
    prove = ProveClusters(found, f"{folder}/clusters", threshold=threshold, seed=seed)
    return [
        ("signatures", [reader, sign], tasks),
        ("buckets", [bucket], BANDS),
        ("candidates", [cluster], 1),
        ("found", [reader, collect], tasks),
        ("clusters", [prove], tasks),
    ]


class ShingleSignature(MinhashDedupSignature):
    """datatrove's signatures, of this package's shingles."""

    def get_shingles(self, text: str) -> NDArray[np.uint64]:
        """Hashed shingles of a text in the range of the hash functions, shape (n_shingles, 1)."""
        hashes: NDArray[np.uint64] = shingle([text]).hashes >> np.uint64(3)
        return hashes.reshape(-1, 1)


class CollectCandidates(PipelineStep):
    """Collect the texts that share a band with others, those of one cluster in one part."""

    type, name = "DEDUP", "collect candidates"

    def __init__(self, input_folder: str, output_folder: str, *, parts: int) -> None:
        super().__init__()
        self.input_folder = get_datafolder(input_folder)
        self.output_folder = get_datafolder(output_folder)
        self.parts = parts

    def run(self, data: Iterator[Document], rank: int = 0, world_size: int = 1) -> None:
        """Write ``{part}/{rank}.parquet`` with the ids and texts of this task's candidates."""
        cluster_of = self._candidates(rank)
        waiting: list[list[dict[str, str]]] = [[] for _ in range(self.parts)]
        paths = [f"{part:05d}/{rank:05d}.parquet" for part in range(self.parts)]
        files = [self.output_folder.open(path, "wb") for path in paths]
        writers = [pq.ParquetWriter(file, _FOUND) for file in files]
        for number, document in enumerate(data):
            if number in cluster_of:
                part = cluster_of[number] % self.parts
                waiting[part].append({"id": str(document.id), "text": document.text})
                if len(waiting[part]) >= ROWS_AT_ONCE:
                    writers[part].write_table(_table(waiting[part], _FOUND))
                    waiting[part].clear()
        for writer, rows, file in zip(writers, waiting, files, strict=True):
            writer.write_table(_table(rows, _FOUND))
            writer.close()
            file.close()

    def _candidates(self, rank: int) -> dict[int, int]:
        """The cluster of each of this task's documents that has one, by their order."""
        path = f"{rank:06d}.clusters"
        if not self.input_folder.isfile(path):
            return {}
        with self.input_folder.open(path, "rb") as file:
            pairs = np.frombuffer(file.read(), dtype="<u4").reshape(-1, 2)
        return dict(pairs.tolist())


class ProveClusters(PipelineStep):
    """Search the collected texts of one part exactly, and write their clusters."""

    type, name = "DEDUP", "prove clusters"

    def __init__(
        self, input_folder: str, output_folder: str, *, threshold: float, seed: int
    ) -> None:
        super().__init__()
        self.input_folder = get_datafolder(input_folder)
        self.output_folder = get_datafolder(output_folder)
        self.threshold = threshold
        self.seed = seed

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> None:
        """Write ``{rank}.parquet``: each text that has near-duplicates, and its cluster."""
        rows = self._collected(rank)
        texts = [row["text"] for row in rows]
        clusters = near_duplicate_clusters(texts, threshold=self.threshold, seed=self.seed)
        several = np.bincount(clusters, minlength=len(rows))[clusters] > 1
        named = [
            {"id": rows[k]["id"], "cluster": rows[clusters[k]]["id"]}
            for k in np.flatnonzero(several).tolist()
        ]
        with self.output_folder.open(f"{rank:05d}.parquet", "wb") as file:
            pq.write_table(_table(named, _CLUSTERS), file)

    def _collected(self, rank: int) -> list[dict[str, str]]:
        """The texts of this part in order of their ids, so that a cluster's first is its least."""
        found: list[dict[str, str]] = []
        for path in self.input_folder.list_files(f"{rank:05d}"):
            with self.input_folder.open(path, "rb") as file:
                found.extend(pq.read_table(file).to_pylist())
        return sorted(found, key=lambda row: row["id"])


def _table(rows: list[dict[str, str]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=schema)
