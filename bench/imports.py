"""How long does an import take, and does it stay in proportion as the file grows?

Writes files of pairs (a prompt, a chosen and a rejected answer of 50 to 200 words each) and imports
each into a fresh SQLite database with the command that a user types, opening a round.

    python -m bench.imports --pairs 10000,100000
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import tempfile
import time
from pathlib import Path

from bench.texts import some_text
from tests.installation import Installation


def main() -> None:
    """Import a file of each size and print Markdown."""
    arguments = _arguments()
    print(
        f"Machine: {os.cpu_count()} cores, Python {platform.python_version()}, load before "
        f"{os.getloadavg()[0]:.1f}.\n\n| pairs | CPU, s | wall, s | CPU a pair, ms |\n"
        "|---|---|---|---|"
    )
    for pairs in map(int, arguments.pairs.split(",")):
        with tempfile.TemporaryDirectory(prefix="tiebreak-bench-", dir=arguments.folder) as name:
            cpu, wall = _import(Path(name), pairs)
        print(f"| {pairs:,} | {cpu:.1f} | {wall:.1f} | {1000 * cpu / pairs:.2f} |", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", default="10000,100000", help="sizes, separated by commas")
    parser.add_argument("--folder", type=Path, help="where the temporary data are put")
    return parser.parse_args()


def _import(folder: Path, pairs: int) -> tuple[float, float]:
    """CPU and wall seconds of the command, the start of Django included."""
    installation = Installation(folder / "var")
    file = _write(folder / "pairs.jsonl", pairs)
    cpu, wall = _children_cpu(), time.monotonic()
    came = installation.manage("import_items", "bench", file, "--create", "--open-round")
    cpu, wall = _children_cpu() - cpu, time.monotonic() - wall
    assert came["items"] == pairs, came
    return cpu, wall


def _write(file: Path, pairs: int) -> Path:
    rng = random.Random(11)
    with file.open("w") as out:
        for number in range(pairs):
            row = {
                "prompt": f"Question {number}: {some_text(rng)}?",
                "chosen": some_text(rng),
                "rejected": some_text(rng),
            }
            out.write(json.dumps(row) + "\n")
    return file


def _children_cpu() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


if __name__ == "__main__":
    main()
