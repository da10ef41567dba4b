"""Outcome rows: responses that are correct or not."""

from collections.abc import Iterator, Sequence

from curation.core.builders.candidate import Candidate, Context, grouped
from curation.core.records import OutcomeLabel, OutcomeRow
from curation.core.votes import decide


def outcome_candidates(judgments: Sequence[OutcomeLabel], context: Context) -> Iterator[Candidate]:
    """One candidate per item and response, by majority; an even vote is dropped as a tie."""
    questions = list(grouped(judgments, lambda vote: (vote.item, vote.response)).values())
    ballots = [[(vote.annotator, int(vote.correct)) for vote in votes] for votes in questions]
    decided = decide(ballots, n_classes=2, method=context.method)
    for votes, label, tied, shares in zip(
        questions, decided.labels, decided.tied, decided.shares, strict=True
    ):
        unanimous = len({vote.correct for vote in votes}) == 1
        if tied:
            yield Candidate(None, len(votes), unanimous, reason="tie")
        else:
            row = _row(votes, bool(label), float(shares[1]), context)
            yield Candidate(row, len(votes), unanimous)


def _row(
    votes: Sequence[OutcomeLabel], label: bool, probability: float, context: Context
) -> OutcomeRow:
    first = votes[0]
    prompt = context.prompt(first.prompt)
    return OutcomeRow(
        **context.row_base(first.item, first.prompt),
        prompt=prompt.messages,
        completion=context.completion(first.response),
        label=label,
        label_probability=probability,
        votes=len(votes),
        reference=prompt.reference,
        completion_id=first.response,
    )
