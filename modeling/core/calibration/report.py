"""What a calibration reaches on rows that it was not fitted to."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.core.calibration.calibration import METHODS, Calibration
from modeling.core.calibration.conformal import OUTCOMES
from modeling.core.calibration.measures import measured, reliability
from modeling.core.calibration.thresholds import Threshold
from modeling.core.evaluation.basics import Doubles, bootstrap_interval, credit, mean, picked
from modeling.core.files import plain


def report(
    calibration: Calibration,
    margins: Doubles,
    shares: Doubles,
    groups: Sequence[str],
    categories: Sequence[str] | None = None,
    *,
    seed: int = 0,
) -> dict[str, Any]:
    """Plain JSON figures on held-out pairs, in the terms of `fit_calibration`.

    "methods" compares every map that was fitted with the raw rewards, "reliability" has the
    diagrams of raw rewards and of the map in use, "conformal" how often the sets held the
    answer, "thresholds" how often the answers above each threshold agreed.
    """
    rows = np.flatnonzero(shares > 0.5)
    names = picked(groups, rows)
    kinds = None if categories is None else picked(categories, rows)
    own = margins[rows], shares[rows], names
    logits = {
        method: calibration.logits(margins[rows], kinds, method=method)
        for method in _fitted(calibration)
    }
    found = {
        "n": len(rows),
        "groups": len(set(names)),
        "methods": {m: asdict(measured(v, own[1], names, seed=seed)) for m, v in logits.items()},
        "reliability": {
            method: [asdict(part) for part in reliability(logits[method], own[1], names, seed=seed)]
            for method in dict.fromkeys(("raw", calibration.method))
        },
        "conformal": _coverage(calibration, margins, shares, groups, seed),
        "thresholds": [_reached(t, margins[rows], names, seed) for t in calibration.thresholds],
    }
    values: dict[str, Any] = plain(found)
    return values


def _fitted(calibration: Calibration) -> list[str]:
    there = {
        "raw": True,
        "temperature": calibration.fitted,
        "categories": bool(calibration.category_temperatures),
        "isotonic": calibration.isotonic is not None,
    }
    return [method for method in METHODS if there[method]]


def _coverage(
    calibration: Calibration,
    margins: Doubles,
    shares: Doubles,
    groups: Sequence[str],
    seed: int,
) -> dict[str, Any] | None:
    if calibration.conformal is None or not len(margins):
        return None
    held = calibration.conformal.contains(margins)
    answer = np.where(shares > 0.5, OUTCOMES.index("first"), OUTCOMES.index("tie"))
    inside = held[np.arange(len(margins)), answer].astype(np.float64)
    sizes: NDArray[np.int64] = held.sum(axis=1)
    return {
        "n": len(margins),
        "coverage": mean(inside),
        "interval": bootstrap_interval(inside, groups, seed=seed),
        "sizes": {str(size): int((sizes == size).sum()) for size in (1, 2, 3)},
    }


def _reached(
    threshold: Threshold, margins: Doubles, groups: Sequence[str], seed: int
) -> dict[str, Any]:
    sure = np.zeros(0, dtype=np.int64)
    if threshold.margin is not None:
        sure = np.flatnonzero(np.abs(margins) >= threshold.margin)
    right = credit(margins[sure])
    return {
        "target": threshold.target,
        "n": len(sure),
        "share": len(sure) / len(margins) if len(margins) else None,
        "precision": mean(right),
        "interval": bootstrap_interval(right, picked(groups, sure), seed=seed),
    }
