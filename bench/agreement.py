"""How long does Krippendorff's alpha take on a million labels?

Five annotators of a pool label 200,000 items on five points, then on a slider of 101, where hardly
two items are rated alike.

    python -m bench.agreement
"""

from __future__ import annotations

import os
import time

import numpy as np

from curation.core.agreement import LEVELS, krippendorff_alpha

ITEMS, OVERLAP, POOL = 200_000, 5, 400
DRAWS = (0, 200)


def main() -> None:
    """Print one Markdown row for each set and level."""
    print(f"{ITEMS * OVERLAP:,} labels, {os.cpu_count()} processors\n")
    print("| points | level | alpha [95 %] | s without interval | s with 200 draws |")
    print("|---|---|---|---|---|")
    for points in (5, 101):
        labels = _labels(points)
        for level in LEVELS:
            print(_row(points, level, labels), flush=True)


def _labels(points: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    items = np.repeat(np.arange(ITEMS) * 7 + 3, OVERLAP)
    start = np.repeat(rng.integers(POOL, size=ITEMS), OVERLAP)
    annotators = (start + np.tile(np.arange(OVERLAP), ITEMS)) % POOL
    values = np.repeat(rng.normal(0, 1, ITEMS), OVERLAP) + rng.normal(0, 1, ITEMS * OVERLAP)
    scaled = np.rint((values / 8 + 0.5) * (points - 1))
    return items, annotators, np.clip(scaled, 0, points - 1).astype(int)


def _row(points: int, level: str, labels: tuple[np.ndarray, np.ndarray, np.ndarray]) -> str:
    seconds = []
    for draws in DRAWS:
        started = time.perf_counter()
        found = krippendorff_alpha(*labels, level=level, draws=draws)
        seconds.append(time.perf_counter() - started)
    low, high = found.interval
    figures = f"{found.value:.4f} [{low:.4f}, {high:.4f}]"
    return f"| {points} | {level} | {figures} | {seconds[0]:.2f} | {seconds[1]:.2f} |"


if __name__ == "__main__":
    main()
