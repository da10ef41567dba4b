"""datatrove's local executor: the clusters that this package finds by itself."""

import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.curation_texts import planted_texts
from curation.core.dedupe.handover import hand_over, read_clusters
from curation.core.dedupe.near import cluster_near_duplicates
from curation.core.errors import CurationError

PLANTED = planted_texts(240, 0.4, seed=4)
IDS = [f"text-{row:04}" for row in range(len(PLANTED.texts))]


@pytest.fixture
def reader(tmp_path):
    """Reads the planted texts from three files."""
    readers = pytest.importorskip("datatrove.pipeline.readers")
    folder = tmp_path / "texts"
    folder.mkdir()
    for start in range(0, len(IDS), 80):
        rows = slice(start, start + 80)
        table = pa.table({"id": IDS[rows], "text": PLANTED.texts[rows]})
        pq.write_table(table, folder / f"{start:03}.parquet")
    return readers.ParquetReader(str(folder))


def test_clusters_are_those_of_this_package(reader, tmp_path):
    hand_over(reader, folder=str(tmp_path / "work"), tasks=2, workers=1).run()
    found = read_clusters(str(tmp_path / "work")).to_pydict()
    clusters = cluster_near_duplicates(PLANTED.texts)
    expected = {
        IDS[row]: IDS[cluster]
        for row, cluster in enumerate(clusters.cluster.tolist())
        if cluster in clusters.sizes()
    }
    assert dict(zip(found["id"], found["cluster"], strict=True)) == expected
    assert len(expected) > 60


def test_each_stage_waits_for_the_one_before(reader, tmp_path):
    last = hand_over(reader, folder=str(tmp_path / "work"), tasks=3, workers=1)
    tasks = []
    while last is not None:
        tasks.append(last.tasks)
        last = last.depends
    assert tasks == [3, 3, 1, 32, 3]


def test_other_executors_take_their_own_options(reader, tmp_path):
    made = []

    class Executor:
        def __init__(self, **options):
            made.append(options)

    hand_over(reader, folder=str(tmp_path), executor=Executor, time="1:00:00", partition="cpu")
    assert len(made) == 5
    assert all(options["partition"] == "cpu" for options in made)
    assert made[1]["depends"] is not None


def test_a_missing_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "datatrove.pipeline.dedup.minhash", None)
    with pytest.raises(CurationError, match=r"tiebreak\[scale\]"):
        hand_over(None, folder=str(tmp_path))


def test_impossible_thresholds_are_refused(reader, tmp_path):
    with pytest.raises(CurationError, match="above 0"):
        hand_over(reader, folder=str(tmp_path), threshold=0)
