"""Stepwise rows: solutions with a label for every step up to the first error."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from curation.core.builders.candidate import Candidate, Context, grouped
from curation.core.errors import RecordError
from curation.core.records import Message, StepRating, StepwiseRow
from curation.core.votes import Ballot, decide, main_reason

WRONG = -1

_SPEAKERS = {"user": "Human", "assistant": "Assistant", "system": "System"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the votes on one step come to; `soft` is the share of them that were not -1."""

    rating: int
    soft: float
    votes: int


@dataclass(frozen=True, slots=True)
class LabelledStep:
    """A step's text, with unlabelled steps before it in front, and its verdict."""

    text: str
    verdict: Verdict


def stepwise_candidates(judgments: Sequence[StepRating], context: Context) -> Iterator[Candidate]:
    """One candidate per item and response: per step the label most annotators gave.

    Of labels that share the lead the lowest wins, so an even vote on an error is an error. The row
    ends with the first error. An unlabelled step before a labelled one (in PRM800K one that a
    person wrote) is joined to the front of that one; unlabelled steps at the end are cut.
    Judgments that gave up or called the problem bad do not count.
    """
    solutions = list(grouped(judgments, lambda vote: (vote.item, vote.response)).values())
    ballots = [_ballots(votes, context) for votes in solutions]
    verdicts = iter(_verdicts([ballot for steps in ballots for ballot in steps if ballot], context))
    for votes, steps in zip(solutions, ballots, strict=True):
        yield _candidate(votes, [next(verdicts) if ballot else None for ballot in steps], context)


def _counting(votes: Sequence[StepRating]) -> list[StepRating]:
    return [vote for vote in votes if vote.status == "labelled"]


def _ballots(votes: Sequence[StepRating], context: Context) -> list[Ballot]:
    """Votes on each step, as classes 0, 1, 2 for -1, 0, +1; none for an unlabelled step."""
    n_steps = len(context.response(votes[0].response).steps or ())
    ballots: list[list[tuple[str, int]]] = [[] for _ in range(n_steps)]
    for vote in _counting(votes):
        _check_labels(vote, n_steps)
        for ballot, label in zip(ballots, vote.labels, strict=True):
            if label is not None:
                ballot.append((vote.annotator, label - WRONG))
    return list(ballots)


def _check_labels(vote: StepRating, n_steps: int) -> None:
    if len(vote.labels) != n_steps:
        raise RecordError(
            f"Judgment revision {vote.revision!r} labels {len(vote.labels)} steps of {n_steps}."
        )
    if any(label not in (-1, 0, 1, None) for label in vote.labels):
        raise RecordError(
            f"Judgment revision {vote.revision!r} has a step label that is not -1, 0, 1 or None."
        )


def _verdicts(ballots: Sequence[Ballot], context: Context) -> Iterator[Verdict]:
    decided = decide(ballots, n_classes=3, method=context.method)
    for ballot, label, shares in zip(ballots, decided.labels, decided.shares, strict=True):
        yield Verdict(int(label) + WRONG, float(shares[1] + shares[2]), len(ballot))


def _candidate(
    votes: Sequence[StepRating], verdicts: Sequence[Verdict | None], context: Context
) -> Candidate:
    counting = _counting(votes)
    excluded = tuple(vote.status for vote in votes if vote.status != "labelled")
    unanimous = len({vote.labels for vote in counting}) == 1
    if not any(verdicts):
        reason = "no_label" if counting else main_reason(excluded)
        return Candidate(None, len(counting), unanimous, reason=reason, excluded=excluded)
    texts = context.response(votes[0].response).steps or ()
    steps = _labelled_steps(texts, verdicts)
    row = _row(votes[0], steps, context)
    notes = _notes(verdicts, len(steps))
    return Candidate(row, len(counting), unanimous, excluded=excluded, notes=notes)


def _labelled_steps(texts: Sequence[str], verdicts: Sequence[Verdict | None]) -> list[LabelledStep]:
    steps: list[LabelledStep] = []
    waiting: list[str] = []
    for text, verdict in zip(texts, verdicts, strict=True):
        waiting.append(text)
        if verdict is not None:
            steps.append(LabelledStep("\n".join(waiting), verdict))
            waiting.clear()
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


def _row(first: StepRating, steps: Sequence[LabelledStep], context: Context) -> StepwiseRow:
    ratings = tuple(step.verdict.rating for step in steps)
    return StepwiseRow(
        **context.row_base(first.item, first.prompt),
        prompt=render_prompt(context.prompt(first.prompt).messages),
        completions=tuple(step.text for step in steps),
        labels=tuple(rating != WRONG for rating in ratings),
        ratings=ratings,
        soft_labels=tuple(step.verdict.soft for step in steps),
        votes=tuple(step.verdict.votes for step in steps),
        first_error=ratings.index(WRONG) if WRONG in ratings else -1,
        completion_id=first.response,
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
