"""The worker's side of modeling: rows to job folders, a subprocess, and its results to rows.

Torch never enters a Django process: ``python -m modeling.core.jobs`` does the work in a process
of its own, which gives its memory back, can use DataLoader workers, and dies with its parent.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from annotate.models import Run
from annotate.services.runs import Reporter, RunFailed, RunInterrupted
from modeling.models import EvaluationRun, TrainingRun
from modeling.services import publish_checkpoint

POLL_SECONDS = 0.2
GRACE_SECONDS = 60
MAX_CURVE = 1_000
LOG_BYTES = 16_000
OPTIONS = "options.json"
Progress = Callable[[dict[str, Any]], None]
Report = Callable[[float, str], None]


def train(run: TrainingRun, report: Reporter) -> dict[str, Any]:
    """The work of a TrainingRun: a dataset version in, a published checkpoint out."""
    path = f"{run.project.slug}/{run.public_id}"
    job = {
        "dataset": str(run.dataset.directory),
        "output": str(Path(settings.CHECKPOINT_DIR) / path),
        "config": run.config,
        "cache": str(settings.CACHE_DIR),
        "work": str(job_directory(run) / "work"),
    }
    result = run_job(job_directory(run), "train", job, report, on_progress=_curve_writer(run))
    checkpoint = publish_checkpoint(
        run, path=path, manifest=result["manifest"], metrics=result["metrics"]
    )
    return {"checkpoint": str(checkpoint.public_id), "metrics": result["metrics"]}


def _curve_writer(run: TrainingRun) -> Progress:
    """Keep what the trainer logs on the row, where the run's page reads it."""
    curve: list[dict[str, Any]] = []

    def write(line: dict[str, Any]) -> None:
        metrics = line.get("metrics") or {}
        if metrics and len(curve) < MAX_CURVE:
            curve.append({"fraction": line.get("fraction", 0.0), **metrics})
            TrainingRun.objects.filter(pk=run.pk).update(curve=curve)

    return write


def evaluate(run: EvaluationRun, report: Reporter) -> dict[str, Any]:
    """The work of an EvaluationRun."""
    job = {
        "checkpoint": str(run.checkpoint.directory),
        "data": run.data,
        "cache": str(settings.CACHE_DIR),
        **_options(run),
    }
    found = run_job(job_directory(run), "evaluate", job, report)
    return found | {"checkpoint": str(run.checkpoint.public_id)}


def keep_options(run: EvaluationRun, options: Mapping[str, Any]) -> None:
    """Keep what an evaluation is asked besides its file, for whoever does the work."""
    path = job_directory(run) / OPTIONS
    path.write_text(json.dumps(dict(options)), encoding="utf-8")


def _options(run: EvaluationRun) -> dict[str, Any]:
    path = job_directory(run) / OPTIONS
    if not path.exists():
        return {}
    options: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return options


def score(
    folder: Path,
    checkpoint: Path,
    inputs: Iterable[Mapping[str, Any]],
    report: Report,
) -> dict[str, float]:
    """Rewards by input id; each input is ``{id, prompt, response}``. Files go to ``folder``."""
    with (folder / "inputs.jsonl").open("w", encoding="utf-8") as file:
        for row in inputs:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    job = {
        "checkpoint": str(checkpoint),
        "inputs": str(folder / "inputs.jsonl"),
        "output": str(folder / "scores.jsonl"),
        "cache": str(settings.CACHE_DIR),
    }
    run_job(folder, "score", job, report)
    with (folder / "scores.jsonl").open(encoding="utf-8") as file:
        return {row["id"]: row["reward"] for row in map(json.loads, file)}


def job_directory(run: Run) -> Path:
    """The run's own folder; it stays, so that a second attempt resumes the first."""
    folder = Path(settings.JOB_DIR) / str(run.public_id)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def run_job(
    folder: Path,
    kind: str,
    job: Mapping[str, Any],
    report: Report,
    *,
    on_progress: Progress | None = None,
) -> dict[str, Any]:
    """Run one job of ``modeling.core.jobs`` to its end and return its result.

    Raises RunFailed with the job's own sentence, RunCancelled when the run was cancelled.
    """
    for name in ("result.json", "error.json", "progress.jsonl"):
        (folder / name).unlink(missing_ok=True)
    (folder / "job.json").write_text(json.dumps({**job, "parent": os.getpid()}), encoding="utf-8")
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "modeling.core.jobs", kind, str(folder)],
            cwd=settings.BASE_DIR,
            stdout=log,
            stderr=log,
            env={"OPENBLAS_NUM_THREADS": "1"} | os.environ,  # small fits lose most to threads
        )
    try:
        _follow(process, folder / "progress.jsonl", report, on_progress)
    finally:
        _stop(process)
    return _outcome(process.returncode, folder)


def _follow(
    process: subprocess.Popen[bytes],
    progress: Path,
    report: Report,
    on_progress: Progress | None,
) -> None:
    position, running = 0, True
    report(0.01, "Starting.")
    while running:
        running = process.poll() is None
        lines, position = _new_lines(progress, position)
        for line in lines:
            if on_progress is not None:
                on_progress(line)
        if lines:
            report(min(float(lines[-1]["fraction"]), 0.99), str(lines[-1].get("message", "")))
        elif isinstance(report, Reporter):
            report.check()
        time.sleep(POLL_SECONDS if running else 0)


def _new_lines(path: Path, position: int) -> tuple[list[dict[str, Any]], int]:
    """The complete lines behind ``position``, and where the next ones begin."""
    if not path.exists():
        return [], position
    with path.open("rb") as file:
        file.seek(position)
        data = file.read()
    whole = data[: data.rfind(b"\n") + 1]
    return [json.loads(line) for line in whole.splitlines()], position + len(whole)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the job if it still runs: politely first, so that it saves where it was."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _outcome(returncode: int, folder: Path) -> dict[str, Any]:
    if returncode == 0:
        result: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        return result
    if returncode in (128 + signal.SIGTERM, -signal.SIGTERM):
        raise RunInterrupted
    log = _log_tail(folder / "log.txt")
    error = folder / "error.json"
    if error.exists():
        raise RunFailed(json.loads(error.read_text(encoding="utf-8"))["message"], log=log)
    raise RunFailed(
        f"The job ended with status {returncode} and no word; it may have run out of memory. "
        "The end of its log stands below.",
        log=log,
    )


def _log_tail(path: Path) -> str:
    """The end of a job's log, for the run's page."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LOG_BYTES))
        return file.read().decode(errors="replace").replace("\0", "")
