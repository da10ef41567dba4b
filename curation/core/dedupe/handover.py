"""Near-duplicates past one machine: the same search as a chain of datatrove executors.

datatrove brings what a cluster needs: executors for this machine, Slurm and Ray, with tasks,
retries and file systems. The shingles, the bands and the proof are those of this package: its
MinHash runs on our shingles, and what it takes for one cluster is searched again, exactly, among
the texts themselves. So a cluster here means what it means everywhere else.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from curation.core.dedupe.extras import load_extra
from curation.core.dedupe.near import THRESHOLD, checked_threshold


def hand_over(
    reader: Any,
    *,
    folder: str,
    executor: Any = None,
    tasks: int = 1,
    threshold: float = THRESHOLD,
    seed: int = 0,
    **options: Any,
) -> Any:
    """The last of five datatrove executors, each of which depends on the one before; ``run`` it.

    ``reader`` is a datatrove reader of the texts with ids, such as ``ParquetReader(folder,
    text_key="text", id_key="id")``; it shares its files out among ``tasks``. ``folder`` takes all
    intermediate files and the result, and must be seen by every task. ``executor`` is the class to
    run on, with its own ``options``: ``LocalPipelineExecutor`` (the default, with ``workers``),
    ``SlurmPipelineExecutor`` (with ``time`` and ``partition``) or ``RayPipelineExecutor``. The
    result is read with ``read_clusters``.

    Raises CurationError without the extra ``scale``, and for a threshold outside (0, 1].
    """
    steps = _steps()
    checked_threshold(threshold)
    run_on = executor or load_extra("datatrove.executor", "scale").LocalPipelineExecutor
    last = None
    for name, pipeline, n_tasks in steps.stages(reader, folder, tasks, threshold, seed):
        last = run_on(
            pipeline=pipeline,
            tasks=n_tasks,
            depends=last,
            logging_dir=f"{folder}/logs/{name}",
            **options,
        )
    return last


def read_clusters(folder: str) -> pa.Table:
    """Which text has which cluster, as a table of `id` and `cluster`, in order of the ids.

    `cluster` is the least id of the cluster. Texts without a near-duplicate are not in the table.
    """
    table = ds.dataset(f"{folder}/clusters", format="parquet").to_table()
    return table.select(["id", "cluster"]).sort_by("id")


def _steps() -> Any:
    load_extra("datatrove.pipeline.dedup.minhash", "scale")
    return load_extra("curation.core.dedupe.datatrove_steps", "scale")
