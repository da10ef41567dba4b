"""Ranking rows: one order of an item's responses from all its rankings."""

from collections.abc import Iterator, Sequence

from curation.core.aggregate import mean_rank_tiers
from curation.core.builders.candidate import Candidate, Context, grouped
from curation.core.records import Ranking, RankingRow


def ranking_candidates(judgments: Sequence[Ranking], context: Context) -> Iterator[Candidate]:
    """One candidate per item: responses by mean rank, equal means as one tier.

    Dropped are items whose responses are all identical, and those where all end in one tier.
    """
    for item, votes in grouped(judgments, lambda vote: vote.item).items():
        yield _candidate(item, votes, context)


def _candidate(item: str, votes: Sequence[Ranking], context: Context) -> Candidate:
    unanimous = len({_comparable(vote) for vote in votes}) == 1
    if len({context.identity[key] for key in votes[0].responses}) < 2:
        return Candidate(None, len(votes), unanimous, reason="identical_responses")
    tiers = mean_rank_tiers([vote.tiers for vote in votes])
    if len(tiers) == 1:
        return Candidate(None, len(votes), unanimous, reason="tie")
    return Candidate(_row(item, votes, tiers, context), len(votes), unanimous)


def _comparable(ranking: Ranking) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(tier) for tier in ranking.tiers)


def _row(
    item: str, votes: Sequence[Ranking], tiers: Sequence[Sequence[str]], context: Context
) -> RankingRow:
    prompt, keys = votes[0].prompt, votes[0].responses
    index = {key: position for position, key in enumerate(keys)}
    return RankingRow(
        **context.row_base(item, prompt),
        prompt=context.prompt(prompt).messages,
        completions=tuple(context.response(key).content for key in keys),
        completion_ids=keys,
        tiers=tuple(tuple(sorted(index[key] for key in tier)) for tier in tiers),
        votes=len(votes),
    )
