"""Does aggregation find the truth, and does the automatic choice do no harm?

On public sets with known answers: labels of crowds (the expected accuracy of the majority vote,
each method, the automatic choice), numbers of crowds, and rankings of dots whose order is known.
Comparisons are in `bench.curation_simulate`.

    python -m bench.curation_quality --data ../shared/data
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from curation.core.aggregate import (
    METHODS,
    aggregate_labels,
    aggregate_rankings,
    aggregate_ratings,
)

CROWDS = ("bluebirds", "rte_snow", "adult_content2")
NUMERIC = "valence_snow_numeric"


def main() -> None:
    """Print one Markdown table for each question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    _labels(data)
    _ratings(data)
    _dots(data)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _crowd(data: Path, name: str) -> tuple[list[Any], list[Any], list[Any], dict[Any, Any]]:
    votes = list(_rows(data / f"crowd__{name}.jsonl.gz"))
    gold = {row["item"]: row["gold"] for row in _rows(data / f"crowd_gold__{name}.jsonl.gz")}
    columns = ([row[key] for row in votes] for key in ("item", "annotator", "label"))
    items, annotators, labels = columns
    return items, annotators, labels, gold


def _labels(data: Path) -> None:
    print("| set | gold items | majority, expected | " + " | ".join(METHODS) + " | auto took |")
    print("|---|---|---|" + "---|" * (len(METHODS) + 1))
    for name in CROWDS:
        items, annotators, labels, gold = _crowd(data, name)
        found = {}
        for method in METHODS:
            fitted = aggregate_labels(items, annotators, labels, method=method)
            said = dict(zip(fitted.items.tolist(), fitted.labels.tolist(), strict=True))
            found[method] = fitted.method, _share(said.get(k) == v for k, v in gold.items())
        expected = _expected_majority(items, labels, gold)
        cells = " | ".join(f"{found[method][1]:.4f}" for method in METHODS)
        print(
            f"| {name} | {len(gold)} | {expected:.4f} | {cells} | {found['auto'][0]} |", flush=True
        )


def _expected_majority(items: list[Any], labels: list[Any], gold: dict[Any, Any]) -> float:
    """Accuracy of the majority vote with ties broken at random, in expectation."""
    votes: dict[Any, Counter[Any]] = defaultdict(Counter)
    for item, label in zip(items, labels, strict=True):
        votes[item][label] += 1
    return _share(_credit(votes[item], truth) for item, truth in gold.items())


def _credit(votes: Counter[Any], truth: Any) -> float:
    top = max(votes.values(), default=0)
    leading = [label for label, n in votes.items() if n == top]
    return (truth in leading) / len(leading) if leading else 0.0


def _share(values: Any) -> float:
    return float(np.mean([float(value) for value in values]))


def _ratings(data: Path) -> None:
    items, annotators, values, gold = _crowd(data, NUMERIC)
    print("\n| set | method | Pearson with gold | used |\n|---|---|---|---|")
    for method in ("mean", "standardised", "auto"):
        fitted = aggregate_ratings(items, annotators, values, method=method)
        said = dict(zip(fitted.items.tolist(), fitted.scores.tolist(), strict=True))
        pairs = np.array([(said[item], float(truth)) for item, truth in gold.items()])
        r = np.corrcoef(pairs.T)[0, 1]
        print(f"| {NUMERIC} | {method} | {r:.4f} | {fitted.method} |", flush=True)


def _dots(data: Path) -> None:
    rows = list(_rows(data / "rankings__mturk_dots.jsonl.gz"))
    gold = {row["item"]: row["gold"] for row in rows}
    print(
        "\n| level of dots | rankings | method | order found | true order |\n|---|---|---|---|---|"
    )
    for method in ("mean_rank", "plackett_luce", "kemeny", "auto"):
        fitted = aggregate_rankings(
            [row["item"] for row in rows],
            None,
            [tuple(tuple(tier) for tier in row["ranking"]) for row in rows],
            method=method,
        )
        for level, tiers in zip(fitted.groups.tolist(), fitted.tiers, strict=True):
            n = sum(row["item"] == level for row in rows)
            order, truth = [k for tier in tiers for k in tier], _flat(gold[level])
            mark = "yes" if order == truth else f"no: {order}"
            print(f"| {level} | {n} | {method} | {mark} | {truth} |", flush=True)


def _flat(ranking: list[Any]) -> list[Any]:
    return [k for tier in ranking for k in (tier if isinstance(tier, list) else [tier])]


if __name__ == "__main__":
    main()
