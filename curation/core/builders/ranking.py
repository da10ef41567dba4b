"""Ranking rows: one order of an item's responses from all its rankings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from curation.core.aggregate import aggregate_rankings, mean_rank_tiers
from curation.core.builders.candidate import Candidate, Context, grouped, people_first
from curation.core.records import Ranking
from curation.core.rows import RankingRow
from curation.core.votes import fitted_notes, steady


@dataclass(frozen=True, slots=True)
class _Order:
    """An item's tiers of response keys, best first, and a score for each key."""

    tiers: Sequence[Sequence[Any]]
    scores: Mapping[Any, float]


def ranking_candidates(judgments: Sequence[Ranking], context: Context) -> Iterator[Candidate]:
    """One candidate per item: its responses in the order that all its rankings come to.

    Dropped are items whose responses are all identical, and those where all end in one tier. Mean
    ranks, and what is told of the votes, are the people's where there are any.
    """
    items = grouped(judgments, lambda vote: vote.item)
    orders = _orders(items, context)
    for item, votes in items.items():
        yield _candidate(votes, orders[item], context)


def _orders(items: dict[str, list[Ranking]], context: Context) -> dict[str, _Order]:
    if context.method == "mean_rank" or not items:
        context.notes.update(aggregate="mean_rank", aggregate_converged=True)
        return {item: _mean_order(people_first(votes)) for item, votes in items.items()}
    votes = [vote for ranked in items.values() for vote in ranked]
    fitted = aggregate_rankings(
        [vote.item for vote in votes],
        [vote.voter for vote in votes],
        [vote.tiers for vote in votes],
        method=context.method,
        seed=context.seed,
    )
    context.notes.update(fitted_notes(fitted))
    if fitted.method == "mean_rank":
        return {item: _mean_order(people_first(votes)) for item, votes in items.items()}
    return {
        str(item): _Order(tiers, dict(zip(keys, map(steady, scores), strict=True)))
        for item, tiers, keys, scores in zip(
            fitted.groups, fitted.tiers, fitted.keys, fitted.scores, strict=True
        )
    }


def _mean_order(votes: Sequence[Ranking]) -> _Order:
    """Order by mean rank; the score is minus that rank, 0 for one that everybody put first."""
    places: dict[str, list[float]] = {}
    for vote in votes:
        position = 0
        for tier in vote.tiers:
            for key in tier:
                places.setdefault(key, []).append(position + (len(tier) - 1) / 2)
            position += len(tier)
    scores = {key: -float(np.mean(given)) for key, given in places.items()}
    return _Order(mean_rank_tiers([vote.tiers for vote in votes]), scores)


def _candidate(votes: Sequence[Ranking], order: _Order, context: Context) -> Candidate:
    first, counted = votes[0], people_first(votes)
    identical = len({context.identity[key] for key in first.responses}) < 2
    reason = "identical_responses" if identical else "tie" if len(order.tiers) == 1 else ""
    return Candidate(
        item=first.item,
        row=None if reason else _row(votes, order, context),
        votes=len(counted),
        unanimous=len({_comparable(vote) for vote in counted}) == 1,
        agreement=_agreement(counted, order),
        probability=_agreement(counted, order),
        reason=reason,
    )


def _comparable(ranking: Ranking) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(tier) for tier in ranking.tiers)


def _agreement(votes: Sequence[Ranking], order: _Order) -> float:
    """Share of the votes' ordered pairs that stand the same way in the order; 1 without any."""
    final = _places(order.tiers)
    agreed = total = 0
    for place in (_places(vote.tiers) for vote in votes):
        for one, other in combinations(sorted(place), 2):
            said, came = place[one] - place[other], final[one] - final[other]
            total += said != 0
            agreed += said * came > 0
    return agreed / total if total else 1.0


def _places(tiers: Sequence[Sequence[str]]) -> dict[str, int]:
    return {key: place for place, tier in enumerate(tiers) for key in tier}


def _row(votes: Sequence[Ranking], order: _Order, context: Context) -> RankingRow:
    first = votes[0]
    index = {key: position for position, key in enumerate(first.responses)}
    words = (vote.rationale for vote in votes)
    return RankingRow(
        **context.row_base(first.item, first.prompt, votes, rationales=words),
        completion_ids=first.responses,
        tiers=tuple(tuple(sorted(index[key] for key in tier)) for tier in order.tiers),
        scores=tuple(order.scores[key] for key in first.responses),
        votes=len(people_first(votes)),
    )
