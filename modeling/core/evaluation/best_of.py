"""Best-of-N: what is gained, and lost, by taking the response that a reward model likes most."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from modeling.core.errors import ModelingError
from modeling.core.evaluation.basics import Doubles, Interval, bootstrap_interval
from modeling.core.files import plain


@dataclass(frozen=True)
class BestOfPoint:
    """The best of `n` samples by the proxy, on average over prompts and over all draws of n.

    `kl` = log n − (n − 1)/n bounds the divergence from the policy (Hilton and Gao, 2022; Gao et
    al., arXiv:2210.10760), in nats. `gold` is the mean score by the independent scorer, with its
    interval over prompts, `proxy` that by the model that chose, in its own units.
    """

    n: int
    kl: float
    sqrt_kl: float
    gold: float
    gold_interval: Interval | None
    proxy: float


@dataclass(frozen=True)
class BestOf:
    """A curve over n for `prompts` prompts.

    `best_n` has the highest gold score. `overoptimised` says whether the last point's gold is
    lower than that of `best_n` by more than chance: the paired interval of the difference lies
    under zero (the proxy goes on rising).
    """

    prompts: int
    points: tuple[BestOfPoint, ...]
    best_n: int
    overoptimised: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        values: dict[str, Any] = plain(asdict(self))
        return values


def best_of_curve(
    proxy: Sequence[Doubles],
    gold: Sequence[Doubles],
    groups: Sequence[str] | None = None,
    *,
    sizes: Sequence[int] | None = None,
    seed: int = 0,
) -> BestOf:
    """The over-optimisation curve: gold against proxy, at n = 1, 2, 4 … up to the samples there.

    `proxy` and `gold` hold each prompt's scores (samples,). A prompt with N samples gives every
    n ≤ N its exact mean over all subsets of n (the unbiased estimator of Nakano et al.,
    arXiv:2112.09332), so prompts need not have equally many; n goes up to the fewest. `groups`
    are resampled, by default the prompts. Raises ModelingError without prompts or samples.
    """
    fewest = min((len(values) for values in proxy), default=0)
    if not fewest or [len(a) for a in proxy] != [len(b) for b in gold]:
        raise ModelingError("Best-of-N needs prompts with at least one sample, scored by both.")
    names = [str(row) for row in range(len(proxy))] if groups is None else list(groups)
    wanted = _doubling(fewest) if sizes is None else [n for n in sizes if 1 <= n <= fewest]
    chosen = {n: _means(proxy, gold, n) for n in wanted}
    points = tuple(_point(n, *chosen[n], names, seed) for n in wanted)
    best = max(points, key=lambda point: point.gold)
    fallen = chosen[wanted[-1]][0] - chosen[best.n][0]
    ends = bootstrap_interval(fallen, names, seed=seed)
    return BestOf(len(proxy), points, best.n, ends is not None and ends[1] < 0)


def _doubling(most: int) -> list[int]:
    sizes = [2**power for power in range(most.bit_length()) if 2**power <= most]
    return sizes if sizes[-1] == most else [*sizes, most]


def _means(proxy: Sequence[Doubles], gold: Sequence[Doubles], n: int) -> tuple[Doubles, Doubles]:
    """Each prompt's expected (gold, proxy) of the best of n."""
    rows = [
        (expected_best(liked, scored, n), expected_best(liked, liked, n))
        for liked, scored in zip(proxy, gold, strict=True)
    ]
    found = np.array(rows, dtype=np.float64)
    return found[:, 0], found[:, 1]


def expected_best(proxy: Doubles, values: Doubles, n: int) -> float:
    """The mean of `values` at the highest `proxy`, over all subsets of n of the samples (N,).

    Sorted by proxy, sample i (from 1) is the highest of C(i − 1, n − 1) of the C(N, n) subsets.
    Samples of equal proxy share, as if ties were broken by lot.
    """
    count = len(proxy)
    _, codes = np.unique(proxy, return_inverse=True)
    order = np.argsort(codes, kind="stable")
    ranks = np.arange(1, count + 1)
    chances = np.exp(_log_choose(ranks - 1, n - 1) - _log_choose(np.array(count), n))
    shared = np.bincount(codes[order], weights=chances) / np.bincount(codes)
    return float(shared[codes] @ values)


def _log_choose(total: NDArray[np.integer], taken: int) -> Doubles:
    """log C(total, taken), −∞ where fewer are there than taken."""
    there = np.maximum(total, taken)
    logs = gammaln(there + 1.0) - gammaln(taken + 1.0) - gammaln(there - taken + 1.0)
    found: Doubles = np.where(total >= taken, logs, -np.inf)
    return found


def divergence(n: int) -> float:
    """log n − (n − 1)/n, in nats."""
    return float(np.log(n) - (n - 1) / n)


def _point(n: int, gold: Doubles, proxy: Doubles, groups: Sequence[str], seed: int) -> BestOfPoint:
    kl = divergence(n)
    return BestOfPoint(
        n=n,
        kl=kl,
        sqrt_kl=float(np.sqrt(kl)),
        gold=float(gold.mean()),
        gold_interval=bootstrap_interval(gold, groups, seed=seed),
        proxy=float(proxy.mean()),
    )
