"""How fast is the queue, for how many annotators, and does it stay fast as items grow?

Annotators judge over HTTP against the server as production runs it, with the calls of an
annotator's page and a browser's session: the item on screen, one prefetched, and submits that
bring the next. A closed loop: everybody waits for the answer, then thinks (exponentially
distributed) or goes on at once. Afterwards the database is compared with what was acknowledged.

    python -m bench.annotate --all
    python -m bench.annotate --database postgresql --items 1000000 --annotators 32 --think 2
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from bench.annotate_place import Cost, Place, make_place

ROOT = Path(__file__).resolve().parents[1]
SIZES = (10_000, 1_000_000)
DATABASES = ("sqlite", "postgresql")
OVERLAP = 2
VETERAN = 50_000
WARM_UP = 16
HEAD = (
    "| annotators | thinking | judgments | per s | claim p50 / p95 / p99, ms | submit-and-next "
    "p50 / p95 / p99, ms | CPU a judgment, ms: web | PostgreSQL | asking | worker, cores "
    "| others, cores |"
)


@dataclass(frozen=True)
class Cell:
    """One run: how many judge at once, and how long each thinks, in seconds on average."""

    annotators: int
    think: float = 0.0
    is_veteran: bool = False

    @property
    def name(self) -> str:
        return f"{self.annotators}, a veteran" if self.is_veteran else str(self.annotators)


MATRIX = (Cell(1), Cell(8), Cell(32), Cell(32, think=2.0), Cell(1, is_veteran=True))


@dataclass
class Figures:
    """What a run gave: latencies in seconds, CPU in seconds."""

    cell: Cell
    seconds: float
    judgments: int
    claims: list[float]
    submits: list[float]
    asking: float
    cost: Cost

    def row(self) -> str:
        """A line of the table; CPU of the machine that is not ours is the others'."""
        n, cost = max(self.judgments, 1), self.cost
        others = cost.machine - cost.web - cost.worker - cost.postgresql - self.asking
        thinking = f"{self.cell.think:g} s" if self.cell.think else "none"
        return (
            f"| {self.cell.name} | {thinking} | {self.judgments} "
            f"| {self.judgments / self.seconds:.1f} | {_percentiles(self.claims)} "
            f"| {_percentiles(self.submits)} | {1000 * cost.web / n:.1f} "
            f"| {1000 * cost.postgresql / n:.1f} | {1000 * self.asking / n:.2f} "
            f"| {cost.worker / self.seconds:.2f} | {max(others, 0) / self.seconds:.2f} |"
        )


def main() -> None:
    """Run the cells and print Markdown."""
    arguments = _arguments()
    print(_machine(), flush=True)
    sizes = product(DATABASES, SIZES) if arguments.all else [(arguments.database, arguments.items)]
    for database, items in sizes:
        with tempfile.TemporaryDirectory(prefix="tiebreak-bench-", dir=arguments.folder) as name:
            Path(name).chmod(0o755)  # PostgreSQL's own user goes through it
            with make_place(database, Path(name)) as place:
                _bench(place, database, items, arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="both databases, both sizes, all cells")
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--items", type=int, default=SIZES[0])
    parser.add_argument("--annotators", type=int, help="how many at once; all cells without it")
    parser.add_argument("--think", type=float, default=0.0, help="seconds, on average")
    parser.add_argument("--veteran", action="store_true", help="one who has judged 50,000 items")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--judgments", type=int, default=10**9, help="stop after so many as well")
    parser.add_argument("--folder", type=Path, help="where the temporary data are put")
    return parser.parse_args()


def _machine() -> str:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    load = "/".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"Machine: {os.cpu_count()} cores, {model}, Python {platform.python_version()}, "
        f"load before {load}.\n"
    )


def _bench(place: Place, database: str, items: int, arguments: argparse.Namespace) -> None:
    cells = _cells(arguments)
    judged = min(VETERAN, items // 2)
    people = [f"annotator-{n}" for n in range(WARM_UP + sum(c.annotators for c in cells) + 1)]
    started = time.monotonic()
    pool = place.installation.python(
        f"from bench.annotate_pool import make; make(items={items}, overlap={OVERLAP}, "
        f"people={len(people)}, judged={judged})"
    )
    print(
        f"### {database}, {items:,} items\n\nLoaded in {time.monotonic() - started:.0f} s; the "
        f"veteran has judged {judged:,} items of the round.\n\n{HEAD}\n|" + "---|" * 11,
        flush=True,
    )
    place.start()
    told = _run_cells(place, pool, cells, people, arguments)
    print(f"\nDatabase against what was told: {_checked(place, told, judged)}.\n", flush=True)
    for line in place.installation.log().splitlines():
        if "ended with status" in line or line.endswith("Error"):
            print(line, file=sys.stderr)


def _cells(arguments: argparse.Namespace) -> list[Cell]:
    if arguments.veteran:
        return [Cell(1, arguments.think, is_veteran=True)]
    if arguments.annotators and not arguments.all:
        return [Cell(arguments.annotators, arguments.think)]
    return list(MATRIX)


def _run_cells(
    place: Place,
    pool: dict[str, Any],
    cells: list[Cell],
    people: list[str],
    arguments: argparse.Namespace,
) -> dict[str, Any]:
    """Everybody judges in one cell only; returns what each was told, under the user's name."""
    told: dict[str, Any] = {}
    places = iter(range(len(people) - 1))
    for cell in [Cell(WARM_UP), *cells]:
        chosen = [next(places) for _ in range(cell.annotators)]
        chosen = [len(people) - 1] if cell.is_veteran else chosen
        seconds = arguments.seconds if told else 2.0
        sessions = [pool["sessions"][place] for place in chosen]
        figures, seen = _run(place, cell, pool["slug"], sessions, seconds, arguments.judgments)
        if told:
            print(figures.row(), flush=True)
        told |= {people[place]: person for place, person in zip(chosen, seen, strict=True)}
    return told


def _run(
    place: Place, cell: Cell, slug: str, sessions: list[str], seconds: float, judgments: int
) -> tuple[Figures, list[dict[str, Any]]]:
    plan = {
        "port": place.installation.port,
        "slug": slug,
        "sessions": sessions,
        "seconds": seconds,
        "think": cell.think,
        "judgments": -(-judgments // cell.annotators),
    }
    before = place.cost()
    command = [sys.executable, "-m", "bench.annotate_people"]
    done = subprocess.run(
        command, cwd=ROOT, input=json.dumps(plan), capture_output=True, text=True, check=True
    )
    cost = place.cost().since(before)
    result = json.loads(done.stdout)
    people: list[dict[str, Any]] = result["people"]
    for problem in sorted({text for person in people for text in person["problems"]}):
        print(f"\n{problem}\n", file=sys.stderr)
    figures = Figures(
        cell,
        result["seconds"],
        sum(len(person["acknowledged"]) for person in people),
        [t for person in people for t in person["claims"]],
        [t for person in people for t in person["submits"]],
        result["own_cpu"],
        cost,
    )
    return figures, people


def _checked(place: Place, told: dict[str, Any], judged: int) -> str:
    file = place.installation.folder / "told.json"
    file.write_text(json.dumps(told))
    problems = place.installation.python(
        "from pathlib import Path; from bench.annotate_check import check;"
        f"check(Path({str(file)!r}), judged={judged})"
    )
    return "; ".join(problems[:20]) if problems else "nothing leased twice, none over, none missing"


def _percentiles(times: list[float]) -> str:
    """The 50th, 95th and 99th, by nearest rank, in milliseconds."""
    if not times:
        return "–"
    ranked = sorted(times)
    places = (min(int(len(ranked) * share), len(ranked) - 1) for share in (0.5, 0.95, 0.99))
    return " / ".join(f"{1000 * ranked[place]:.1f}" for place in places)


if __name__ == "__main__":
    main()
