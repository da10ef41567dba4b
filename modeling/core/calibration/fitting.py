"""Fitting a calibration on validation pairs."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modeling.core.calibration.calibration import METHODS, Calibration
from modeling.core.calibration.conformal import OUTCOMES, Conformal, fit_conformal
from modeling.core.calibration.maps import (
    fit_category_temperatures,
    fit_isotonic,
    fit_temperature,
)
from modeling.core.calibration.thresholds import fit_threshold
from modeling.core.evaluation.basics import Doubles, log_losses

LEVEL = 0.9
TARGETS = (0.9, 0.95)
LEAST_PROMPTS = 20
_LEAST_FOR_ISOTONIC = 100
_LEAST_IN_CATEGORY = 30
_SURE = 1.645  # standard errors by which a map must be better to be preferred to a simpler one
_FOLDS = 5


def fit_calibration(
    margins: Doubles,
    shares: Doubles,
    groups: Sequence[str],
    categories: Sequence[str] | None = None,
    *,
    level: float = LEVEL,
    targets: Sequence[float] = TARGETS,
) -> Calibration:
    """Fit every map to pairs and choose the one to use.

    `margins` (n,) are reward differences from the sides with a share of votes (n,) of 0.5 or
    more; even pairs only teach the conformal sets what ties look like. The map in use is the
    simplest that is not worse than the best beyond chance (5 %, one-sided), by log loss over five
    folds of prompts. Too few prompts fit nothing, and the reason says so.
    """
    names = np.asarray(groups, dtype=np.str_)
    kinds = np.asarray([""] * len(margins) if categories is None else categories, dtype=np.str_)
    rows = np.flatnonzero(shares > 0.5)
    count = len(set(names[rows]))
    if count < LEAST_PROMPTS:
        return Calibration(n=len(rows), groups=count, reason=_too_few(count))
    decided = (margins[rows], shares[rows], names[rows], kinds[rows])
    return Calibration(
        n=len(rows),
        groups=count,
        method=_chosen(*decided),
        temperature=fit_temperature(margins[rows], shares[rows]),
        category_temperatures=_category_temperatures(margins[rows], shares[rows], kinds[rows]),
        isotonic=(
            fit_isotonic(margins[rows], shares[rows]) if count >= _LEAST_FOR_ISOTONIC else None
        ),
        conformal=_conformal(margins, shares, names, level),
        thresholds=tuple(
            fit_threshold(margins[rows], names[rows].tolist(), target=target) for target in targets
        ),
    )


def _too_few(count: int) -> str:
    return (
        f"The validation split has decided pairs of {count} prompts and calibration needs "
        f"{LEAST_PROMPTS}; collect judgments on more prompts and train again."
    )


def _category_temperatures(
    margins: Doubles, shares: Doubles, kinds: NDArray[np.str_]
) -> dict[str, float]:
    """Of the categories with rows enough; none where that leaves fewer than two."""
    names, counts = np.unique(kinds[kinds != ""], return_counts=True)
    large = names[counts >= _LEAST_IN_CATEGORY]
    if len(large) < 2:
        return {}
    known = np.where(np.isin(kinds, large), kinds, "")
    return fit_category_temperatures(margins, shares, known.tolist())


def _chosen(
    margins: Doubles, shares: Doubles, names: NDArray[np.str_], kinds: NDArray[np.str_]
) -> str:
    losses = _held_out_losses(margins, shares, names, kinds)
    best = min(losses, key=lambda method: float(losses[method].mean()))
    for method in METHODS:
        if method in losses and _as_good(losses[method], losses[best], names):
            return method
    return best


def _held_out_losses(
    margins: Doubles, shares: Doubles, names: NDArray[np.str_], kinds: NDArray[np.str_]
) -> dict[str, Doubles]:
    """Log losses (n,) by method, each row's under the map that did not see its prompt."""
    fold = np.array([_number(name) % _FOLDS for name in names])
    losses: dict[str, Doubles] = {}
    for number in range(_FOLDS):
        train, held = fold != number, fold == number
        if not train.any() or not held.any():
            continue
        found = _candidates(margins[train], shares[train], names[train], kinds[train])
        for method in METHODS:
            if method in ("raw", "temperature") or _offers(found, method):
                logits = found.logits(margins[held], kinds[held].tolist(), method=method)
                losses.setdefault(method, np.full(len(margins), np.nan))[held] = log_losses(
                    logits, shares[held]
                )
    return {method: values for method, values in losses.items() if not np.isnan(values).any()}


def _candidates(
    margins: Doubles, shares: Doubles, names: NDArray[np.str_], kinds: NDArray[np.str_]
) -> Calibration:
    enough = len(set(names)) >= _LEAST_FOR_ISOTONIC * (_FOLDS - 1) / _FOLDS
    return Calibration(
        temperature=fit_temperature(margins, shares),
        category_temperatures=_category_temperatures(margins, shares, kinds),
        isotonic=fit_isotonic(margins, shares) if enough else None,
    )


def _offers(found: Calibration, method: str) -> bool:
    return bool(found.category_temperatures) if method == "categories" else bool(found.isotonic)


def _as_good(losses: Doubles, best: Doubles, names: NDArray[np.str_]) -> bool:
    """Whether the mean difference may be chance, prompts being independent."""
    _, codes = np.unique(names, return_inverse=True)
    difference = losses - best
    sums = np.bincount(codes, weights=difference - difference.mean())
    error = float(np.sqrt((sums**2).sum())) / len(losses)
    return float(difference.mean()) <= _SURE * error


def _conformal(
    margins: Doubles, shares: Doubles, names: NDArray[np.str_], level: float
) -> Conformal | None:
    """One half of the prompts for the probabilities, the other for the threshold."""
    outcomes = np.where(shares > 0.5, OUTCOMES.index("first"), OUTCOMES.index("tie"))
    first = np.array([_number(name) // _FOLDS % 2 == 0 for name in names], dtype=bool)
    return fit_conformal(
        (margins[first], outcomes[first]), (margins[~first], outcomes[~first]), level=level
    )


def _number(name: str) -> int:
    """A number that only the name decides, so that equal data are cut alike."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
