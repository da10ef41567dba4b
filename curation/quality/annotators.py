"""Each annotator's own figures: agreement with the others, gold, biases, pace, and their drift."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray

from annotate.answers import MIRRORED, ComparisonAnswer, RankingAnswer, RatingAnswer
from annotate.gold import is_right
from curation.quality.judgments import CHECKS, Person, ProjectJudgments, Said
from curation.quality.shares import Share, share_of
from curation.quality.values import doubled_ranks, side, verdict

MOST_BLOCKS, SMALLEST_BLOCK = 12, 10
SHOWN_REVERSED = (1, 0)
Floats = NDArray[np.float64]
Ends = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Mark:
    """What one judgment shows of its annotator; None where it shows nothing.

    ``agrees`` with what most of the others said of the item, ``is_gold_right``, took the response
    shown ``left``, took the ``longer`` one, called it a ``tie``.
    """

    at: datetime
    kind: str
    seconds: float | None
    agrees: bool | None
    is_gold_right: bool | None
    left: bool | None
    longer: bool | None
    tie: bool | None


@dataclass(frozen=True)
class Figures:
    """Sums over some of an annotator's judgments; ``seconds`` is the median active time."""

    judgments: int
    reliability: Share
    gold: Share
    left: Share
    longer: Share
    ties: Share
    seconds: float | None


@dataclass(frozen=True)
class Block:
    """Consecutive judgments of one annotator, from ``start`` to ``end``."""

    number: int
    start: datetime
    end: datetime
    figures: Figures


@dataclass(frozen=True)
class Annotator:
    """One annotator of a project, over all and in the order of the work."""

    person: Person
    kinds: dict[str, int]
    figures: Figures
    blocks: tuple[Block, ...]


def project_annotators(judgments: ProjectJudgments) -> list[Annotator]:
    """Everybody who has judged, by user id.

    Imported ids that only number the raters of a row stand for nobody and are left out.
    """
    marks = _marks(judgments)
    people = [judgments.annotators[pk] for pk in sorted(marks)]
    return [_annotator(person, marks[person.pk]) for person in people if not person.is_positional]


def _annotator(person: Person, marks: list[Mark]) -> Annotator:
    ordered = sorted(marks, key=lambda mark: mark.at)
    kinds = Counter(mark.kind for mark in ordered)
    return Annotator(person, dict(kinds.most_common()), figures_of(ordered), _blocks(ordered))


def figures_of(marks: Sequence[Mark]) -> Figures:
    """The sums over these judgments."""
    seconds = [mark.seconds for mark in marks if mark.seconds is not None]
    return Figures(
        judgments=len(marks),
        reliability=share_of(mark.agrees for mark in marks),
        gold=share_of(mark.is_gold_right for mark in marks),
        left=share_of(mark.left for mark in marks),
        longer=share_of(mark.longer for mark in marks),
        ties=share_of(mark.tie for mark in marks),
        seconds=median(seconds) if seconds else None,
    )


def _blocks(marks: list[Mark]) -> tuple[Block, ...]:
    """At most twelve runs of equal length, none where there are too few judgments for two."""
    size = max(SMALLEST_BLOCK, math.ceil(len(marks) / MOST_BLOCKS))
    count = len(marks) // size
    if count < 2:
        return ()
    ends = [round(len(marks) * k / count) for k in range(count + 1)]
    return tuple(
        Block(k + 1, marks[start].at, marks[end - 1].at, figures_of(marks[start:end]))
        for k, (start, end) in enumerate(pairwise(ends))
    )


def _marks(judgments: ProjectJudgments) -> dict[int, list[Mark]]:
    agreeing = _agreeing(judgments.counted)
    marks: dict[int, list[Mark]] = defaultdict(list)
    for one in judgments.said:
        marks[one.annotator].append(_mark(judgments, one, agreeing.get(one.judgment)))
    return marks


def _mark(judgments: ProjectJudgments, said: Said, agrees: bool | None) -> Mark:
    return Mark(
        at=said.at,
        kind=said.kind,
        seconds=said.seconds,
        agrees=agrees,
        is_gold_right=_is_gold_right(judgments, said),
        left=_took_left(said),
        longer=_took_longer(said, judgments.lengths.get(said.item, ())),
        tie=_called_tie(said),
    )


def _is_gold_right(judgments: ProjectJudgments, said: Said) -> bool | None:
    is_check = said.purpose in CHECKS or said.item in judgments.gold
    if not is_check or said.item not in judgments.known:
        return None
    known = judgments.known[said.item]
    return is_right(said.signs, known, rating_range=said.shape.rating_range)


def _took_left(said: Said) -> bool | None:
    """Whether the response taken was shown on the left; None without one or without the order."""
    if not said.is_order_known or not isinstance(said.answer, ComparisonAnswer):
        return None
    if said.answer.choice not in MIRRORED:
        return None
    return (said.answer.choice == "left") == (said.order != SHOWN_REVERSED)


def _took_longer(said: Said, lengths: tuple[int, ...]) -> bool | None:
    if not isinstance(said.answer, ComparisonAnswer) or said.answer.choice not in MIRRORED:
        return None
    if len(lengths) != 2 or lengths[0] == lengths[1]:
        return None
    return (said.answer.choice == "left") == (lengths[0] > lengths[1])


def _called_tie(said: Said) -> bool | None:
    if not isinstance(said.answer, ComparisonAnswer) or said.answer.choice == "cannot_judge":
        return None
    return side(said.answer.choice) == "tie"


def _agreeing(counted: Iterable[Said]) -> dict[int, bool | None]:
    """Whether each annotator's last word on an item agrees with the others, by judgment."""
    items: dict[int, dict[int, Said]] = defaultdict(dict)
    for one in counted:
        items[one.item][one.annotator] = one
    found: dict[int, bool | None] = {}
    for by_annotator in items.values():
        said = list(by_annotator.values())
        if len(said) > 1:
            found |= zip((one.judgment for one in said), _agree_with_others(said), strict=True)
    return found


def _agree_with_others(said: Sequence[Said]) -> list[bool | None]:
    """For each of the judgments of one item, whether it agrees with the others.

    Votes (comparison, steps by their first error, outcome): with the others' plurality, unknown
    where several values lead. Rankings: with the others' mean ranks, by the rule that gold is
    marked by. Ratings: with the others' mean, within a quarter of the scale or half a point.
    """
    rankings = [one.answer for one in said if isinstance(one.answer, RankingAnswer)]
    if rankings:
        return _with_mean_ranking(rankings)
    if isinstance(said[0].answer, RatingAnswer):
        return _with_mean_rating(said)
    return _with_plurality([verdict(one) for one in said])


def _with_plurality(votes: Sequence[Hashable | None]) -> list[bool | None]:
    counts = Counter(vote for vote in votes if vote is not None)
    return [None if vote is None else _leads(vote, counts) for vote in votes]


def _leads(vote: Hashable, counts: Counter[Hashable]) -> bool | None:
    """Whether a vote is what most of the others say, its own voice left out."""
    others = counts.copy()
    others[vote] -= 1
    most = max(others.values())
    leaders = [value for value, n in others.items() if n == most]
    return vote in leaders if most and len(leaders) == 1 else None


def _with_mean_ranking(answers: Sequence[RankingAnswer]) -> list[bool | None]:
    """With the others' mean ranks; doubled ones are whole, so that equal sums are equal."""
    doubled = np.array([doubled_ranks(answer) for answer in answers])
    total = doubled.sum(axis=0)
    return [
        _agrees_with(answer, (total - own).tolist())
        for answer, own in zip(answers, doubled, strict=True)
    ]


def _agrees_with(answer: RankingAnswer, sums: list[int]) -> bool | None:
    """By the order of the others' rank sums; unknown where they prefer nothing."""
    tiers: dict[int, list[int]] = defaultdict(list)
    for response, total in enumerate(sums):
        tiers[total].append(response)
    others = RankingAnswer(tuple(tuple(tiers[total]) for total in sorted(tiers)))
    return is_right(answer, others) if len(others.tiers) > 1 else None


def _with_mean_rating(said: Sequence[Said]) -> list[bool | None]:
    """With the others' means, of ratings on the same scale."""
    rows: dict[tuple[Ends, str], list[Floats]] = defaultdict(list)
    for one in said:
        for aspect, row in _ratings(one).items():
            rows[one.shape.rating_range, aspect].append(row)
    totals = {key: (len(of), np.sum(of, axis=0)) for key, of in rows.items()}
    return [_agrees_with_means(one, totals) for one in said]


def _agrees_with_means(
    said: Said, totals: Mapping[tuple[Ends, str], tuple[int, Floats]]
) -> bool | None:
    """Whether every value is near the others' mean: a quarter of the scale, or half a point."""
    low, high = said.shape.rating_range
    near = max((high - low) / 4, 0.5)
    known = False
    for aspect, row in _ratings(said).items():
        n, total = totals[said.shape.rating_range, aspect]
        if n > 1:
            known = True
            if np.abs(row - (total - row) / (n - 1)).max() > near:
                return False
    return True if known else None


def _ratings(said: Said) -> dict[str, Floats]:
    answer = said.answer
    if not isinstance(answer, RatingAnswer):
        return {}
    return {aspect: np.array(row) for aspect, row in answer.ratings.items()}
