"""Whether a model is less sure where people disagree."""

from dataclasses import dataclass

import numpy as np

from modeling.core.evaluation.basics import Doubles, Floats, credit

_EDGES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class VoteBin:
    """Pairs whose chosen side got a share of votes from `low` up to `high`.

    `share`, `margin` (|reward difference|), `signed_margin` and `accuracy` are means.
    """

    low: float
    high: float
    n: int
    share: float
    margin: float
    signed_margin: float
    accuracy: float


@dataclass(frozen=True)
class Disagreement:
    """Margins against the votes; unanimous pairs have a bin of their own, from 1 to 1.

    `rank_correlation` is Spearman's, of vote share and |margin| over the `n` pairs: above zero a
    model is surer where people are. None where one of them is constant.
    """

    n: int
    rank_correlation: float | None
    bins: tuple[VoteBin, ...]


def disagreement(margins: Doubles, shares: Floats | None) -> Disagreement | None:
    """Margins (n,) against the chosen sides' shares of votes (n,), 0.5 to 1.

    None where the shares are unknown or all the same: then there is nothing to compare.
    """
    if shares is None or not len(margins) or np.ptp(shares) == 0:
        return None
    votes = np.asarray(shares, np.float64)
    place = np.digitize(votes, _EDGES) - 1
    return Disagreement(
        n=len(margins),
        rank_correlation=rank_correlation(votes, np.abs(margins)),
        bins=tuple(_bin(number, margins, votes, place == number) for number in np.unique(place)),
    )


def _bin(number: int, margins: Doubles, votes: Doubles, rows: Doubles) -> VoteBin:
    own = margins[rows]
    return VoteBin(
        low=_EDGES[number],
        high=_EDGES[min(number + 1, len(_EDGES) - 1)],
        n=len(own),
        share=float(votes[rows].mean()),
        margin=float(np.abs(own).mean()),
        signed_margin=float(own.mean()),
        accuracy=float(credit(own).mean()),
    )


def rank_correlation(first: Doubles, second: Doubles) -> float | None:
    """Spearman's rank correlation with mean ranks for ties; None where one side is constant."""
    from scipy.stats import rankdata

    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(np.corrcoef(rankdata(first), rankdata(second))[0, 1])
