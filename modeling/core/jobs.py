"""One piece of modeling work as a process of its own: python -m modeling.core.jobs KIND JOBDIR.

The job directory is the whole conversation. In: job.json. Out: progress.jsonl, a line for each
step; then result.json with exit status 0, or error.json with a sentence and status 1. SIGTERM
saves what can be resumed and exits with 143, without either file. On Linux the process dies with
the thread that started it.

    train     {"dataset", "output", "config"?, "cache"?, "work"?}
    score     {"checkpoint", "inputs", "output", "cache"?}
    evaluate  {"checkpoint", "data", "rewardbench"?, "probes"?, "gold"?, "cache"?}
    export    {"checkpoint", "dataset", "output", "target"}

Any job may name its "parent" process id; a job that finds another parent ends at once.
"""

import argparse
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from modeling.core.config import RewardConfig
from modeling.core.data import parse_prompt
from modeling.core.errors import DataError, InterruptionError, ModelingError
from modeling.core.files import plain, read_json, read_jsonl, write_json, write_text
from modeling.core.lifetime import EXIT_TERMINATED, die_with_parent
from modeling.core.progress import Progress
from modeling.core.scoring import ScoringInput

EXIT_FAILED = 1


@dataclass(frozen=True)
class Job:
    """A job's parameters, the values of job.json."""

    values: Mapping[str, Any]

    def path(self, name: str) -> Path:
        """A required path."""
        value = self.values.get(name)
        if not isinstance(value, str) or not value:
            raise DataError(f'job.json must name "{name}".')
        return Path(value)

    def optional_path(self, name: str) -> Path | None:
        """A path that may be left out."""
        return None if self.values.get(name) is None else self.path(name)


def run_train(job: Job, progress: Progress) -> dict[str, Any]:
    """Train and save a checkpoint: {"checkpoint", "metrics", "manifest"}."""
    from modeling.core.train import train_reward_model

    result = train_reward_model(
        job.path("dataset"),
        job.path("output"),
        RewardConfig.from_dict(job.values.get("config") or {}),
        cache_dir=job.optional_path("cache"),
        work_dir=job.optional_path("work"),
        progress=progress,
    )
    return {
        "checkpoint": str(result.checkpoint),
        "metrics": result.metrics,
        "manifest": result.manifest,
    }


def run_score(job: Job, progress: Progress) -> dict[str, Any]:
    """Score lines {"id", "prompt", "response"} into lines {"id", "reward"}: {"n", "seconds"}."""
    from modeling.core.checkpoint import load_checkpoint

    started = time.monotonic()
    scorer = load_checkpoint(job.path("checkpoint"))
    ids, inputs = _scoring_inputs(job.path("inputs"))
    rewards = scorer.score(inputs, cache_dir=job.optional_path("cache"), progress=progress)
    if not np.isfinite(rewards).all():
        raise ModelingError("Some rewards are not finite; train again in fp32 precision.")
    pairs = zip(ids, rewards.tolist(), strict=True)
    lines = [json.dumps({"id": name, "reward": reward}, allow_nan=False) for name, reward in pairs]
    write_text(job.path("output"), "".join(f"{line}\n" for line in lines))
    return {"n": len(ids), "seconds": time.monotonic() - started}


def _scoring_inputs(path: Path) -> tuple[list[Any], list[ScoringInput]]:
    ids: list[Any] = []
    inputs: list[ScoringInput] = []
    for number, row in read_jsonl(path):
        if "id" not in row or "prompt" not in row or not isinstance(row.get("response"), str):
            raise DataError(
                f'Line {number} of {path.name} needs "id", "prompt" and a text "response".'
            )
        ids.append(row["id"])
        inputs.append((parse_prompt(row["prompt"]), row["response"]))
    return ids, inputs


def run_evaluate(job: Job, progress: Progress) -> dict[str, Any]:
    """Evaluate on a file of judged rows: the fitting figures (see `evaluate_checkpoint`)."""
    from modeling.core.checkpoint import read_manifest
    from modeling.core.evaluation.checkpoints import Wish, evaluate_checkpoint

    checkpoint = job.path("checkpoint")
    read_manifest(checkpoint)  # a missing checkpoint is told before a missing file
    version = job.values.get("rewardbench")
    if version not in (None, 1, 2):
        raise DataError(f"rewardbench must be 1 or 2, not {version!r}.")
    wish = Wish(
        data=job.path("data"),
        rewardbench=version,
        probes=bool(job.values.get("probes")),
        gold=job.optional_path("gold"),
        cache=job.optional_path("cache"),
    )
    return {**evaluate_checkpoint(checkpoint, wish, progress), "checkpoint": str(checkpoint)}


def run_export(job: Job, progress: Progress) -> dict[str, Any]:
    """Write a checkpoint in a form that other programs load: the export's manifest."""
    from modeling.core.export import dataset_candidates, export_checkpoint

    progress.update(0.05, "Reading rows to hold the export against")
    rows = dataset_candidates(job.path("dataset"))
    progress.update(0.1, "Exporting")
    target = str(job.values.get("target"))
    return export_checkpoint(job.path("checkpoint"), job.path("output"), target, rows=rows)


RUNNERS: dict[str, Callable[[Job, Progress], dict[str, Any]]] = {
    "train": run_train,
    "score": run_score,
    "evaluate": run_evaluate,
    "export": run_export,
}


def run_job(kind: str, directory: Path, should_stop: Callable[[], bool]) -> int:
    """Run the job in `directory` and leave its result or error there; returns the exit status."""
    for name in ("result.json", "error.json"):
        (directory / name).unlink(missing_ok=True)
    try:
        job = Job(read_json(directory / "job.json"))
        _check_parent(job)
        progress = Progress(report=_progress_writer(directory), should_stop=should_stop)
        write_json(directory / "result.json", RUNNERS[kind](job, progress))
    except InterruptionError as interruption:
        sys.stderr.write(f"{interruption}\n")
        return EXIT_TERMINATED
    except ModelingError as error:
        write_json(directory / "error.json", {"message": str(error)})
        return EXIT_FAILED
    except Exception:
        traceback.print_exc()
        message = "The job stopped on an unexpected error; the details are in its log."
        write_json(directory / "error.json", {"message": message})
        return EXIT_FAILED
    return 0


def _progress_writer(
    directory: Path,
) -> Callable[[float, str, Mapping[str, float | None]], None]:
    path = directory / "progress.jsonl"

    def report(fraction: float, message: str, metrics: Mapping[str, float | None]) -> None:
        entry = plain({"fraction": round(fraction, 4), "message": message, "metrics": metrics})
        with path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry, allow_nan=False) + "\n")

    return report


def _check_parent(job: Job) -> None:
    expected = job.values.get("parent")
    if expected is not None and os.getppid() != expected:
        raise InterruptionError("The process that started this job is gone.")


def _stop_on_sigterm() -> Callable[[], bool]:
    stop = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, handle)
    return stop.is_set


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m modeling.core.jobs")
    parser.add_argument("kind", choices=sorted(RUNNERS))
    parser.add_argument("directory", type=Path, metavar="JOBDIR")
    options = parser.parse_args(arguments)
    should_stop = _stop_on_sigterm()
    die_with_parent()
    return run_job(options.kind, options.directory, should_stop)


if __name__ == "__main__":
    sys.exit(main())
