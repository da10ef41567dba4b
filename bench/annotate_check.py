"""Whether the database agrees with what annotators were told; runs inside Django."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from django.db.models import Count, F, Q

from annotate.models import Assignment, Item, Judgment


def check(told: Path, *, judged: int) -> None:
    """Print as JSON what is wrong, in sentences; an empty list where all is well.

    ``told`` holds, under each person's user name, the leases and the acknowledged judgments;
    ``judged`` judgments were there before.
    """
    people: dict[str, dict[str, Any]] = json.loads(told.read_text())
    problems = [*_leases(people), *_judgments(people, judged), *_overlap()]
    print(json.dumps(problems))


def _leases(people: dict[str, dict[str, Any]]) -> list[str]:
    holders: dict[str, set[str]] = defaultdict(set)
    for name, person in people.items():
        for assignment in person["leased"]:
            holders[assignment].add(name)
    rows = Assignment.objects.filter(annotator__isnull=False)
    stored = {str(key): name for key, name in rows.values_list("public_id", "annotator__username")}
    return [
        f"{assignment} was leased to {sorted(names)} and is {stored.get(assignment)}'s"
        for assignment, names in holders.items()
        if names != {stored.get(assignment)}
    ]


def _judgments(people: dict[str, dict[str, Any]], before: int) -> list[str]:
    stored = {
        (str(assignment), str(judgment))
        for assignment, judgment in Judgment.objects.values_list(
            "assignment__public_id", "public_id"
        )
    }
    told = {tuple(pair) for person in people.values() for pair in person["acknowledged"]}
    problems = [f"acknowledged, but not stored: {pair}" for pair in told - stored]
    if len(stored) != before + len(told):
        problems.append(f"{len(stored)} judgments are stored, {before} + {len(told)} expected")
    return problems


def _overlap() -> list[str]:
    taken = Q(
        assignments__purpose="work",
        assignments__status__in=["leased", "submitted"],
        assignments__is_surplus=False,
    )
    over = Item.objects.annotate(taken=Count("assignments", filter=taken))
    found = [f"item {item.pk} is over its overlap" for item in over.filter(taken__gt=F("overlap"))]
    twice = (
        Assignment.objects.filter(
            purpose="work", status__in=["free", "leased", "submitted"], is_surplus=False
        )
        .values("item", "slot")
        .annotate(n=Count("pk"))
        .filter(n__gt=1)
    )
    return found + [f"slot {row['slot']} of item {row['item']} is there twice" for row in twice]
