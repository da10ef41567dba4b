"""Merged items whose judgments contradict each other, for people to decide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import combinations

from curation.core.dedupe.exact import ItemKey, Merged, item_key
from curation.core.records import Comparison, Judgment, OutcomeLabel, Ranking, StepRating

Stance = Mapping[Hashable, int]
"""What a judgment holds of each question: 1 or -1."""


def contradictory_items(judgments: Sequence[Judgment], merged: Merged) -> list[tuple[str, ...]]:
    """The merged items between which judgments disagree, each a tuple of item keys.

    `judgments` are those that were merged, in the same order. Disagreement within one of the
    items is that item's own and does not count; nor do ties, and ratings, which are expected to
    differ. The canonical item comes first.
    """
    stances: dict[ItemKey, dict[str, list[Stance]]] = defaultdict(lambda: defaultdict(list))
    for before, after in zip(judgments, merged.judgments, strict=True):
        key = item_key(after)
        if key in merged.members and not after.overrides:
            stances[key][before.item].append(_stance(after))
    return [
        (key[1], *(item for item in merged.members[key] if item != key[1]))
        for key, by_item in sorted(stances.items(), key=lambda entry: entry[0][1])
        if _disagree(by_item)
    ]


def _disagree(stances: Mapping[str, Iterable[Stance]]) -> bool:
    """Whether on some question one item says 1 and another item says -1."""
    sides: dict[Hashable, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for item, held in stances.items():
        for question, side in (entry for stance in held for entry in stance.items()):
            sides[question][side < 0].add(item)
    return any(pro and con and len(pro | con) > 1 for pro, con in sides.values())


def _stance(judgment: Judgment) -> Stance:
    match judgment:
        case Comparison(choice="left"):
            return {"": 1}
        case Comparison(choice="right"):
            return {"": -1}
        case OutcomeLabel(correct=correct):
            return {"": 1 if correct else -1}
        case StepRating(labels=labels, status="labelled"):
            return {
                n: -1 if label < 0 else 1 for n, label in enumerate(labels) if label is not None
            }
        case Ranking(tiers=tiers):
            return _orders(tiers)
    return {}


def _orders(tiers: Sequence[Sequence[str]]) -> Stance:
    """Of each pair in different tiers, keys sorted: 1 where the first is better."""
    return {
        (min(better, worse), max(better, worse)): 1 if better < worse else -1
        for above, below in combinations(tiers, 2)
        for better in above
        for worse in below
    }
