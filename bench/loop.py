"""Does the loop turn on real judgments, and what does each round bring?

Imports five public sets, builds a dataset of each fitting kind, trains on hh_helpful with the
offline encoder, then runs select → simulate → retrain for some rounds unattended, and prints the
held-out accuracy of each round beside a length-only baseline. Every step is a command that a user
could type. The held-out pairs are human labels on test prompts, which no round trains on.

    python -m bench.loop --data ../shared/data
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SETS = (
    ("tulu", "pairs_multi__tulu_human_eval", ("preference",)),
    ("pandalm", "pairs_multi__pandalm", ("preference",)),
    ("hh-helpful", "pairs__hh_helpful", ("preference",)),
    ("finegrained", "rankings__finegrained_qa", ("ranking", "preference")),
    ("prm800k", "steps__prm800k_phase1", ("stepwise",)),
)
LOOP = "hh-loop"
Manage = Callable[..., dict[str, Any]]


def main() -> None:
    """Run everything in a folder of its own and print Markdown."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="tiebreak-bench-") as folder:
        manage = _manager(Path(folder))
        _django(manage, "migrate", "--verbosity", "0")
        print(
            f"Machine: {platform.machine()}, {os.cpu_count()} cores, "
            f"Python {platform.python_version()}.\n"
        )
        dataset, held_out = _datasets(manage, arguments.data, Path(folder))
        _static(manage, dataset)
        _rounds(manage, arguments, held_out)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--size", type=int, default=300)
    parser.add_argument("--reliability", default="0.95,0.9,0.8,0.7,0.5")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def _manager(folder: Path) -> Manage:
    environment = os.environ | {
        "TIEBREAK_VAR": str(folder / "var"),
        "SECRET_KEY": secrets.token_urlsafe(48),
        "HTTPS": "false",
        "LOG_LEVEL": "ERROR",
    }

    def manage(*words: object, as_json: bool = True) -> dict[str, Any]:
        command = [sys.executable, "manage.py", *map(str, words), *(["--json"] * as_json)]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, text=True, capture_output=True, check=False
        )
        if done.returncode:
            sys.exit(f"{' '.join(map(str, words))}: {done.stderr[-2000:]}")
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1]) if as_json else {}
        return result

    return manage


def _django(manage: Manage, *words: object) -> None:
    manage(*words, as_json=False)


def _datasets(manage: Manage, data: Path, folder: Path) -> tuple[str, Path]:
    """Import each set and build its datasets; returns hh_helpful's id and its test rows."""
    dataset = ""
    print(
        "| project | items | judgments | bad rows | dataset | train | validation | test | "
        "dropped | s |\n|---|---|---|---|---|---|---|---|---|---|"
    )
    for slug, name, kinds in SETS:
        started = time.monotonic()
        came = manage("import_items", slug, data / f"{name}.jsonl.gz", "--create")
        for kind in kinds:
            built = manage("build_dataset", slug, "--kind", kind, "--out", folder / slug / kind)
            rows = built["rows"]
            print(
                f"| {slug} | {came['items']} | {came['judgments']} | {len(came['errors'])} | "
                f"{kind} | {rows['train']} | {rows['validation']} | {rows['test']} | "
                f"{sum(built['dropped'].values())} | {time.monotonic() - started:.1f} |",
                flush=True,
            )
            if slug == "hh-helpful":
                dataset = built["dataset"]
    return dataset, folder / "hh-helpful" / "preference" / "test.jsonl"


def _static(manage: Manage, dataset: str) -> None:
    """One training on all of hh_helpful's own labels."""
    started = time.monotonic()
    trained = manage("train", "hh-helpful", "--dataset", dataset)
    test = trained["metrics"]["test"]
    print(
        f"\nTrained on all of hh_helpful: {_described(test)}; length only "
        f"{test['length_accuracy']:.3f}; {time.monotonic() - started:.0f} s with embedding.\n",
        flush=True,
    )


def _rounds(manage: Manage, arguments: argparse.Namespace, held_out: Path) -> None:
    """Unattended rounds on the same pairs with their labels hidden."""
    file = arguments.data / "pairs__hh_helpful.jsonl.gz"
    manage("import_items", LOOP, file, "--create", "--oracle")
    manage(
        "configure_project",
        LOOP,
        f"loop_round_size={arguments.size}",
        f"loop_max_rounds={arguments.rounds}",
        f"seed={arguments.seed}",
        "include_simulated=true",
    )
    crowd = arguments.reliability.split(",")
    print(
        "| round | judgments | accuracy on held-out human labels [95 %] | NLL | length only | "
        "random share | s |\n|---|---|---|---|---|---|---|"
    )
    picked = _picked(manage("advance_loop", LOOP, "--rounds", 1))
    for number in range(1, arguments.rounds + 1):
        started = time.monotonic()
        manage(
            "simulate_annotators",
            LOOP,
            "--annotators",
            len(crowd),
            "--reliability",
            arguments.reliability,
            "--seed",
            arguments.seed,
        )
        turned = manage("advance_loop", LOOP, "--rounds", 1)
        found = manage("evaluate", "--checkpoint", _checkpoint(turned), "--data", held_out)
        print(
            f"| {number} | {turned['judgments']} | {_described(found)} | {found['nll']:.3f} | "
            f"{found['length_accuracy']:.3f} | {picked.get('random_share', 0):.2f} | "
            f"{time.monotonic() - started:.0f} |",
            flush=True,
        )
        picked = _picked(turned)


def _picked(turned: dict[str, Any]) -> dict[str, Any]:
    """What the last selection told; nothing after the last round."""
    told = [step["result"] for step in turned["steps"] if step["action"] == "select_round"]
    return told[-1] if told else {}


def _checkpoint(turned: dict[str, Any]) -> str:
    return next(
        str(step["result"]["checkpoint"]) for step in turned["steps"] if step["action"] == "train"
    )


def _described(found: dict[str, Any]) -> str:
    low, high = found["interval"]
    return f"{found['accuracy']:.3f} [{low:.3f}, {high:.3f}] on {found['n']} pairs"


if __name__ == "__main__":
    main()
