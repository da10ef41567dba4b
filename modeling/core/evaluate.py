"""How well rewards order held-out pairs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.core.data import PreferenceExample, render
from modeling.core.errors import ModelingError
from modeling.core.evaluation.basics import (
    Floats,
    Interval,
    bootstrap_interval,
    brier_losses,
    calibration_error,
    credit,
    log_losses,
    mean,
    picked,
)
from modeling.core.evaluation.disagreement import Disagreement, disagreement
from modeling.core.evaluation.length_control import LengthControl, length_control
from modeling.core.files import plain

__all__ = [
    "CategoryAccuracy",
    "Failure",
    "MarginHistogram",
    "PairEvaluation",
    "PairText",
    "bootstrap_interval",
    "calibration_error",
    "credit",
    "decided_rows",
    "evaluate_examples",
    "evaluate_pairs",
    "log_losses",
    "margin_histogram",
    "mean",
]

LISTED_FAILURES = 20
_HISTOGRAM_BINS = 20


@dataclass(frozen=True)
class PairText:
    """What a person needs to look at one pair."""

    item: str
    prompt: str
    chosen: str
    rejected: str


@dataclass(frozen=True)
class Failure:
    """A pair in the wrong order; `margin` is reward_chosen − reward_rejected, below zero."""

    row: int
    margin: float
    reward_chosen: float
    reward_rejected: float
    group: str
    category: str
    text: PairText | None


@dataclass(frozen=True)
class MarginHistogram:
    """Pairs by |margin|: bin i holds edges[i] … edges[i + 1]; exact ties count as wrong."""

    edges: tuple[float, ...]
    right: tuple[int, ...]
    wrong: tuple[int, ...]


@dataclass(frozen=True)
class CategoryAccuracy:
    """Accuracy within one category, with the interval that resamples its own groups."""

    n: int
    accuracy: float
    interval: Interval | None = None


@dataclass(frozen=True)
class PairEvaluation:
    """Agreement of rewards with preferences. Figures are None where there is nothing to count.

    `accuracy` is agreement with the side most voted for and counts equal rewards as half;
    `interval` is its 95 % percentile bootstrap over the `groups` groups (of examples: prompts
    with the same opening), None below two. `nll` is the mean of `log_losses` in nats, `ece` the
    `calibration_error`, a probability; both are measured against the share of votes.
    `length_accuracy` is what preferring the longer text would reach, `undecided` the number of
    rows left out since neither side was preferred. `near_failures` are wrong pairs with the
    least |margin|, `sure_failures` those with the greatest. `brier` is the mean of the
    `brier_losses`; `length_control` is None where lengths are unknown, `votes` where all pairs
    have the same share of votes.
    """

    n: int
    groups: int
    accuracy: float | None
    interval: Interval | None
    nll: float | None
    ece: float | None
    length_accuracy: float | None
    by_category: dict[str, CategoryAccuracy]
    margins: MarginHistogram
    near_failures: tuple[Failure, ...]
    sure_failures: tuple[Failure, ...]
    undecided: int = 0
    brier: float | None = None
    length_control: LengthControl | None = None
    votes: Disagreement | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, without NaN."""
        values: dict[str, Any] = plain(asdict(self))
        return values


def evaluate_pairs(
    chosen: Floats,
    rejected: Floats,
    *,
    probabilities: Floats | None = None,
    groups: Sequence[str] | None = None,
    clusters: Sequence[str] | None = None,
    categories: Sequence[str] | None = None,
    lengths: tuple[Floats | NDArray[np.integer], Floats | NDArray[np.integer]] | None = None,
    texts: Sequence[PairText] | None = None,
    undecided: int = 0,
    draws: int = 1000,
    seed: int = 0,
) -> PairEvaluation:
    """Evaluate the rewards (n,) of chosen and rejected sides; all sequences have length n.

    `probabilities` are the shares of votes for the chosen sides, 1 by default. Without `groups`
    every pair is its own; the interval resamples `clusters`, by default the groups. `lengths`
    are those of (chosen, rejected). Raises ModelingError when a reward is not finite.
    """
    margins = np.asarray(chosen, np.float64) - np.asarray(rejected, np.float64)
    if not np.isfinite(margins).all():
        raise ModelingError("Some rewards are not finite; the checkpoint cannot be evaluated.")
    names = [str(row) for row in range(len(margins))] if groups is None else list(groups)
    resampled = names if clusters is None else list(clusters)
    kinds = [""] * len(margins) if categories is None else list(categories)
    correct = credit(margins)
    failures = _failures(np.asarray(chosen), np.asarray(rejected), names, kinds, texts)
    return PairEvaluation(
        n=len(margins),
        groups=len(set(resampled)),
        accuracy=mean(correct),
        interval=bootstrap_interval(correct, resampled, draws=draws, seed=seed),
        nll=mean(log_losses(margins, probabilities)),
        ece=calibration_error(margins, probabilities),
        length_accuracy=None if lengths is None else mean(credit(lengths[0] - lengths[1])),
        by_category=_by_category(correct, kinds, resampled, seed),
        margins=margin_histogram(margins),
        near_failures=tuple(failures[:LISTED_FAILURES]),
        sure_failures=tuple(failures[::-1][:LISTED_FAILURES]),
        undecided=undecided,
        brier=mean(brier_losses(margins, probabilities)),
        length_control=(
            None if lengths is None else length_control(margins, lengths, resampled, seed=seed)
        ),
        votes=disagreement(margins, probabilities),
    )


def evaluate_examples(
    examples: Sequence[PreferenceExample], chosen: Floats, rejected: Floats, *, seed: int = 0
) -> PairEvaluation:
    """Evaluate the rewards of examples, without those that `decided_rows` leaves out.

    Intervals resample openings, since the continuations of one conversation are correlated.
    """
    rows = decided_rows(examples)
    decided = [examples[row] for row in rows]
    return evaluate_pairs(
        np.asarray(chosen)[rows],
        np.asarray(rejected)[rows],
        probabilities=np.array([example.chosen_probability for example in decided]),
        groups=[example.group for example in decided],
        clusters=[example.opening() for example in decided],
        categories=[example.category for example in decided],
        lengths=(
            np.array([len(example.chosen) for example in decided], dtype=np.int64),
            np.array([len(example.rejected) for example in decided], dtype=np.int64),
        ),
        texts=[_text(example) for example in decided],
        undecided=len(examples) - len(decided),
        seed=seed,
    )


def decided_rows(examples: Sequence[PreferenceExample]) -> NDArray[np.int64]:
    """Rows with a preferred side: not tied, and chosen_probability above 0.5."""
    rows = [
        row
        for row, example in enumerate(examples)
        if not example.tied and example.chosen_probability > 0.5
    ]
    return np.array(rows, dtype=np.int64)


def _text(example: PreferenceExample) -> PairText:
    prompt = render(example.prompt, "").removesuffix("Assistant: ").rstrip()
    return PairText(example.item, prompt, example.chosen, example.rejected)


def margin_histogram(margins: NDArray[np.float64]) -> MarginHistogram:
    """Count right and wrong pairs in bins of equal width from 0 to the largest |margin|."""
    if not len(margins):
        return MarginHistogram((), (), ())
    sizes = np.abs(margins)
    edges = np.linspace(0.0, max(float(sizes.max()), 1e-12), _HISTOGRAM_BINS + 1)
    right = np.histogram(sizes[margins > 0], edges)[0]
    wrong = np.histogram(sizes[margins <= 0], edges)[0]
    return MarginHistogram(tuple(edges.tolist()), tuple(right.tolist()), tuple(wrong.tolist()))


def _by_category(
    correct: NDArray[np.float64], categories: Sequence[str], clusters: Sequence[str], seed: int
) -> dict[str, CategoryAccuracy]:
    labels = np.asarray(categories, dtype=np.str_)
    found: dict[str, CategoryAccuracy] = {}
    for name in sorted(set(categories) - {""}):
        rows = np.flatnonzero(labels == name)
        own = picked(clusters, rows)
        found[name] = CategoryAccuracy(
            n=len(rows),
            accuracy=float(correct[rows].mean()),
            interval=bootstrap_interval(correct[rows], own, seed=seed),
        )
    return found


def _failures(
    chosen: Floats,
    rejected: Floats,
    groups: Sequence[str],
    categories: Sequence[str],
    texts: Sequence[PairText] | None,
) -> list[Failure]:
    """Failures from the least |margin| up; only the ends that are shown are built."""
    margins = chosen - rejected
    wrong = np.flatnonzero(margins < 0)
    order = wrong[np.argsort(-margins[wrong], kind="stable")].tolist()
    if len(order) > 2 * LISTED_FAILURES:
        order = order[:LISTED_FAILURES] + order[-LISTED_FAILURES:]
    return [
        Failure(
            row=row,
            margin=float(margins[row]),
            reward_chosen=float(chosen[row]),
            reward_rejected=float(rejected[row]),
            group=groups[row],
            category=categories[row],
            text=None if texts is None else texts[row],
        )
        for row in order
    ]
