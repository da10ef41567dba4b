"""Two checkpoints compared row by row, from the predictions that they hold: no torch."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import betainc, logit

from modeling.core.calibration.measures import resampled_errors
from modeling.core.errors import CheckpointError
from modeling.core.evaluation.basics import Doubles, Interval, percentiles, resampled
from modeling.core.evaluation.predictions import FILE, ItemPrediction, read_predictions
from modeling.core.files import plain

LISTED_FLIPS = 200
_DRAWS = 2000
_FARTHEST = 1e-12  # of a probability from 0 and 1, so that its log-odds are finite
Rows = Sequence[ItemPrediction]


@dataclass(frozen=True)
class Change:
    """A figure of both models on the same `n` rows, and `difference` = new − old.

    `interval` is the difference's 95 % interval, drawing prompts for both models alike; None
    below two prompts.
    """

    n: int
    old: float
    new: float
    difference: float
    interval: Interval | None


@dataclass(frozen=True)
class McNemar:
    """Rows that only the new model has right (`gained`) and that only the old one has (`lost`).

    `p` is the two-sided probability of so uneven a split by chance (exact binomial test:
    McNemar, 1947). Rows count as independent here; the intervals heed prompts.
    """

    gained: int
    lost: int
    p: float


@dataclass(frozen=True)
class Flip:
    """A row that one model has right and the other not; `item` and `key` find its texts."""

    key: str
    item: str
    group: str
    category: str
    old_correct: float
    new_correct: float
    old_margin: float | None
    new_margin: float | None


@dataclass(frozen=True)
class Comparison:
    """The `n` common rows of two models, of `groups` prompts; figures they lack are None.

    `nll` is of calibrated probabilities where they are kept (of ratings, the squared error),
    `ece` of pairs only. `flips` lists those with the greatest change of margin first.
    """

    n: int
    groups: int
    old_only: int
    new_only: int
    accuracy: Change | None
    nll: Change | None
    ece: Change | None
    mcnemar: McNemar | None
    by_category: dict[str, Change]
    flips: tuple[Flip, ...]
    n_flips: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        values: dict[str, Any] = plain(asdict(self))
        return values


def compare(old: Path, new: Path, *, seed: int = 0) -> Comparison:
    """Compare two checkpoint directories on the test rows that both hold.

    Rows match by their texts, so the checkpoints may come from different dataset versions; a
    pair whose majority has changed sides since is another row. Raises CheckpointError where a
    checkpoint keeps no predictions.
    """
    return compare_predictions(_predictions(old), _predictions(new), seed=seed)


def _predictions(checkpoint: Path) -> list[ItemPrediction]:
    found = read_predictions(checkpoint)
    if found is None:
        raise CheckpointError(
            f"{checkpoint.name} holds no {FILE}: it was trained by an earlier version. Train it "
            "again to compare it item by item."
        )
    return found


def compare_predictions(old: Rows, new: Rows, *, seed: int = 0) -> Comparison:
    """Compare predictions; see `compare`."""
    before, after = common_rows(old, new)
    flips = _flips(before, after)
    return Comparison(
        n=len(before),
        groups=len({row.group for row in before}),
        old_only=len(_by_key(old)) - len(before),
        new_only=len(_by_key(new)) - len(before),
        accuracy=mean_change(before, after, "correct", seed=seed),
        nll=mean_change(before, after, "loss", seed=seed),
        ece=ece_change(before, after, seed=seed),
        mcnemar=_mcnemar(before, after),
        by_category=_by_category(before, after, seed),
        flips=tuple(flips[:LISTED_FLIPS]),
        n_flips=len(flips),
    )


def common_rows(old: Rows, new: Rows) -> tuple[list[ItemPrediction], list[ItemPrediction]]:
    """The rows of both, in one order."""
    ours, theirs = _by_key(old), _by_key(new)
    keys = [key for key in ours if key in theirs]
    return [ours[key] for key in keys], [theirs[key] for key in keys]


def _by_key(rows: Rows) -> dict[str, ItemPrediction]:
    """The first row of each key: the same texts twice say the same."""
    found: dict[str, ItemPrediction] = {}
    for row in rows:
        found.setdefault(row.key, row)
    return found


def mean_change(
    before: Rows, after: Rows, name: str, *, level: float = 0.95, seed: int = 0
) -> Change | None:
    """Change of the mean of a figure over the rows where both have it; None where none do."""
    rows = _known(before, after, name)
    if not rows:
        return None
    values = _values(before, after, name, rows)

    def means(weights: Doubles) -> Doubles:
        found: Doubles = weights @ (values[1] - values[0]) / weights.sum(axis=1)
        return found

    ends = _ends(means, [before[row].group for row in rows], level, seed)
    return _change(len(rows), float(values[0].mean()), float(values[1].mean()), ends)


def ece_change(before: Rows, after: Rows, *, level: float = 0.95, seed: int = 0) -> Change | None:
    """Change of the calibration error over the pairs of which both have a probability.

    The draws are reflected at the estimate, as those of `measures.ece_interval`.
    """
    rows = _known(before, after, "probability")
    if not rows:
        return None
    chances = np.clip(_values(before, after, "probability", rows), _FARTHEST, 1 - _FARTHEST)
    shares = np.array([after[row].share for row in rows], dtype=np.float64)
    logits = logit(chances)

    def errors(weights: Doubles) -> Doubles:
        return resampled_errors(logits[1], shares, weights) - resampled_errors(
            logits[0], shares, weights
        )

    once = np.ones((1, len(rows)))
    old, new = (float(resampled_errors(values, shares, once)[0]) for values in logits)
    ends = _ends(errors, [before[row].group for row in rows], level, seed)
    if ends is not None:
        ends = 2 * (new - old) - ends[1], 2 * (new - old) - ends[0]
    return _change(len(rows), old, new, ends)


def _known(before: Rows, after: Rows, name: str) -> list[int]:
    pairs = enumerate(zip(before, after, strict=True))
    return [
        row
        for row, (old, new) in pairs
        if getattr(old, name) is not None and getattr(new, name) is not None
    ]


def _values(before: Rows, after: Rows, name: str, rows: Sequence[int]) -> Doubles:
    """A figure of both models, (2, rows)."""
    found = [[getattr(side[row], name) for row in rows] for side in (before, after)]
    return np.array(found, dtype=np.float64)


def _ends(
    statistic: Callable[[Doubles], Doubles], groups: Sequence[str], level: float, seed: int
) -> Interval | None:
    drawn = resampled(statistic, groups, draws=_DRAWS, seed=seed)
    return None if drawn is None else percentiles(drawn, level)


def _change(n: int, old: float, new: float, interval: Interval | None) -> Change:
    return Change(n=n, old=old, new=new, difference=new - old, interval=interval)


def _mcnemar(before: Rows, after: Rows) -> McNemar | None:
    rows = _known(before, after, "correct")
    if not rows:
        return None
    old, new = _values(before, after, "correct", rows) > 0.5
    gained, lost = int((new & ~old).sum()), int((old & ~new).sum())
    return McNemar(gained, lost, binomial_p(gained, lost))


def binomial_p(first: int, second: int) -> float:
    """Two-sided probability that a fair coin splits first + second throws as unevenly."""
    fewer, total = min(first, second), first + second
    if first == second:
        return 1.0
    tail = betainc(total - fewer, fewer + 1, 0.5)  # of `fewer` or less
    return min(1.0, 2 * float(tail))


def _by_category(before: Rows, after: Rows, seed: int) -> dict[str, Change]:
    found = {}
    for name in sorted({row.category for row in after} - {""}):
        rows = [row for row, prediction in enumerate(after) if prediction.category == name]
        change = mean_change(
            [before[row] for row in rows], [after[row] for row in rows], "correct", seed=seed
        )
        if change is not None:
            found[name] = change
    return found


def _flips(before: Rows, after: Rows) -> list[Flip]:
    rows = [
        row
        for row in _known(before, after, "correct")
        if (before[row].correct or 0) != (after[row].correct or 0)
    ]
    found = [_flip(before[row], after[row]) for row in rows]
    return sorted(found, key=lambda flip: (-_moved(flip), flip.key))


def _flip(old: ItemPrediction, new: ItemPrediction) -> Flip:
    return Flip(
        key=new.key,
        item=new.item,
        group=new.group,
        category=new.category,
        old_correct=old.correct or 0.0,
        new_correct=new.correct or 0.0,
        old_margin=old.margin,
        new_margin=new.margin,
    )


def _moved(flip: Flip) -> float:
    if flip.old_margin is None or flip.new_margin is None:
        return 0.0
    return abs(flip.new_margin - flip.old_margin)
