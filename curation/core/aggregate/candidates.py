"""Ways to aggregate, compared on judgments that they have not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from curation.core.aggregate.newton import Floats, Ints

MARGIN = 2.0
LEAST_UNITS = 20


@dataclass(frozen=True, slots=True)
class Candidate:
    """How well one method foretold held-out judgments.

    `log_likelihood` is the mean over judgments, `stderr` the standard error of its distance to
    the best candidate's, over independent units; 0 for the best, infinite where fewer than
    `LEAST_UNITS` of them cannot tell.
    """

    method: str
    log_likelihood: float
    stderr: float


def compare(scores: Mapping[str, Floats], unit: Ints) -> tuple[Candidate, ...]:
    """Compare methods by the log-likelihoods of the same judgments; best first.

    `unit` (n_judgments,) says what each judgment is of; judgments of one unit are not taken to be
    independent. Of equally good methods the one named first comes first.
    """
    means = {method: float(values.mean()) for method, values in scores.items()}
    best = max(means, key=means.__getitem__)
    found = [
        Candidate(method, means[method], _stderr(values - scores[best], unit))
        for method, values in scores.items()
    ]
    return tuple(sorted(found, key=lambda candidate: -candidate.log_likelihood))


def preferred(candidates: Sequence[Candidate], plain: str) -> str:
    """The best candidate's method if it beats the plain one by more than `MARGIN` errors.

    Where the held-out judgments do not tell them apart, the one that assumes least is taken.
    """
    best = candidates[0]
    simple = next(candidate for candidate in candidates if candidate.method == plain)
    ahead = best.log_likelihood - simple.log_likelihood
    return best.method if ahead > MARGIN * simple.stderr else plain


def reason_for(candidates: Sequence[Candidate], taken: str, what: str) -> str:
    """Say in a sentence why auto took this method of the candidates."""
    said = ", ".join(f"{one.method} {one.log_likelihood:.4f}" for one in candidates)
    if len(candidates) == 1:
        return f"auto took {taken}: it was the only candidate."
    if taken == candidates[0].method:
        why = f"it foretold held-out {what} best"
    else:
        why = f"none foretold held-out {what} better by more than {MARGIN:g} standard errors"
    return f"auto took {taken}: {why} (mean log-likelihood: {said})."


def _stderr(gaps: Floats, unit: Ints) -> float:
    """The standard error of a mean whose terms belong to units."""
    n = len(gaps)
    sums = np.bincount(unit, weights=gaps - gaps.mean())
    n_units = int((np.bincount(unit) > 0).sum())
    if n_units < LEAST_UNITS:
        return float("inf") if gaps.any() else 0.0
    return float(np.sqrt((sums**2).sum() * n_units / (n_units - 1)) / n)
