"""Rating rows: a response's mean score per aspect."""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from statistics import mean

from curation.core.builders.candidate import Candidate, Context, grouped
from curation.core.records import Rating, RatingRow
from curation.core.votes import main_reason


def rating_candidates(judgments: Sequence[Rating], context: Context) -> Iterator[Candidate]:
    """One candidate per item and response; values that are not finite are left out.

    Means are exact before they are rounded, so the order of votes does not show in them.
    A candidate's votes are those of the aspect that has most, and it is unanimous where every
    aspect is.
    """
    for votes in grouped(judgments, lambda vote: (vote.item, vote.response)).values():
        yield _candidate(votes, context)


def _candidate(votes: Sequence[Rating], context: Context) -> Candidate:
    finite = [vote for vote in votes if isfinite(vote.value)]
    excluded = ("not_finite",) * (len(votes) - len(finite))
    if not finite:
        return Candidate(None, 0, False, reason=main_reason(excluded), excluded=excluded)
    by_aspect = grouped(finite, lambda vote: vote.aspect)
    values = {
        aspect: [float(vote.value) for vote in by_aspect[aspect]] for aspect in sorted(by_aspect)
    }
    return Candidate(
        _row(votes[0], values, context),
        max(map(len, values.values())),
        all(len(set(given)) == 1 for given in values.values()),
        excluded=excluded,
    )


def _row(first: Rating, values: Mapping[str, Sequence[float]], context: Context) -> RatingRow:
    return RatingRow(
        **context.row_base(first.item, first.prompt),
        prompt=context.prompt(first.prompt).messages,
        completion=context.completion(first.response),
        aspects=tuple(values),
        scores=tuple(map(mean, values.values())),
        votes=tuple(len(given) for given in values.values()),
        completion_id=first.response,
    )
