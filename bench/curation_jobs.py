"""The jobs of curation on fixed seeds: data with a planted truth, ours and peers, and a score."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import curation_peers as peers
from bench.curation_texts import Planted, planted_texts
from curation.core.aggregate import aggregate_labels, fit_bradley_terry, fit_plackett_luce
from curation.core.agreement import krippendorff_alpha
from curation.core.dedupe import near_duplicate_pairs

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
TEXTS = 100_000
LABELS, CLASSES, WORKERS = 1_000_000, 4, 1_000
COMPARISONS, MODELS, SPARSE = 1_000_000, 500, 100_000
RANKINGS, RANKED, ITEMS = 100_000, 5, 1_000
RATINGS, RATERS, POINTS = 1_000_000, 5, 5


@dataclass(frozen=True)
class Job:
    """What is done, by whom, and how a result is scored against the planted truth."""

    title: str
    data: Callable[[], Any]
    systems: Mapping[str, Callable[[Any], Any]]
    score: Callable[[Any, Any], str]


@dataclass(frozen=True)
class Votes:
    """Labels with the true label of each item; ids are the items' codes."""

    items: Ints
    annotators: Ints
    labels: Ints
    truth: Ints


@dataclass(frozen=True)
class Duels:
    """Comparisons, 1 where the left one won, with the true log-strengths."""

    left: Ints
    right: Ints
    outcome: Floats
    strengths: Floats


@cache
def texts() -> Planted:
    """100,000 texts, a fifth of them copies."""
    return planted_texts(TEXTS, 0.2, seed=0)


@cache
def votes() -> Votes:
    """Ten labels an item by annotators who are right 40 to 95 % of the time."""
    rng = np.random.default_rng(0)
    items = np.repeat(np.arange(LABELS // 10), 10)
    annotators = rng.integers(WORKERS, size=LABELS)
    truth = rng.choice(CLASSES, size=LABELS // 10, p=[0.5, 0.25, 0.15, 0.1])
    skill = rng.uniform(0.4, 0.95, WORKERS)
    right = rng.random(LABELS) < skill[annotators]
    other = (truth[items] + rng.integers(1, CLASSES, LABELS)) % CLASSES
    return Votes(items, annotators, np.where(right, truth[items], other), truth)


@cache
def duels(n: int) -> Duels:
    """Comparisons of random pairs of n items with unit-Gaussian log-strengths."""
    rng = np.random.default_rng(1)
    strengths = rng.normal(size=n)
    left = rng.integers(n, size=COMPARISONS)
    right = (left + rng.integers(1, n, size=COMPARISONS)) % n
    won = rng.random(COMPARISONS) < 1 / (1 + np.exp(strengths[right] - strengths[left]))
    return Duels(left, right, won.astype(float), strengths)


@cache
def rankings() -> tuple[list[tuple[int, ...]], Floats]:
    """Rankings of five of 1,000 items each, by Plackett–Luce."""
    rng = np.random.default_rng(2)
    strengths = rng.normal(size=ITEMS)
    asked = rng.integers(ITEMS, size=(2 * RANKINGS, RANKED))
    distinct = (np.diff(np.sort(asked, axis=1), axis=1) > 0).all(axis=1)
    asked = asked[distinct][:RANKINGS]
    order = np.argsort(-(strengths[asked] + rng.gumbel(size=asked.shape)), axis=1)
    ranked = np.take_along_axis(asked, order, axis=1)
    return [tuple(row) for row in ranked.tolist()], strengths


@cache
def ratings() -> Floats:
    """Five raters of 200,000 items on five points, as a table of raters by items."""
    rng = np.random.default_rng(3)
    n = RATINGS // RATERS
    given = rng.normal(size=n) + rng.normal(size=(RATERS, n))
    return np.clip(np.rint(given + 3), 1, POINTS)


def _near_ours(planted: Planted) -> peers.Pairs:
    found = near_duplicate_pairs(planted.texts, threshold=planted.threshold)
    return set(zip(found.left.tolist(), found.right.tolist(), strict=True))


def _recall_and_precision(planted: Planted, found: peers.Pairs) -> str:
    truth = set(zip(planted.left.tolist(), planted.right.tolist(), strict=True))
    hit = len(found & truth)
    return f"recall {hit / len(truth):.4f}, precision {hit / max(1, len(found)):.4f}"


def _accuracy(given: Votes, found: Any) -> str:
    return f"accuracy {float((np.asarray(found) == given.truth).mean()):.4f}"


def _rmse(given: Duels, found: Any) -> str:
    return f"RMSE {_centred_rmse(np.asarray(found), given.strengths):.4f}"


def _centred_rmse(found: Floats, truth: Floats) -> float:
    return float(np.sqrt(np.mean((found - found.mean() - truth + truth.mean()) ** 2)))


def _alpha_ours(table: Floats) -> float:
    raters, items = np.indices(table.shape)
    found = krippendorff_alpha(
        items.ravel(), raters.ravel(), table.ravel(), level="ordinal", draws=0
    )
    return found.value


def _duel_systems(*others: tuple[str, Callable[..., Any]]) -> dict[str, Callable[[Duels], Any]]:
    def ours(given: Duels) -> Any:
        """With the prior that the strengths were drawn from, which logistic regression has too."""
        return fit_bradley_terry(given.left, given.right, given.outcome, prior=1.0).strengths

    def wrapped(peer: Callable[..., Any]) -> Callable[[Duels], Any]:
        return lambda given: peer(given.left, given.right, given.outcome, len(given.strengths))

    return {"tiebreak": ours, **{name: wrapped(peer) for name, peer in others}}


JOBS: Mapping[str, Job] = {
    "near": Job(
        f"Near-duplicates, {TEXTS:,} texts, J ≥ 0.7",
        texts,
        {
            "tiebreak": _near_ours,
            "gaoya": lambda given: peers.near_gaoya(given.texts),
            "rensa": lambda given: peers.near_rensa(given.texts),
            "datasketch": lambda given: peers.near_datasketch(given.texts),
        },
        _recall_and_precision,
    ),
    "labels": Job(
        f"Dawid–Skene, {LABELS:,} labels",
        votes,
        {
            "tiebreak": lambda v: (
                aggregate_labels(v.items, v.annotators, v.labels, method="dawid_skene").labels
            ),
            "crowd-kit": lambda v: peers.labels_crowd_kit(v.items, v.annotators, v.labels),
        },
        _accuracy,
    ),
    "comparisons": Job(
        f"Bradley–Terry, {COMPARISONS:,} comparisons, {MODELS} models",
        lambda: duels(MODELS),
        _duel_systems(
            ("evalica", peers.strengths_evalica),
            ("choix", peers.strengths_choix),
            ("scikit-learn", peers.strengths_logistic),
        ),
        _rmse,
    ),
    "sparse": Job(
        f"Bradley–Terry, {COMPARISONS:,} comparisons, {SPARSE:,} items",
        lambda: duels(SPARSE),
        _duel_systems(("scikit-learn", peers.strengths_logistic)),
        _rmse,
    ),
    "rankings": Job(
        f"Plackett–Luce, {RANKINGS:,} rankings of {RANKED} of {ITEMS:,} items",
        rankings,
        {
            "tiebreak": lambda given: (
                fit_plackett_luce(
                    [tuple((item,) for item in one) for one in given[0]], n_items=ITEMS
                ).strengths
            ),
            "choix": lambda given: peers.rankings_choix(given[0], ITEMS),
        },
        lambda given, found: f"RMSE {_centred_rmse(np.asarray(found), given[1]):.4f}",
    ),
    "alpha": Job(
        f"Krippendorff's alpha, {RATINGS:,} ratings, ordinal",
        ratings,
        {
            "tiebreak": _alpha_ours,
            "krippendorff": peers.alpha_krippendorff,
            "evalica": peers.alpha_evalica,
        },
        lambda given, found: f"alpha {found:.6f}",
    ),
}


def measure(job: Job, system: str) -> dict[str, Any]:
    """Run one system on a job once, in this process: seconds, peak memory over the data's, score.

    What a library loads or compiles at its first call counts, as it does for whoever calls it.
    """
    given = job.data()
    before = _peak()
    started = time.perf_counter()
    found = job.systems[system](given)
    seconds = time.perf_counter() - started
    return {
        "seconds": seconds,
        "peak_mib": _peak() - before,
        "score": job.score(given, found),
    }


def _peak() -> float:
    """Peak resident memory of this process in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024
