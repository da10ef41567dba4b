"""How fast and how right is curation beside the best public library for each job?

Every system runs in a process of its own, one after the other, on the same data from a fixed seed;
the best of a few runs counts, so that a busy machine tells least. A peer that is not installed is
left out with a word: `pip install -r bench/curation-peers.txt` brings them.

    python -m bench.curation [--jobs near labels …] [--runs 3]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.curation_jobs import JOBS, Job, measure

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT = 900
THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def main() -> None:
    """Print a Markdown table for each job; as a child, measure one system and print JSON."""
    arguments = _arguments()
    if arguments.system:
        print(json.dumps(measure(JOBS[arguments.jobs[0]], arguments.system)))
        return
    print(
        f"{os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}.\n"
    )
    print("| job | system | s (best) | s (all) | peak MiB over data | score | × ours |")
    print("|---|---|---|---|---|---|---|")
    for name in arguments.jobs:
        _report(name, JOBS[name], arguments.runs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", nargs="+", choices=list(JOBS), default=list(JOBS))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--system", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


def _report(name: str, job: Job, runs: int) -> None:
    ours: float | None = None
    for system in job.systems:
        found = [result for _ in range(runs) if (result := _child(name, system))]
        if not found:
            print(f"| {job.title} | {system} | – | | | not installed, or it failed | |", flush=True)
            continue
        best = min(found, key=lambda result: float(result["seconds"]))
        ours = best["seconds"] if ours is None else ours
        print(_row(job, system, best, found, ours), flush=True)


def _row(
    job: Job, system: str, best: dict[str, Any], found: list[dict[str, Any]], ours: float
) -> str:
    every = ", ".join(f"{result['seconds']:.2f}" for result in found)
    return (
        f"| {job.title} | {system} | {best['seconds']:.2f} | {every} | {best['peak_mib']:.0f} | "
        f"{best['score']} | {best['seconds'] / ours:.1f} |"
    )


def _child(name: str, system: str) -> dict[str, Any] | None:
    command = [sys.executable, "-m", "bench.curation", "--jobs", name, "--system", system]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | THREADS,
            text=True,
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        sys.stderr.write(done.stderr[-500:])
        return None
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


if __name__ == "__main__":
    main()
