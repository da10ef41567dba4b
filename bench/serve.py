"""How long does a score take with the model warm, and how much does int8 change?

Trains the default head on the default encoder with pairs of --data, exports it to int8, starts
`manage.py serve` and asks its score endpoint over HTTP, a number of callers at once, each call one
response of up to 128 tokens to a prompt of up to 64, all texts distinct and nothing cached. Every
caller waits for its answer before it asks again. Prints latency, requests a second, and how far
the int8 model ranks held-out responses as the checkpoint does.

    python -m bench.serve --data ../shared/data
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from tests.installation import Installation, wait_until

TRAINED_ON = "pairs__hh_helpful.jsonl.gz"
ASKED = (
    "pairs__hh_harmless",
    "pairs__oasst1_en",
    "pairs__llmbar",
    "pairs_multi__llmfao",
    "pairs_multi__pandalm",
    "pairs_multi__tulu_human_eval",
)
RESPONSE_TOKENS, PROMPT_TOKENS = 128, 64
SETTINGS = {"TIEBREAK_DEMO": "false", "TICK_SECONDS": "5", "RUN_LEASE_SECONDS": "30"}
REGISTER = """
import json
from annotate.models import Project, User
from annotate.services import create_annotators, create_project
from curation.models import DatasetVersion
from modeling.models import Checkpoint, TrainingRun
project = create_project("bench", by=None)
dataset = DatasetVersion.objects.create(
    project=project, number=1, kind="preference", recipe={{}}, content_hash="c", path="bench/1"
)
run = TrainingRun.objects.create(project=project, dataset=dataset, status="succeeded")
found = Checkpoint.objects.create(project=project, run=run, number=1, path="bench/1")
(login,) = create_annotators(project, n=1, role="reviewer", by=None)
print(json.dumps([str(found.public_id), login.token]))
"""


def main() -> None:
    """Print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=600, help="pairs to train the head on")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each measurement")
    parser.add_argument("--callers", type=int, nargs="*", default=[1, 8, 32])
    parser.add_argument("--precisions", nargs="*", default=["int8", "fp32"])
    arguments = parser.parse_args()
    rows = _rows(arguments.data / TRAINED_ON)
    with tempfile.TemporaryDirectory(prefix="tiebreak-bench-") as folder:
        place = Installation(Path(folder) / "var", **SETTINGS)
        try:
            _measure(place, rows[: arguments.pairs], arguments)
        finally:
            place.stop()


def _measure(place: Installation, rows: list[dict[str, Any]], arguments: Any) -> None:
    _write_dataset(place.folder / "datasets" / "bench" / "1", rows)
    _train(place)
    checkpoint, token = place.python(REGISTER.format())
    exported = place.manage("export_checkpoint", checkpoint)
    others = [row for name in ASKED for row in _rows(arguments.data / f"{name}.jsonl.gz")]
    texts = _requests(others)
    print(f"Machine: {platform.machine()}, {os.cpu_count()} cores, Python", end=" ")
    print(f"{platform.python_version()}; load {os.getloadavg()[0]:.1f} at the start.\n")
    place.django("collectstatic", "--noinput", "--verbosity", "0")
    place.start(sys.executable, "manage.py", "serve", "--port", str(place.port))
    wait_until(place.answers, what="the server")
    print("| precision | callers | requests/s | p50 ms | p95 ms | p99 ms | not 200 |")
    print("|---|---|---|---|---|---|---|")
    for precision in arguments.precisions:
        _warm(place, checkpoint, token, precision, next(texts))
        for callers in arguments.callers:
            told = _load(place, checkpoint, token, precision, callers, arguments.seconds, texts)
            _print_row(precision, callers, told)
    _print_agreement(exported["agreement"])


def _rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    random.Random(0).shuffle(rows)
    return rows


def _write_dataset(folder: Path, rows: list[dict[str, Any]]) -> None:
    folder.mkdir(parents=True)
    cuts = {"train": (0, 0.7), "validation": (0.7, 0.8), "test": (0.8, 1.0)}
    for name, (start, end) in cuts.items():
        some = rows[int(start * len(rows)) : int(end * len(rows))]
        lines = [json.dumps({k: row[k] for k in ("prompt", "chosen", "rejected")}) for row in some]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "manifest.json").write_text('{"kind": "preference", "content_hash": "bench"}')


def _train(place: Installation) -> None:
    code = (
        "import sys; from pathlib import Path; from modeling.core.config import RewardConfig;"
        "from modeling.core.train import train_reward_model;"
        "train_reward_model(Path(sys.argv[1]), Path(sys.argv[2]), RewardConfig())"
    )
    folders = [str(place.folder / name / "bench" / "1") for name in ("datasets", "checkpoints")]
    subprocess.run([sys.executable, "-c", code, *folders], check=True, capture_output=True)


def _requests(rows: list[dict[str, Any]]) -> Iterator[dict[str, str]]:
    """Prompts and responses that nobody has seen before, cut to their tokens."""
    from transformers import AutoTokenizer

    from modeling.core.backbones import resolve_backbone

    tokenizer = AutoTokenizer.from_pretrained(resolve_backbone("minilm").path)

    def cut(text: str, most: int) -> str:
        offsets = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        ends = [end for _, end in offsets["offset_mapping"]]
        return text if len(ends) <= most else text[: ends[most - 1]]

    seen: set[str] = set()
    for row in rows:
        for side in ("chosen", "rejected", "response_a", "response_b"):
            response = cut(_text(row.get(side) or ""), RESPONSE_TOKENS)
            if response not in seen and response.strip():
                seen.add(response)
                prompt = cut(_text(row.get("prompt") or "")[-600:], PROMPT_TOKENS)
                yield {"prompt": prompt, "response": response}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "\n\n".join(str(turn["content"]) for turn in value)


def _warm(
    place: Installation, checkpoint: str, token: str, precision: str, text: dict[str, str]
) -> None:
    """Ask until the model is loaded."""
    body = {"inputs": [text], "precision": precision}

    def answered() -> bool:
        path = f"checkpoints/{checkpoint}/score"
        return place.call("POST", path, token=token, body=body)[0] == 200

    wait_until(answered, seconds=120, every=0.5, what="the model")


def _load(
    place: Installation,
    checkpoint: str,
    token: str,
    precision: str,
    callers: int,
    seconds: float,
    texts: Iterator[dict[str, str]],
) -> dict[str, Any]:
    """What `bench.serve_callers` saw, in a process of its own."""
    count = int(callers + 100 * seconds)
    bodies = [
        json.dumps({"inputs": [text], "precision": precision}) for text in islice(texts, count)
    ]
    if len(bodies) < count:
        sys.exit("There are no texts left that nobody has asked about: take fewer --seconds.")
    plan = {
        "port": place.port,
        "path": f"/api/v1/checkpoints/{checkpoint}/score",
        "token": token,
        "callers": callers,
        "seconds": seconds,
        "bodies": bodies,
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench.serve_callers"],
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        check=True,
    )
    time.sleep(0.5)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _print_row(precision: str, callers: int, told: dict[str, Any]) -> None:
    waits = sorted(told["milliseconds"])
    cuts = statistics.quantiles(waits, n=100, method="inclusive")
    rate = len(waits) / told["seconds"]
    print(
        f"| {precision} | {callers} | {rate:.1f} | {statistics.median(waits):.1f} "
        f"| {cuts[94]:.1f} | {cuts[98]:.1f} | {told['refused']} |",
        flush=True,
    )


def _print_agreement(found: dict[str, Any]) -> None:
    print("\n| held-out responses | Kendall | Spearman | largest gap | mean gap | spread |")
    print("|---|---|---|---|---|---|")
    figures = ("kendall", "spearman", "largest_difference", "mean_difference", "spread")
    print(f"| {found['n']} | " + " | ".join(f"{found[name]:.4f}" for name in figures) + " |")


if __name__ == "__main__":
    main()
