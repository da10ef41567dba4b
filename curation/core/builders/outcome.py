"""Outcome rows: responses that are correct or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from curation.core.builders.candidate import Candidate, Context, grouped, people_first
from curation.core.records import OutcomeLabel
from curation.core.rows import OutcomeRow
from curation.core.votes import decide, steady


def outcome_candidates(judgments: Sequence[OutcomeLabel], context: Context) -> Iterator[Candidate]:
    """One candidate per item and response; an even vote is dropped as a tie.

    A verifier's verdict counts where no person judged.
    """
    asked = grouped(judgments, lambda vote: (vote.item, vote.response)).values()
    questions: list[list[OutcomeLabel]] = [people_first(votes) for votes in asked]
    ballots = [[(vote.voter, int(vote.correct)) for vote in votes] for votes in questions]
    decided = decide(ballots, n_classes=2, method=context.method, seed=context.seed)
    context.notes.update(decided.notes())
    for votes, label, tied, shares in zip(
        questions, decided.labels, decided.tied, decided.shares, strict=True
    ):
        agreed = sum(vote.correct == bool(label) for vote in votes)
        yield Candidate(
            item=votes[0].item,
            part=(votes[0].response,),
            row=None if tied else _row(votes, bool(label), steady(shares[1]), context),
            votes=len(votes),
            unanimous=agreed in (0, len(votes)),
            agreement=agreed / len(votes),
            probability=steady(shares[int(label)]),
            reason="tie" if tied else "",
        )


def _row(
    votes: Sequence[OutcomeLabel], label: bool, probability: float, context: Context
) -> OutcomeRow:
    first = votes[0]
    words = (vote.rationale for vote in votes if vote.correct == label)
    return OutcomeRow(
        **context.row_base(first.item, first.prompt, votes, rationales=words),
        completion_id=first.response,
        label=label,
        label_probability=probability,
        votes=len(votes),
        verified=first.machine,
    )
