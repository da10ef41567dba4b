"""Whether a newer checkpoint may take the place of an older one."""

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from modeling.core.evaluation.comparing import (
    Change,
    Comparison,
    Rows,
    common_rows,
    compare_predictions,
    ece_change,
    mean_change,
)
from modeling.core.evaluation.predictions import read_predictions
from modeling.core.files import plain

LEAST_PROMPTS = 30
LEVEL = 0.95


@dataclass(frozen=True)
class Reason:
    """One figure's part in a verdict.

    `code` is "kept", "regressed", "too_few", "no_common" or "no_predictions"; `figure` is
    "accuracy", "nll" or "ece", or empty. `low` and `high` bound new − old at the corrected level.
    `message` says it in a sentence.
    """

    code: str
    figure: str
    difference: float | None
    low: float | None
    high: float | None
    message: str


@dataclass(frozen=True)
class Verdict:
    """`passed` is True, False, or None where there are too few data to tell."""

    passed: bool | None
    reasons: tuple[Reason, ...]
    comparison: Comparison | None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        values: dict[str, Any] = plain(asdict(self))
        return values


def gate(old: Path, new: Path, *, seed: int = 0) -> Verdict:
    """Judge the checkpoint in `new` against the one in `old`, on the test rows of both.

    The new one is refused where accuracy, NLL or ECE is worse by more than chance: where the
    paired interval of the difference, over prompts, lies wholly on the bad side. The level is
    Bonferroni's for the figures that are looked at, so that a model that is as good is refused
    in 2.5 % of cases at most, however many figures there are. Unknown below 30 common prompts.
    """
    before, after = read_predictions(old), read_predictions(new)
    missing = old if before is None else new
    if before is None or after is None:
        message = f"{missing.name} keeps no predictions of single rows, so nothing can be compared."
        return _unknown("no_predictions", message, None)
    return judge(before, after, seed=seed)


def judge(before: Rows, after: Rows, *, seed: int = 0) -> Verdict:
    """`gate` on predictions."""
    comparison = compare_predictions(before, after, seed=seed)
    if not comparison.n:
        return _unknown("no_common", "The two have no test rows in common.", comparison)
    if comparison.groups < LEAST_PROMPTS:
        message = (
            f"The two have {comparison.groups} test prompts in common and the gate needs "
            f"{LEAST_PROMPTS}; judge more prompts."
        )
        return _unknown("too_few", message, comparison)
    reasons = tuple(
        _reason(figure, change) for figure, change in _changes(before, after, seed).items()
    )
    passed = all(reason.code == "kept" for reason in reasons)
    return Verdict(passed=passed, reasons=reasons, comparison=comparison)


def _unknown(code: str, message: str, comparison: Comparison | None) -> Verdict:
    return Verdict(None, (Reason(code, "", None, None, None, message),), comparison)


def _changes(before: Rows, after: Rows, seed: int) -> dict[str, Change]:
    """The figures both have, each with an interval at the level that their number asks for."""
    old, new = common_rows(before, after)
    figures = {
        "accuracy": partial(mean_change, old, new, "correct", seed=seed),
        "nll": partial(mean_change, old, new, "loss", seed=seed),
        "ece": partial(ece_change, old, new, seed=seed),
    }
    known = [name for name, measure in figures.items() if measure() is not None]
    level = 1 - (1 - LEVEL) / max(len(known), 1)
    found = {name: figures[name](level=level) for name in known}
    return {name: change for name, change in found.items() if change is not None}


def _reason(figure: str, change: Change) -> Reason:
    low, high = change.interval or (float("-inf"), float("inf"))
    worse = high < 0 if figure == "accuracy" else low > 0
    code, word = ("regressed", "worse") if worse else ("kept", "not worse beyond chance")
    message = (
        f"{figure} went from {change.old:.3f} to {change.new:.3f} "
        f"({low:+.3f} to {high:+.3f}): {word}."
    )
    return Reason(code, figure, change.difference, low, high, message)
