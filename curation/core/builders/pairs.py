"""Pairs of responses with every vote on them: from comparisons, rankings and ratings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isfinite
from statistics import fmean

from curation.core.builders.candidate import Context, grouped
from curation.core.errors import RecordError
from curation.core.records import (
    JOIN,
    Comparison,
    JudgmentRecord,
    Ranking,
    Rating,
    SourceKind,
)
from curation.core.targets import target_margin

LEFT, RIGHT, TIE = 0, 1, 2
SIGN = {LEFT: 1, RIGHT: -1, TIE: 0}
NO_OPINION = "aspect_not_asked"

_CLASS_OF_CHOICE = {"left": LEFT, "right": RIGHT, "tie": TIE, "both_good": TIE, "both_bad": TIE}


@dataclass(frozen=True, slots=True)
class PairVote:
    """One vote on a pair: `label` LEFT, RIGHT or TIE; `margin` is signed, positive toward the left.

    `voices` are the judgments it was made from: one, but for a vote that stands for several raters.
    """

    label: int
    scale: str
    margin: float | None
    voices: tuple[JudgmentRecord, ...]
    shown_left: int = 0

    @property
    def annotator(self) -> str:
        """Who gave it; several raters together have a name of their own."""
        return JOIN.join(sorted({voice.voter for voice in self.voices}))

    @property
    def is_machine(self) -> bool:
        """Whether no person is among its voices."""
        return all(voice.machine for voice in self.voices)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two responses of one item in stored order, with everything said about them.

    `excluded` holds one reason for each judgment without an opinion.
    """

    item: str
    prompt: str
    left: str
    right: str
    source_kind: SourceKind
    votes: tuple[PairVote, ...]
    excluded: tuple[str, ...] = ()

    @property
    def counted(self) -> tuple[PairVote, ...]:
        """The people's votes where there are any, else the machines'.

        These are tallied, whatever votes a method learns from.
        """
        people = tuple(vote for vote in self.votes if not vote.is_machine)
        return people or self.votes


def compared_pairs(comparisons: Sequence[Comparison], aspect: str) -> Iterator[Pair]:
    """One pair per compared item; with an aspect, by what was said of it."""
    for item, asked in grouped(comparisons, lambda vote: vote.item).items():
        first = asked[0]
        choices = [(vote, _choice(vote, aspect)) for vote in asked]
        yield Pair(
            item=item,
            prompt=first.prompt,
            left=first.left,
            right=first.right,
            source_kind="comparison",
            votes=tuple(
                _compared_vote(vote, _CLASS_OF_CHOICE[choice], with_strength=not aspect)
                for vote, choice in choices
                if choice in _CLASS_OF_CHOICE
            ),
            excluded=tuple(choice for _, choice in choices if choice not in _CLASS_OF_CHOICE),
        )


def _choice(vote: Comparison, aspect: str) -> str:
    return vote.aspects.get(aspect, NO_OPINION) if aspect else vote.choice


def _compared_vote(vote: Comparison, label: int, *, with_strength: bool) -> PairVote:
    """Strength is asked of the overall choice, so a vote on an aspect has none."""
    if not with_strength:
        return PairVote(label, "aspect", None, (vote,), vote.shown_left)
    try:
        margin = target_margin(vote.scale, vote.strength)
    except ValueError as error:
        raise RecordError(f"Judgment revision {vote.revision!r}: {error}") from error
    if label == TIE and vote.scale != "binary":
        margin = 0.0
    signed = None if margin is None else margin * SIGN[label]
    return PairVote(label, vote.scale, signed, (vote,), vote.shown_left)


def ranked_pairs(rankings: Sequence[Ranking]) -> Iterator[Pair]:
    """All C(K, 2) pairs of each ranked item; a ranking is one vote on each."""
    for item, votes in grouped(rankings, lambda vote: vote.item).items():
        first = votes[0]
        places = [_places(vote) for vote in votes]
        for left, right in combinations(first.responses or sorted(places[0]), 2):
            yield Pair(
                item=item,
                prompt=first.prompt,
                left=left,
                right=right,
                source_kind="ranking",
                votes=tuple(
                    PairVote(_order(place[left], place[right]), "", None, (vote,))
                    for vote, place in zip(votes, places, strict=True)
                ),
            )


def _places(ranking: Ranking) -> dict[str, int]:
    return {key: place for place, tier in enumerate(ranking.tiers) for key in tier}


def _order(left: int, right: int) -> int:
    if left == right:
        return TIE
    return LEFT if left < right else RIGHT


def rated_pairs(ratings: Iterable[Rating], context: Context) -> Iterator[Pair]:
    """All pairs of a prompt's rated responses; a vote's margin is the difference of its scores.

    Who rated both responses votes once. Where nobody did, the raters of the two vote as one, by the
    difference of their means; people and machines each among themselves, as far as they rated both
    responses. Without an aspect a person's score is the mean over those aspects that they rated on
    both.
    """
    wanted = (r for r in ratings if isfinite(r.value) and context.aspect in ("", r.aspect))
    by_prompt = grouped(wanted, lambda rating: context.groups.group[rating.prompt])
    for rated in by_prompt.values():
        by_response = grouped(rated, lambda rating: rating.response)
        for left, right in combinations(sorted(by_response), 2):
            yield _rated_pair(by_response[left], by_response[right])


def _rated_pair(left: Sequence[Rating], right: Sequence[Rating]) -> Pair:
    home = min(left + right, key=lambda rating: (rating.item, rating.response))  # type: ignore[operator]
    by_people = _votes_of(*(tuple(r for r in side if not r.machine) for side in (left, right)))
    by_machines = _votes_of(*(tuple(r for r in side if r.machine) for side in (left, right)))
    votes = (*by_people, *by_machines) or (_pooled_vote(left, right),)
    return Pair(home.item, home.prompt, left[0].response, right[0].response, "rating", votes)


def _votes_of(left: Sequence[Rating], right: Sequence[Rating]) -> Sequence[PairVote]:
    """The votes of those who rated both, or of all together; none where one side is unrated."""
    if not left or not right:
        return ()
    return tuple(_paired_votes(left, right)) or (_pooled_vote(left, right),)


def _paired_votes(left: Sequence[Rating], right: Sequence[Rating]) -> Iterator[PairVote]:
    lefts, rights = _by_annotator(left), _by_annotator(right)
    for annotator in sorted(lefts.keys() & rights.keys()):
        shared = lefts[annotator].keys() & rights[annotator].keys()
        if shared:
            sides = [
                [rated[annotator][name] for name in sorted(shared)] for rated in (lefts, rights)
            ]
            margin = fmean(r.value for r in sides[0]) - fmean(r.value for r in sides[1])
            yield _rated_vote(margin, (*sides[0], *sides[1]))


def _by_annotator(ratings: Iterable[Rating]) -> Mapping[str, dict[str, Rating]]:
    found: dict[str, dict[str, Rating]] = defaultdict(dict)
    for rating in sorted(ratings, key=lambda rating: rating.revision):
        found[rating.voter][rating.aspect] = rating
    return found


def _pooled_vote(left: Sequence[Rating], right: Sequence[Rating]) -> PairVote:
    margin = fmean(r.value for r in left) - fmean(r.value for r in right)
    return _rated_vote(margin, (*left, *right))


def _rated_vote(margin: float, voices: tuple[Rating, ...]) -> PairVote:
    return PairVote(
        _order(0 if margin > 0 else 1, 0 if margin < 0 else 1), "rating", margin, voices
    )
