"""How long does a whole recipe take on a million judgments, and does memory stay bounded?

Three people each judge 333,334 pairs (four responses a prompt, all six pairs of it); a fifth of
the annotators guess. The texts lie on disk, as a project's do while a dataset is built. The recipe
finds near-duplicate prompts, pools duplicates, aggregates by the method that foretells held-out
votes best, balances lengths and writes every file. The second run has texts eight times as long:
memory must not grow with them.

    python -m bench.curation_recipe [--judgments 1000000]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from curation.core.build import build_dataset
from curation.core.records import Comparison, Message, PromptText, ResponseText
from curation.core.store import StoredCorpus
from curation.exports import write_dataset
from curation.recipe import Balance, Recipe

ROOT = Path(__file__).resolve().parents[1]
RESPONSES, VOTES, ANNOTATORS, CARELESS = 4, 3, 200, 0.2
WORDS = 5_000
SPLITS = ("train",) * 8 + ("validation", "test")


def main() -> None:
    """Run the recipe on short and on long texts, each in a process of its own."""
    arguments = _arguments()
    if arguments.words:
        print(json.dumps(run(arguments.judgments, arguments.words, arguments.aggregate)))
        return
    print("| judgments | texts, MB | aggregation | build s | write s | peak MiB | rows | method |")
    print("|---|---|---|---|---|---|---|---|")
    for aggregate, words in (("majority", 60), ("auto", 60), ("auto", 480)):
        print(_row(arguments.judgments, words, aggregate), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judgments", type=int, default=1_000_000)
    parser.add_argument("--words", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--aggregate", default="auto", help=argparse.SUPPRESS)
    return parser.parse_args()


def _row(judgments: int, words: int, aggregate: str) -> str:
    command = [sys.executable, "-m", "bench.curation_recipe", "--judgments", str(judgments)]
    command += ["--words", str(words), "--aggregate", aggregate]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    found = json.loads(done.stdout.splitlines()[-1])
    return (
        f"| {found['judgments']:,} | {found['text_mb']:.0f} | {aggregate} | {found['build']:.0f} | "
        f"{found['write']:.0f} | {found['peak_mib']:.0f} | {found['rows']:,} | {found['method']} |"
    )


def run(judgments: int, words: int, aggregate: str) -> dict[str, Any]:
    """Make the judgments, run the recipe, write the files; seconds, peak memory, rows."""
    n_prompts = max(1, judgments // (VOTES * RESPONSES * (RESPONSES - 1) // 2))
    recipe = Recipe("preference", aggregate=aggregate, balance=Balance(lengths="drop"))
    with StoredCorpus() as stored, tempfile.TemporaryDirectory() as folder:
        size = _fill(stored, n_prompts, words)
        records = list(_judgments(n_prompts))
        started = time.perf_counter()
        built = build_dataset(stored.corpus, records, recipe)
        middle = time.perf_counter()
        write_dataset(built, Path(folder) / "set", recipe=recipe)
        ended = time.perf_counter()
    return {
        "judgments": len(records),
        "text_mb": size / 1e6,
        "build": middle - started,
        "write": ended - middle,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "rows": sum(map(len, built.rows.values())),
        "method": built.statistics["aggregate"],
        "processors": os.cpu_count(),
    }


def _fill(stored: StoredCorpus, n_prompts: int, words: int) -> int:
    """Prompts and responses of random words; returns their characters."""
    rng = np.random.default_rng(0)
    vocabulary = [f"w{n:x}" for n in range(WORDS)]
    size = 0
    for prompt in range(n_prompts):
        asked = _text(rng, vocabulary, 20)
        message = (Message("user", asked),)
        key = f"p{prompt:06d}"
        stored.prompts.add(key, PromptText(key, message, SPLITS[prompt % 10]))  # type: ignore[arg-type]
        size += len(asked)
        for response in range(RESPONSES):
            text = _text(rng, vocabulary, int(rng.integers(words // 2, 3 * words // 2)))
            name = f"{key}-{response}"
            stored.responses.add(name, ResponseText(name, text))
            size += len(text)
    return size


def _text(rng: np.random.Generator, vocabulary: list[str], words: int) -> str:
    return " ".join(vocabulary[n] for n in rng.integers(WORDS, size=words))


def _judgments(n_prompts: int) -> Iterator[Comparison]:
    """Every pair of each prompt's responses, judged by three people, by Bradley–Terry."""
    rng = np.random.default_rng(1)
    careless = rng.random(ANNOTATORS) < CARELESS
    for prompt in range(n_prompts):
        strength = rng.normal(scale=1.5, size=RESPONSES)
        for pair, (left, right) in enumerate(combinations(range(RESPONSES), 2)):
            p_left = 1 / (1 + np.exp(strength[right] - strength[left]))
            for annotator in rng.choice(ANNOTATORS, size=VOTES, replace=False).tolist():
                said = rng.random() < (0.5 if careless[annotator] else p_left)
                yield Comparison(
                    item=f"i{prompt:06d}-{pair}",
                    prompt=f"p{prompt:06d}",
                    annotator=f"a{annotator:03d}",
                    revision=f"r{prompt:06d}-{pair}-{annotator:03d}",
                    left=f"p{prompt:06d}-{left}",
                    right=f"p{prompt:06d}-{right}",
                    choice="left" if said else "right",
                )


if __name__ == "__main__":
    main()
