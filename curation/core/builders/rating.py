"""Rating rows: a response's score per aspect, from ratings or from comparisons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from statistics import mean
from typing import Any

from curation.core.aggregate import (
    PointwiseTargets,
    RatingAggregation,
    aggregate_ratings,
    pointwise_targets,
)
from curation.core.builders.candidate import Candidate, Context, grouped, people_first
from curation.core.builders.pairs import LEFT, RIGHT, Pair, compared_pairs
from curation.core.records import Comparison, JudgmentRecord, Rating
from curation.core.rows import RatingRow
from curation.core.votes import main_reason, reliability_table, steady

THURSTONE = "thurstone"
OVERALL = "overall"
LARGEST_SQUARED = 1e150
_OUTCOME = (1.0, 0.0, 0.5)


@dataclass(frozen=True, slots=True)
class _Score:
    """A response's aggregate on one aspect; the error is None where one vote cannot tell."""

    value: float
    error: float | None


def rating_candidates(
    judgments: Sequence[Rating | Comparison], context: Context
) -> Iterator[Candidate]:
    """One candidate per item and response; values that are not finite are left out.

    Plain means are exact before they are rounded, so the order of votes does not show in them.
    A candidate's votes are those of the aspect that has most, and it is unanimous where every
    aspect is; both by the people's where there are any, as plain means are. With "thurstone" the
    scores come out of comparisons, on a scale from 0 to 1.
    """
    if context.method == THURSTONE:
        yield from _from_comparisons([v for v in judgments if isinstance(v, Comparison)], context)
        return
    ratings = [vote for vote in judgments if isinstance(vote, Rating)]
    finite = [vote for vote in ratings if isfinite(vote.value)]
    scores = _scores(finite, context)
    for votes in grouped(ratings, lambda vote: (vote.item, vote.response)).values():
        yield _candidate(votes, scores, context)


_Key = tuple[str, str, str]


def _scores(ratings: Sequence[Rating], context: Context) -> Mapping[_Key, _Score]:
    """The aggregate of every item, response and aspect, one fit an aspect."""
    scores: dict[_Key, _Score] = {}
    told: dict[str, Any] = {}
    by_aspect = grouped(ratings, lambda vote: vote.aspect)
    for aspect in sorted(by_aspect):
        votes = by_aspect[aspect]
        told[aspect], found = _fitted(votes, context)
        if told[aspect].method == "mean" and any(vote.machine for vote in votes):
            told[aspect], found = _fitted(_plain(votes), replace(context, method="mean"))
        scores |= {(*key, aspect): score for key, score in found.items()}
    context.notes.update(_notes(told))
    return scores


def _plain(votes: Sequence[Rating]) -> list[Rating]:
    """What a plain mean is taken of: the people's votes on a response where there are any."""
    by_response = grouped(votes, lambda vote: (vote.item, vote.response))
    return [vote for given in by_response.values() for vote in people_first(given)]


def _fitted(
    votes: Sequence[Rating], context: Context
) -> tuple[RatingAggregation, dict[tuple[str, str], _Score]]:
    """One aspect's fit, and the score of each item and response.

    Values whose squares would overflow are fitted in units of the largest.
    """
    values = grouped(votes, lambda vote: (vote.item, vote.response))
    codes = {key: n for n, key in enumerate(sorted(values))}
    largest = max(abs(float(vote.value)) for vote in votes)
    unit = largest if largest > LARGEST_SQUARED else 1.0
    fitted = aggregate_ratings(
        [codes[vote.item, vote.response] for vote in votes],
        [vote.voter for vote in votes],
        [vote.value / unit for vote in votes],
        method=context.method,
        seed=context.seed,
    )
    found = {}
    for key, value, error in zip(sorted(codes), fitted.scores, fitted.stderr, strict=True):
        given = [float(vote.value) for vote in values[key]]
        score = mean(given) if fitted.method == "mean" else steady(value * unit)
        width = error * unit
        found[key] = _Score(score, steady(width) if isfinite(width) else None)
    return fitted, found


def _notes(fitted: Mapping[str, Any]) -> dict[str, Any]:
    """What statistics tell: the methods by aspect, the reasons, the raters' reliability."""
    if not fitted:
        return {"aggregate": "mean", "aggregate_converged": True}
    methods = {fit.method for fit in fitted.values()}
    return {
        "aggregate": methods.pop() if len(methods) == 1 else "by aspect",
        "aggregate_reason": " ".join(
            f"{aspect}: {fit.reason}" if len(fitted) > 1 else fit.reason
            for aspect, fit in fitted.items()
        ),
        "aggregate_converged": all(fit.converged for fit in fitted.values()),
        "aggregate_by_aspect": {aspect: fit.method for aspect, fit in fitted.items()},
        "reliability_by_aspect": {
            aspect: reliability_table(fit.annotators, fit.reliability)
            for aspect, fit in fitted.items()
        },
    }


def _candidate(
    votes: Sequence[Rating], scores: Mapping[_Key, _Score], context: Context
) -> Candidate:
    finite = [vote for vote in votes if isfinite(vote.value)]
    excluded = ("not_finite",) * (len(votes) - len(finite))
    by_aspect = dict(sorted(grouped(finite, lambda vote: vote.aspect).items()))
    counted = [people_first(given) for given in by_aspect.values()]
    first = votes[0]
    row = None
    if finite:
        kept = {a: scores[first.item, first.response, a] for a in by_aspect}
        row = _row(finite, kept, tuple(map(len, counted)), context)
    return Candidate(
        item=first.item,
        part=(first.response,),
        row=row,
        votes=max(map(len, counted), default=0),
        unanimous=bool(finite) and all(len({v.value for v in g}) == 1 for g in counted),
        agreement=1.0,
        probability=1.0,
        reason="" if finite else main_reason(excluded),
        excluded=excluded,
    )


def _row(
    votes: Sequence[JudgmentRecord],
    scores: Mapping[str, _Score],
    counts: tuple[int, ...],
    context: Context,
    *,
    response: str = "",
) -> RatingRow:
    first = votes[0]
    return RatingRow(
        **context.row_base(
            first.item, first.prompt, votes, rationales=(vote.rationale for vote in votes)
        ),
        completion_id=response or first.response,  # type: ignore[attr-defined]
        aspects=tuple(scores),
        scores=tuple(score.value for score in scores.values()),
        errors=tuple(score.error for score in scores.values()),
        votes=counts,
    )


def _from_comparisons(comparisons: Sequence[Comparison], context: Context) -> Iterator[Candidate]:
    """Thurstone targets: one row per response that was compared within its prompt."""
    pairs = [pair for pair in compared_pairs(comparisons, context.aspect) if pair.votes]
    if not pairs:
        context.notes.update(aggregate=THURSTONE, aggregate_converged=True)
        return
    fitted = _targets(pairs, context)
    sides: dict[tuple[str, str], list[Pair]] = {}
    for pair in pairs:
        for key in (pair.left, pair.right):
            sides.setdefault((context.groups.group[pair.prompt], key), []).append(pair)
    for (group, response), stood_in in sides.items():
        score = fitted[group, response]
        voices = [voice for pair in stood_in for vote in pair.votes for voice in vote.voices]
        voices.sort(key=lambda voice: (voice.item, voice.revision))
        n = sum(len(pair.counted) for pair in stood_in)
        aspect = context.aspect or OVERALL
        row = _row(voices, {aspect: score}, (n,), context, response=response)
        yield Candidate(
            item=voices[0].item,
            part=(response,),
            row=row,
            votes=n,
            unanimous=_unanimous(response, stood_in),
            agreement=1.0,
            probability=1.0,
        )


def _unanimous(response: str, pairs: Sequence[Pair]) -> bool:
    won = {
        vote.label == (LEFT if pair.left == response else RIGHT)
        for pair in pairs
        for vote in pair.counted
    }
    return len(won) == 1


def _targets(pairs: Sequence[Pair], context: Context) -> dict[tuple[str, str], _Score]:
    """A target in 0...1 for every response of every prompt, with its standard error."""
    prompts, left, right, outcome, annotators = [], [], [], [], []
    for pair in pairs:
        for vote in pair.votes:
            prompts.append(context.groups.group[pair.prompt])
            left.append(pair.left)
            right.append(pair.right)
            outcome.append(_OUTCOME[vote.label])
            annotators.append(vote.annotator)
    fitted = pointwise_targets(prompts, left, right, outcome, annotators=annotators)
    context.notes.update(
        aggregate=THURSTONE,
        aggregate_reason="Thurstone targets from comparisons were asked for.",
        aggregate_converged=fitted.converged,
        reliability=_reliability(fitted),
    )
    return {
        (str(prompt), str(response)): _Score(steady(target), steady(error))
        for prompt, response, target, error in zip(
            fitted.prompts, fitted.responses, fitted.targets, fitted.stderr, strict=True
        )
    }


def _reliability(fitted: PointwiseTargets) -> dict[str, float | None]:
    if fitted.annotators is None or fitted.reliability is None:
        return {}
    return reliability_table(fitted.annotators, fitted.reliability)
