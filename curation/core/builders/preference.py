"""Preference rows: pairs with a winner, from comparisons and from rankings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations

from curation.core.builders.candidate import Candidate, Context, grouped
from curation.core.errors import RecordError
from curation.core.records import (
    Comparison,
    PreferenceRow,
    Ranking,
    SourceKind,
)
from curation.core.targets import mean_margin, target_margin
from curation.core.votes import decide, main_reason

LEFT, RIGHT, TIE = 0, 1, 2

_CLASS_OF_CHOICE = {"left": LEFT, "right": RIGHT, "tie": TIE, "both_good": TIE, "both_bad": TIE}
_SIGN = {LEFT: 1, RIGHT: -1, TIE: 0}


@dataclass(frozen=True, slots=True)
class PairVote:
    """One vote on a pair; `margin` is signed, positive toward the left."""

    annotator: str
    label: int
    scale: str
    margin: float | None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two responses of one item in stored order, with everything said about them."""

    item: str
    prompt: str
    left: str
    right: str
    source_kind: SourceKind
    votes: tuple[PairVote, ...]
    excluded: tuple[str, ...] = ()


def preference_candidates(
    judgments: Sequence[Comparison | Ranking], context: Context
) -> Iterator[Candidate]:
    """One candidate per compared pair and per pair of a ranked item's responses.

    The winner has more votes than the other side and more than there are ties (both good and
    both bad are ties); otherwise the pair is dropped as a tie. Unsafe and cannot-judge votes do
    not count. A ranking is one vote on each of its C(K, 2) pairs.
    """
    comparisons = [vote for vote in judgments if isinstance(vote, Comparison)]
    rankings = [vote for vote in judgments if isinstance(vote, Ranking)]
    open_pairs = []
    for pair in chain(_compared_pairs(comparisons), _ranked_pairs(rankings)):
        if reason := _reason_to_drop(pair, context):
            yield _dropped(pair, reason)
        else:
            open_pairs.append(pair)
    yield from _decided(open_pairs, context)


def _decided(pairs: Sequence[Pair], context: Context) -> Iterator[Candidate]:
    ballots = [[(vote.annotator, vote.label) for vote in pair.votes] for pair in pairs]
    decided = decide(ballots, n_classes=3, method=context.method)
    outcomes = zip(pairs, decided.labels, decided.tied, decided.shares, strict=True)
    for pair, label, tied, shares in outcomes:
        if tied or label == TIE:
            yield _dropped(pair, "tie")
        else:
            share = float(shares[label] + shares[TIE] / 2)
            yield _won(pair, int(label), share, context)


def _compared_pairs(comparisons: Sequence[Comparison]) -> Iterator[Pair]:
    for item, votes in grouped(comparisons, lambda vote: vote.item).items():
        first = votes[0]
        yield Pair(
            item=item,
            prompt=first.prompt,
            left=first.left,
            right=first.right,
            source_kind="comparison",
            votes=tuple(_pair_vote(vote) for vote in votes if vote.choice in _CLASS_OF_CHOICE),
            excluded=tuple(vote.choice for vote in votes if vote.choice not in _CLASS_OF_CHOICE),
        )


def _pair_vote(comparison: Comparison) -> PairVote:
    label = _CLASS_OF_CHOICE[comparison.choice]
    try:
        margin = target_margin(comparison.scale, comparison.strength)
    except ValueError as error:
        raise RecordError(f"Judgment revision {comparison.revision!r}: {error}") from error
    if label == TIE and comparison.scale != "binary":
        margin = 0.0
    signed = None if margin is None else margin * _SIGN[label]
    return PairVote(comparison.annotator, label, comparison.scale, signed)


def _ranked_pairs(rankings: Sequence[Ranking]) -> Iterator[Pair]:
    for item, votes in grouped(rankings, lambda vote: vote.item).items():
        first = votes[0]
        places = [_places(vote) for vote in votes]
        for left, right in combinations(first.responses, 2):
            yield Pair(
                item=item,
                prompt=first.prompt,
                left=left,
                right=right,
                source_kind="ranking",
                votes=tuple(
                    PairVote(vote.annotator, _order(place[left], place[right]), "", None)
                    for vote, place in zip(votes, places, strict=True)
                ),
            )


def _places(ranking: Ranking) -> dict[str, int]:
    return {key: place for place, tier in enumerate(ranking.tiers) for key in tier}


def _order(left: int, right: int) -> int:
    if left == right:
        return TIE
    return LEFT if left < right else RIGHT


def _reason_to_drop(pair: Pair, context: Context) -> str:
    if context.identity[pair.left] == context.identity[pair.right]:
        return "identical_responses"
    return "" if pair.votes else main_reason(pair.excluded)


def _dropped(pair: Pair, reason: str) -> Candidate:
    unanimous = len({vote.label for vote in pair.votes}) == 1
    return Candidate(None, len(pair.votes), unanimous, reason=reason, excluded=pair.excluded)


def _won(pair: Pair, label: int, share: float, context: Context) -> Candidate:
    winner, loser = (pair.left, pair.right) if label == LEFT else (pair.right, pair.left)
    labels = [vote.label for vote in pair.votes]
    row = PreferenceRow(
        **context.row_base(pair.item, pair.prompt),
        prompt=context.prompt(pair.prompt).messages,
        chosen=context.completion(winner),
        rejected=context.completion(loser),
        chosen_probability=share,
        target_margin=_margin_toward(pair, label),
        weight=1.0,
        votes_chosen=labels.count(label),
        votes_rejected=labels.count(LEFT + RIGHT - label),
        votes_tie=labels.count(TIE),
        chosen_id=winner,
        rejected_id=loser,
        source_kind=pair.source_kind,
    )
    return Candidate(
        row,
        len(labels),
        len(set(labels)) == 1,
        excluded=pair.excluded,
        notes={"left_wins": int(label == LEFT)},
    )


def _margin_toward(pair: Pair, label: int) -> float | None:
    toward_left = mean_margin(
        [vote.scale for vote in pair.votes], [vote.margin for vote in pair.votes]
    )
    return None if toward_left is None else toward_left * _SIGN[label]
