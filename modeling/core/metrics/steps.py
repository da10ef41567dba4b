"""How well wrong steps are told from right ones."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from modeling.core.data import StepwiseExample
from modeling.core.evaluate import credit, log_losses, mean
from modeling.core.metrics.common import (
    Doubles,
    Evaluation,
    Interval,
    check_finite,
    counts,
    interval,
    majority,
)


@dataclass(frozen=True)
class Located:
    """How the first errors of `n` solutions are found.

    `found` is how often the first wrong step is the first one called wrong in solutions with an
    error, `cleared` how often none is in the others, `f1` their harmonic mean (ProcessBench:
    Zheng et al., arXiv:2412.06559).
    """

    n: int
    found: float | None
    cleared: float | None
    f1: float | None


@dataclass(frozen=True)
class StepEvaluation(Evaluation):
    """`accuracy` and `nll` over `steps` steps; `cut` more did not fit and were not measured.

    `found`, `cleared` and `first_error_f1` are those of `Located`, with `wrong` solutions that
    have an error; `f1_by_subset` has them by category and `first_error_f1_mean` is the mean of
    the subsets' F1, as ProcessBench reports it. `step_f1` is the F1 of calling single steps
    wrong. `class_accuracy` is that of three classes where the model has them.
    """

    steps: int
    cut: int
    accuracy: float | None
    interval: Interval | None
    nll: float | None
    majority: float | None
    wrong: int
    found: float | None
    cleared: float | None
    first_error_f1: float | None
    class_accuracy: float | None
    step_f1: float | None = None
    f1_by_subset: dict[str, Located] = field(default_factory=dict)
    first_error_f1_mean: float | None = None


def evaluate_steps(
    examples: Sequence[StepwiseExample],
    scores: Sequence[Doubles],
    *,
    classes: Sequence[NDArray[np.int64]] | None = None,
    seed: int = 0,
) -> StepEvaluation:
    """Evaluate the log-odds that steps are not wrong, of as many steps of each as were read.

    `classes` are the steps' predicted ratings, where the model tells three.
    """
    check_finite(scores)
    read = [len(values) for values in scores]
    labels = _steps([example.labels for example in examples], read)
    odds = _steps(scores, read)
    right = credit(np.where(labels, odds, -odds))
    openings = [e.opening() for e, count in zip(examples, read, strict=True) for _ in range(count)]
    located, subsets = locate(examples, scores), _by_subset(examples, scores)
    return StepEvaluation(
        **counts(examples),
        steps=sum(read),
        cut=sum(len(example.steps) for example in examples) - sum(read),
        accuracy=mean(right),
        interval=interval(right, openings, seed),
        nll=mean(log_losses(odds, _steps([example.soft_labels for example in examples], read))),
        majority=majority(labels.tolist()),
        wrong=sum(example.first_error >= 0 for example in examples),
        found=located.found,
        cleared=located.cleared,
        first_error_f1=located.f1,
        class_accuracy=_class_accuracy(examples, classes, read),
        step_f1=_step_f1(odds, labels),
        f1_by_subset=subsets,
        first_error_f1_mean=_mean_f1(subsets),
    )


def _steps(values: Sequence[Sequence[Any] | NDArray[Any]], read: Sequence[int]) -> Doubles:
    """The first `read` entries of each, one after another."""
    parts = [np.asarray(row[:count]) for row, count in zip(values, read, strict=True)]
    return np.concatenate([np.zeros(0), *parts]).astype(np.float64)


def locate(
    examples: Sequence[StepwiseExample], scores: Sequence[Doubles], threshold: float = 0.0
) -> Located:
    """Where first errors are found, when a step under `threshold` (in log-odds) is called wrong."""
    low, high = _hit_ranges(examples, scores)
    return _located(examples, (low < threshold) & (threshold <= high))


def _hit_ranges(
    examples: Sequence[StepwiseExample], scores: Sequence[Doubles]
) -> tuple[Doubles, Doubles]:
    """The thresholds t that treat each example rightly: low < t ≤ high, (n,) each.

    The first wrong step must lie under t and none before it; without one, none at all. A step
    that was not read cannot be found.
    """
    low, high = np.full(len(examples), -np.inf), np.full(len(examples), np.inf)
    for row, (example, values) in enumerate(zip(examples, scores, strict=True)):
        first = example.first_error
        before = values if first < 0 else values[:first]
        high[row] = min(before, default=np.inf)
        if first >= 0:
            low[row] = values[first] if first < len(values) else np.inf
    return low, high


def _located(examples: Sequence[StepwiseExample], hit: NDArray[np.bool_]) -> Located:
    wrong = np.array([example.first_error >= 0 for example in examples], dtype=bool)
    found, cleared = mean(hit[wrong].astype(float)), mean(hit[~wrong].astype(float))
    return Located(len(examples), found, cleared, _harmonic(found, cleared))


def _by_subset(
    examples: Sequence[StepwiseExample], scores: Sequence[Doubles], threshold: float = 0.0
) -> dict[str, Located]:
    found = {}
    for name in sorted({example.category for example in examples} - {""}):
        rows = [row for row, example in enumerate(examples) if example.category == name]
        own = [examples[row] for row in rows]
        found[name] = locate(own, [scores[row] for row in rows], threshold)
    return found


def _mean_f1(subsets: dict[str, Located]) -> float | None:
    """None where a subset lacks solutions with or without an error."""
    values = [part.f1 for part in subsets.values()]
    known = [value for value in values if value is not None]
    return mean(np.array(known)) if len(known) == len(values) else None


def _step_f1(odds: Doubles, labels: Doubles) -> float | None:
    """F1 of calling a step wrong: 2·hits / (called wrong + wrong); None where no step is either."""
    called, wrong = odds < 0, labels == 0
    either = int(called.sum() + wrong.sum())
    return 2 * int((called & wrong).sum()) / either if either else None


def at_chosen_threshold(
    validation: Sequence[StepwiseExample],
    validation_scores: Sequence[Doubles],
    test: Sequence[StepwiseExample],
    test_scores: Sequence[Doubles],
) -> dict[str, Any] | None:
    """First errors of test solutions at the threshold with the greatest F1 on validation.

    ProcessBench gives each model the threshold that suits it, chosen on other solutions. None
    where validation lacks solutions with or without an error.
    """
    threshold = choose_threshold(validation, validation_scores)
    if threshold is None:
        return None
    located, subsets = (
        locate(test, test_scores, threshold),
        _by_subset(test, test_scores, threshold),
    )
    return {
        "threshold": threshold,
        "found": located.found,
        "cleared": located.cleared,
        "first_error_f1": located.f1,
        "f1_by_subset": {name: asdict(part) for name, part in subsets.items()},
        "first_error_f1_mean": _mean_f1(subsets),
    }


def choose_threshold(
    examples: Sequence[StepwiseExample], scores: Sequence[Doubles]
) -> float | None:
    """The threshold with the greatest `Located.f1`, the one nearest to 0 among equals."""
    low, high = _hit_ranges(examples, scores)
    ends = np.concatenate([low, high])
    ends = np.unique(ends[np.isfinite(ends)])
    candidates = np.concatenate([[0.0], (ends[1:] + ends[:-1]) / 2])
    candidates = candidates[np.argsort(np.abs(candidates), kind="stable")]
    wrong = np.array([example.first_error >= 0 for example in examples], dtype=bool)
    found = _hits(low[wrong], high[wrong], candidates)
    cleared = _hits(low[~wrong], high[~wrong], candidates)
    if found is None or cleared is None:
        return None
    harmonic = 2 * found * cleared / np.maximum(found + cleared, 1e-300)
    return float(candidates[int(harmonic.argmax())])


def _hits(low: Doubles, high: Doubles, candidates: Doubles) -> Doubles | None:
    """The share of ranges low < t ≤ high that hold each candidate t; None of no ranges."""
    if not len(low):
        return None
    begun = np.searchsorted(np.sort(low), candidates, side="left")
    ended = np.searchsorted(np.sort(np.maximum(low, high)), candidates, side="left")
    shares: Doubles = (begun - ended) / len(low)
    return shares


def _harmonic(first: float | None, second: float | None) -> float | None:
    if first is None or second is None:
        return None
    return 2 * first * second / (first + second) if first + second else 0.0


def _class_accuracy(
    examples: Sequence[StepwiseExample],
    classes: Sequence[NDArray[np.int64]] | None,
    read: Sequence[int],
) -> float | None:
    if classes is None:
        return None
    ratings = _steps([example.ratings or () for example in examples], read)
    return mean((ratings == _steps(classes, read)).astype(np.float64))


def good_log_odds(logits: Doubles) -> Doubles:
    """Log-odds (n,) that steps are not wrong, from logits (n, 1), or (n, 3) from wrong up."""
    if logits.shape[1] == 1:
        return logits[:, 0]
    odds: Doubles = logsumexp(logits[:, 1:], axis=1) - logits[:, 0]
    return odds
