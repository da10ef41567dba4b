"""Agreement of rankings: Kendall's tau-b of two, Kendall's W of many, ties allowed."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from curation.core.agreement.resample import (
    Agreement,
    Bootstrap,
    Drawn,
    Floats,
    Ints,
    Resampling,
    estimate,
    ratio,
)


@dataclass(frozen=True)
class RankingAgreement:
    """Means over items. ``tau.n`` counts compared pairs of rankings, ``w.n`` items."""

    tau: Agreement
    w: Agreement


def kendall_tau(first: ArrayLike, second: ArrayLike) -> float:
    """Tau-b of two rankings given as ranks or scores of the same things, both the same way up.

    −1 is reversed, 1 the same; NaN where one of them ties everything or there are fewer than two
    things. Raises ValueError for unequal lengths. Kendall (1945).
    """
    signs = _signs(_matrix([first, second]))
    length = np.sqrt((signs**2).sum(axis=1))
    return float(ratio(signs[0] @ signs[1], np.prod(length)))


def kendall_w(ranks: ArrayLike) -> float:
    """W of rankings as rows, shape (n_rankings, n_things), corrected for ties; 0 to 1.

    NaN for fewer than two rankings or things, and where every ranking ties everything.
    Kendall and Babington Smith (1939).
    """
    return float(_concordance(_matrix(ranks)[None])[0])


def ranking_agreement(
    items: Iterable[object],
    annotators: Iterable[object],
    rankings: Iterable[Sequence[float]],
    **resampling: Unpack[Resampling],
) -> RankingAgreement:
    """Mean tau-b over the pairs of rankings of an item, and mean W, each item with equal weight.

    A ranking is its things' ranks (or tier numbers) in one fixed order. Rankings that tie
    everything say nothing and are left out of tau; items left with one ranking are left out.

    Raises ValueError where the inputs, or rankings of one item, differ in length.
    """
    blocks = list(_blocks(_by_item(items, annotators, rankings)))
    taus = [_item_taus(block) for block in blocks]
    tau, pairs = (_joined([found[k] for found in taus]) for k in (0, 1))
    w = _joined([_concordance(block) for block in blocks])
    bootstrap = Bootstrap(**resampling)
    return RankingAgreement(
        tau=_mean(tau, n=int(pairs.sum()), bootstrap=bootstrap),
        w=_mean(w, n=int((~np.isnan(w)).sum()), bootstrap=bootstrap),
    )


def _by_item(
    items: Iterable[object], annotators: Iterable[object], rankings: Iterable[Sequence[float]]
) -> list[list[Sequence[float]]]:
    found: dict[object, list[Sequence[float]]] = defaultdict(list)
    for item, _, ranking in zip(items, annotators, rankings, strict=True):
        found[item].append(ranking)
    for said in found.values():
        if len({len(ranking) for ranking in said}) > 1:
            raise ValueError("Rankings of one item must rank the same number of things.")
    return [said for said in found.values() if len(said) > 1]


def _blocks(items: list[list[Sequence[float]]]) -> Iterable[Floats]:
    """Items of one form at a time, shape (n_items, n_rankings, n_things)."""
    forms: dict[tuple[int, int], list[list[Sequence[float]]]] = defaultdict(list)
    for rankings in items:
        forms[len(rankings), len(rankings[0])].append(rankings)
    return (np.array(block, dtype=float) for _, block in sorted(forms.items()))


def _matrix(rows: object) -> Floats:
    matrix = np.array(rows, dtype=float)
    if matrix.ndim != 2:
        raise ValueError("Rankings are rows of equal length.")
    return matrix


def _signs(ranks: Floats) -> Floats:
    """Which of each two things stands first, −1, 0 or 1; the last axis becomes pairs."""
    left, right = np.triu_indices(ranks.shape[-1], k=1)
    return np.sign(ranks[..., left] - ranks[..., right])


def _item_taus(block: Floats) -> tuple[Floats, Ints]:
    """Each item's mean tau-b over pairs of rankings, and how many pairs.

    With the signs of a ranking scaled to length one, tau-b of two rankings is their product, and
    the products of all pairs follow from the sum of the rankings.
    """
    signs = _signs(block)
    length = np.sqrt((signs**2).sum(axis=2, keepdims=True))
    scaled = np.divide(signs, length, out=np.zeros_like(signs), where=length > 0)
    telling = (length[..., 0] > 0).sum(axis=1)
    ordered_pairs = telling * (telling - 1)
    products = (scaled.sum(axis=1) ** 2).sum(axis=1) - telling
    return ratio(products, ordered_pairs.astype(float)), (ordered_pairs // 2).astype(np.intp)


def _concordance(block: Floats) -> Floats:
    """W of each item: the spread of its rank sums, by the most that these rankings allow.

    A ranking's own spread already lacks what its ties take, so it is the correction for ties.
    """
    n_rankings, n_things = block.shape[1:]
    if n_rankings < 2 or n_things < 2:
        return np.full(len(block), math.nan)
    ranks = rankdata(block, axis=2) - (n_things + 1) / 2
    return ratio((ranks.sum(axis=1) ** 2).sum(axis=1), n_rankings * (ranks**2).sum(axis=(1, 2)))


def _joined(parts: list[NDArray[np.generic]]) -> Floats:
    return np.concatenate([np.zeros(0), *parts]).astype(float)


def _mean(values: Floats, *, n: int, bootstrap: Bootstrap) -> Agreement:
    known = values[~np.isnan(values)]
    return estimate(
        lambda weights: weights @ known / weights.sum(axis=1),
        Drawn(np.ones(len(known), np.intp)),
        n=n,
        bootstrap=bootstrap,
    )
