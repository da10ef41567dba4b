"""Preference rows: pairs with a winner, from comparisons, rankings and ratings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from curation.core.builders.candidate import Candidate, Context
from curation.core.builders.decisions import PairDecision, decide_pairs
from curation.core.builders.pairs import (
    LEFT,
    RIGHT,
    SIGN,
    TIE,
    Pair,
    compared_pairs,
    ranked_pairs,
    rated_pairs,
)
from curation.core.records import Comparison, Ranking, Rating
from curation.core.rows import PreferenceRow
from curation.core.targets import mean_margin
from curation.core.votes import main_reason


def preference_candidates(
    judgments: Sequence[Comparison | Ranking | Rating], context: Context
) -> Iterator[Candidate]:
    """One candidate per compared pair, per pair of a ranked item and per pair of rated responses.

    By majority the winner has more votes than the other side and more than there are ties (both
    good and both bad are ties); by another method it is the most probable of the three. A pair
    without a winner is a tie: it comes with a row for the canonical file and that reason. Unsafe
    and cannot-judge votes do not count. Machines' votes help to decide by every method but majority
    and are tallied only where no person voted.
    """
    comparisons = [vote for vote in judgments if isinstance(vote, Comparison)]
    rankings = [vote for vote in judgments if isinstance(vote, Ranking)]
    ratings = [vote for vote in judgments if isinstance(vote, Rating)]
    asked_overall = rankings if not context.aspect else []
    open_pairs = []
    for pair in chain(
        compared_pairs(comparisons, context.aspect),
        ranked_pairs(asked_overall),
        rated_pairs(ratings, context),
    ):
        if reason := _reason_to_drop(pair, context):
            yield _dropped(pair, reason)
        else:
            open_pairs.append(pair)
    for pair, decision in zip(open_pairs, decide_pairs(open_pairs, context), strict=True):
        yield _decided(pair, decision, context)


def _reason_to_drop(pair: Pair, context: Context) -> str:
    if context.identity[pair.left] == context.identity[pair.right]:
        return "identical_responses"
    return "" if pair.votes else main_reason(pair.excluded)


def _part(pair: Pair) -> tuple[str, ...]:
    return tuple(sorted((pair.left, pair.right)))


def _dropped(pair: Pair, reason: str) -> Candidate:
    return Candidate(
        item=pair.item,
        part=_part(pair),
        row=None,
        votes=len(pair.counted),
        unanimous=len({vote.label for vote in pair.counted}) == 1,
        reason=reason,
        excluded=pair.excluded,
    )


@dataclass(frozen=True, slots=True)
class _Tally:
    """Votes on a pair, seen from the side that won (the left where neither did)."""

    winner: str
    loser: str
    won: int
    lost: int
    tied: int


def _tally(pair: Pair, label: int) -> _Tally:
    labels = [vote.label for vote in pair.counted]
    sides = (pair.right, pair.left) if label == RIGHT else (pair.left, pair.right)
    won = RIGHT if label == RIGHT else LEFT
    return _Tally(*sides, labels.count(won), labels.count(LEFT + RIGHT - won), labels.count(TIE))


def _decided(pair: Pair, decision: PairDecision, context: Context) -> Candidate:
    tally = _tally(pair, decision.label)
    tied = decision.label == TIE
    for_answer = tally.tied if tied else tally.won
    return Candidate(
        item=pair.item,
        part=_part(pair),
        row=_row(pair, decision, tally, context),
        votes=len(pair.counted),
        unanimous=for_answer == len(pair.counted),
        agreement=for_answer / len(pair.counted),
        probability=decision.p_tie if tied else decision.of(decision.label),
        reason="tie" if tied else "",
        excluded=pair.excluded,
    )


def _row(pair: Pair, decision: PairDecision, tally: _Tally, context: Context) -> PreferenceRow:
    voices = [voice for vote in pair.votes for voice in vote.voices]
    words = [
        v.rationale for vote in pair.votes for v in vote.voices if vote.label == decision.label
    ]
    return PreferenceRow(
        **context.row_base(pair.item, pair.prompt, voices, rationales=words),
        chosen_id=tally.winner,
        rejected_id=tally.loser,
        chosen_probability=decision.of(RIGHT if decision.label == RIGHT else LEFT),
        tie_probability=decision.p_tie,
        target_margin=_margin_toward(pair, RIGHT if decision.label == RIGHT else LEFT),
        votes_chosen=tally.won,
        votes_rejected=tally.lost,
        votes_tie=tally.tied,
        votes_excluded=len(pair.excluded),
        votes_unsafe=pair.excluded.count("unsafe"),
        chosen_is_first=decision.label != RIGHT,
        tied=decision.label == TIE,
        source_kind=pair.source_kind,
    )


def _margin_toward(pair: Pair, label: int) -> float | None:
    toward_left = mean_margin(
        [vote.scale for vote in pair.counted], [vote.margin for vote in pair.counted]
    )
    return None if toward_left is None else toward_left * SIGN[label] + 0.0  # and no -0.0
