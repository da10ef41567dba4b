"""Classification rows: is a response acceptable?

People say so of a pair's two responses at once: "both good" and "both bad". A plain preference, or
an even one, says nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from curation.core.builders.candidate import Candidate, Context, grouped
from curation.core.records import Comparison
from curation.core.rows import ClassificationRow
from curation.core.votes import decide, main_reason, steady

CLASSES = ("acceptable", "unacceptable")
_CLASS_OF_CHOICE = {"both_good": 0, "both_bad": 1}
_NO_OPINION = ("unsafe", "cannot_judge")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was said of one response over all its pairs."""

    response: str
    votes: tuple[Comparison, ...]
    excluded: tuple[str, ...]
    home: Comparison

    @property
    def classes(self) -> list[int]:
        return [_CLASS_OF_CHOICE[vote.choice] for vote in self.votes]


def classification_candidates(
    judgments: Sequence[Comparison], context: Context
) -> Iterator[Candidate]:
    """One candidate per compared response of an item; an even vote is dropped as a tie.

    Unsafe and cannot-judge votes do not count; a response of which nobody said anything is dropped
    as `no_class`.
    """
    open_ones = []
    for asked in _asked(judgments):
        if asked.votes:
            open_ones.append(asked)
        else:
            reason = main_reason(asked.excluded) if asked.excluded else "no_class"
            yield _dropped(asked, reason)
    ballots = [
        [(vote.voter, label) for vote, label in zip(one.votes, one.classes, strict=True)]
        for one in open_ones
    ]
    decided = decide(ballots, n_classes=2, method=context.method, seed=context.seed)
    context.notes.update(decided.notes())
    for one, label, tied, shares in zip(
        open_ones, decided.labels, decided.tied, decided.shares, strict=True
    ):
        yield _decided(one, int(label), bool(tied), tuple(map(steady, shares)), context)


def _asked(judgments: Sequence[Comparison]) -> Iterator[_Asked]:
    sides = [(vote.item, key, vote) for vote in judgments for key in (vote.left, vote.right)]
    for (_, response), said in grouped(sides, lambda side: side[:2]).items():
        votes = [vote for _, _, vote in said]
        yield _Asked(
            response,
            tuple(vote for vote in votes if vote.choice in _CLASS_OF_CHOICE),
            tuple(vote.choice for vote in votes if vote.choice in _NO_OPINION),
            votes[0],
        )


def _dropped(asked: _Asked, reason: str) -> Candidate:
    return Candidate(
        item=asked.home.item,
        part=(asked.response,),
        row=None,
        votes=0,
        unanimous=False,
        reason=reason,
        excluded=asked.excluded,
    )


def _decided(
    asked: _Asked, label: int, tied: bool, shares: tuple[float, ...], context: Context
) -> Candidate:
    agreed = asked.classes.count(label)
    words = [
        vote.rationale
        for vote, said in zip(asked.votes, asked.classes, strict=True)
        if said == label
    ]
    base = context.row_base(asked.home.item, asked.home.prompt, asked.votes, rationales=words)
    row = ClassificationRow(
        **base,
        completion_id=asked.response,
        label=CLASSES[label],
        classes=CLASSES,
        class_probabilities=shares,
        votes=len(asked.votes),
    )
    return Candidate(
        item=asked.home.item,
        part=(asked.response,),
        row=None if tied else row,
        votes=len(asked.votes),
        unanimous=agreed == len(asked.votes),
        agreement=agreed / len(asked.votes),
        probability=shares[label],
        reason="tie" if tied else "",
        excluded=asked.excluded,
    )
