"""Stepwise rows: solutions with a label for every step up to the first error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.core.aggregate import aggregate_steps
from curation.core.builders.candidate import Candidate, Context, grouped, people_first
from curation.core.errors import RecordError
from curation.core.records import Message, StepRating
from curation.core.rows import StepwiseRow
from curation.core.votes import (
    Ballot,
    decide,
    fitted_notes,
    main_reason,
    steady,
)

WRONG = -1

_SPEAKERS = {"user": "Human", "assistant": "Assistant", "system": "System"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the votes on one step come to; `soft` is the probability that it is not wrong."""

    rating: int
    soft: float
    votes: int


@dataclass(frozen=True, slots=True)
class LabelledStep:
    """How many of the response's steps it ends at, with unlabelled ones before it joined in."""

    end: int
    verdict: Verdict


Verdicts = list[Verdict | None]


def stepwise_candidates(judgments: Sequence[StepRating], context: Context) -> Iterator[Candidate]:
    """One candidate per item and response, each step with the label that its votes come to.

    By majority, of labels that share the lead the lowest wins, so an even vote on an error is an
    error. The row ends with the first error. An unlabelled step before a labelled one (in PRM800K
    one that a person wrote) is joined to the front of that one; unlabelled steps at the end are
    cut. Judgments that gave up or called the problem bad do not count. A machine's estimates from
    rollouts count where no person labelled the solution.
    """
    asked = grouped(judgments, lambda vote: (vote.item, vote.response)).values()
    solutions = [_heard(votes) for votes in asked]
    for votes in solutions:
        _check(votes, context)
    for votes, verdicts in zip(solutions, _verdicts(solutions, context), strict=True):
        yield _candidate(votes, verdicts, context)


def _heard(votes: Sequence[StepRating]) -> list[StepRating]:
    """The people's judgments; the machines' as well where no person labelled a step."""
    people: list[StepRating] = people_first(votes)
    return people if _counting(people) else list(votes)


def _counting(votes: Sequence[StepRating]) -> list[StepRating]:
    return [vote for vote in votes if vote.status == "labelled"]


def _check(votes: Sequence[StepRating], context: Context) -> None:
    n_steps = len(context.response(votes[0].response).steps or ())
    for vote in _counting(votes):
        if len(vote.labels) != n_steps:
            raise RecordError(
                f"Judgment revision {vote.revision!r} labels {len(vote.labels)} steps of {n_steps}."
            )
        if any(label not in (-1, 0, 1, None) for label in vote.labels):
            raise RecordError(
                f"Judgment revision {vote.revision!r} has a step label that is not -1, 0, 1 or "
                "None."
            )


def _verdicts(solutions: Sequence[Sequence[StepRating]], context: Context) -> Iterator[Verdicts]:
    """The verdicts on each solution's steps; people's votes are aggregated all together."""
    said = [[v for v in _counting(votes) if not v.machine] for votes in solutions]
    decided = _decided([votes for votes in said if votes], context)
    for votes, people in zip(solutions, said, strict=True):
        yield next(decided) if people else _estimated(_counting(votes))


def _decided(solutions: Sequence[Sequence[StepRating]], context: Context) -> Iterator[Verdicts]:
    if context.method == "majority" or not solutions:
        yield from _by_majority(solutions, context)
        return
    votes = [(n, vote) for n, said in enumerate(solutions) for vote in said]
    fitted = aggregate_steps(
        [n for n, _ in votes],
        [vote.voter for _, vote in votes],
        [vote.labels for _, vote in votes],
        method=context.method,
        seed=context.seed,
    )
    context.notes.update(fitted_notes(fitted))
    if fitted.method == "majority":
        yield from _by_majority(solutions, context, told=True)
        return
    posteriors = np.split(fitted.posterior, fitted.offsets[1:-1])
    for said, posterior in zip(solutions, posteriors, strict=True):
        yield [
            _likeliest(shares, len(ballot)) if ballot else None
            for ballot, shares in zip(_ballots(said), posterior, strict=True)
        ]


def _likeliest(shares: NDArray[np.float64], votes: int) -> Verdict:
    return Verdict(int(np.argmax(shares)) + WRONG, steady(shares[1] + shares[2]), votes)


def _by_majority(
    solutions: Sequence[Sequence[StepRating]], context: Context, *, told: bool = False
) -> Iterator[Verdicts]:
    ballots = [_ballots(said) for said in solutions]
    voted = [ballot for steps in ballots for ballot in steps if ballot]
    decided = decide(voted, n_classes=3, method="majority")
    if not told:
        context.notes.update(decided.notes())
    verdicts = (
        Verdict(int(label) + WRONG, float(shares[1] + shares[2]), len(ballot))
        for ballot, label, shares in zip(voted, decided.labels, decided.shares, strict=True)
    )
    for steps in ballots:
        yield [next(verdicts) if ballot else None for ballot in steps]


def _ballots(votes: Sequence[StepRating]) -> list[Ballot]:
    """Votes on each step, as classes 0, 1, 2 for -1, 0, +1; none for an unlabelled step."""
    ballots: list[list[tuple[str, int]]] = [[] for _ in (votes[0].labels if votes else ())]
    for vote in votes:
        for ballot, label in zip(ballots, vote.labels, strict=True):
            if label is not None:
                ballot.append((vote.voter, label - WRONG))
    return list(ballots)


def _estimated(votes: Sequence[StepRating]) -> Verdicts:
    """Machines' verdicts: rollouts pooled where there are any, else the labels' shares.

    A step from which no rollout came out right is wrong (hard estimation of Math-Shepherd, Wang et
    al. 2024, 2312.08935); the soft label is the share that did. A share of unknown trials counts
    as one.
    """
    if not votes:
        return []
    return [_estimate(votes, step) for step in range(len(votes[0].labels))]


def _estimate(votes: Sequence[StepRating], step: int) -> Verdict | None:
    rolled = [
        (v.soft[step], v.trials[step]) for v in votes if step < min(len(v.soft), len(v.trials))
    ]
    known = [(share, max(trials, 1)) for share, trials in rolled if share is not None]
    if known:
        trials = sum(n for _, n in known)
        soft = sum(share * n for share, n in known) / trials
        return Verdict(1 if soft > 0 else WRONG, soft, trials)
    labels = [label for vote in votes if (label := vote.labels[step]) is not None]
    if not labels:
        return None
    soft = sum(label != WRONG for label in labels) / len(labels)
    return Verdict(min(labels), soft, len(labels))


def _candidate(
    votes: Sequence[StepRating], verdicts: Sequence[Verdict | None], context: Context
) -> Candidate:
    counting = _counting(votes)
    excluded = tuple(vote.status for vote in votes if vote.status != "labelled")
    first = votes[0]
    steps = _labelled_steps(verdicts)
    reason = "" if steps else "no_label" if counting else main_reason(excluded)
    return Candidate(
        item=first.item,
        part=(first.response,),
        row=None if reason else _row(counting, steps, context),
        votes=len(counting),
        unanimous=len({vote.labels for vote in counting}) == 1,
        agreement=_agreement(counting, steps),
        probability=min((_probability(step.verdict) for step in steps), default=0.0),
        reason=reason,
        excluded=excluded,
        notes=_notes(verdicts, len(steps)) if steps else {},
    )


def _agreement(votes: Sequence[StepRating], steps: Sequence[LabelledStep]) -> float:
    """Share of the votes on the row's labelled steps that say the same of right and wrong."""
    said = [
        (label != WRONG) == (step.verdict.rating != WRONG)
        for step in steps
        for vote in votes
        if (label := vote.labels[step.end - 1]) is not None
    ]
    return sum(said) / len(said) if said else 1.0


def _probability(verdict: Verdict) -> float:
    return 1.0 - verdict.soft if verdict.rating == WRONG else verdict.soft


def _labelled_steps(verdicts: Sequence[Verdict | None]) -> list[LabelledStep]:
    steps: list[LabelledStep] = []
    for end, verdict in enumerate(verdicts, start=1):
        if verdict is not None:
            steps.append(LabelledStep(end, verdict))
            if verdict.rating == WRONG:
                break
    return steps


def _notes(verdicts: Sequence[Verdict | None], n_kept: int) -> dict[str, int]:
    """Steps joined to a later one, cut after the first error, and cut without a label."""
    ends = [i for i, verdict in enumerate(verdicts) if verdict and verdict.rating == WRONG]
    if ends:
        end, cut = ends[0] + 1, "steps_cut_after_error"
    else:
        end, cut = (
            1 + max(i for i, verdict in enumerate(verdicts) if verdict),
            "steps_cut_unlabelled",
        )
    return {"steps_joined": end - n_kept, cut: len(verdicts) - end}


def _row(
    votes: Sequence[StepRating], steps: Sequence[LabelledStep], context: Context
) -> StepwiseRow:
    first = votes[0]
    ratings = tuple(step.verdict.rating for step in steps)
    words = (vote.rationale for vote in votes)
    return StepwiseRow(
        **context.row_base(first.item, first.prompt, votes, rationales=words),
        completion_id=first.response,
        ends=tuple(step.end for step in steps),
        labels=tuple(rating != WRONG for rating in ratings),
        ratings=ratings,
        soft_labels=tuple(step.verdict.soft for step in steps),
        votes=tuple(step.verdict.votes for step in steps),
        first_error=ratings.index(WRONG) if WRONG in ratings else -1,
    )


def render_prompt(messages: Sequence[Message]) -> str:
    """Return a conversation as one text: a lone user turn as it is, else turns by speaker.

    Turns read "Human: ...", "Assistant: ..." or "System: ..." with a blank line between them.
    """
    if len(messages) == 1 and messages[0].role == "user":
        return messages[0].content
    return render_turns(messages)


def render_turns(messages: Sequence[Message]) -> str:
    """Return turns as one text, each after its speaker's name, with a blank line between them."""
    return "\n\n".join(
        f"{_SPEAKERS.get(turn.role, turn.role.capitalize())}: {turn.content}" for turn in messages
    )
