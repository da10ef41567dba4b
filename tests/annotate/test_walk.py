"""The statement that finds the next slot, against the same search in plain Python."""

from __future__ import annotations

import random

import pytest

from annotate.models import Assignment, GuidelineVersion, RoundCursor
from annotate.services.walk import next_place
from tests.annotate.queueing import open_items
from tests.factories import ProjectFactory, make_annotator

pytestmark = pytest.mark.django_db


def slowly(cursor):
    """Every slot of the round, one after another."""
    found = {True: [], False: []}
    seen = {a.item_id for a in Assignment.objects.filter(annotator=cursor.user)}
    goes_by_priority = cursor.round.project.queue_order == "priority"
    for slot in cursor.round.assignments.exclude(position=None).order_by("position"):
        lane = cursor.front if slot.position < 0 else cursor.position
        if slot.position > lane and slot.status == "free" and slot.item_id not in seen:
            found[slot.position < 0].append(slot.pk)
    ahead = found[goes_by_priority] + found[not goes_by_priority]
    return ahead[0] if ahead else None


@pytest.mark.parametrize("order", ["given", "priority"])
@pytest.mark.parametrize("seed", range(5))
def test_it_finds_what_a_plain_search_finds(order, seed):
    rng = random.Random(seed)
    project = ProjectFactory(queue_order=order)
    _, round_ = open_items(project, 6, overlap=2)
    people = [make_annotator(project) for _ in range(3)]
    slots = list(Assignment.objects.order_by("position"))
    for slot in rng.sample(slots, 3):
        slot.position -= 2**61
        slot.save()
    for slot in rng.sample(slots, 5):
        person = rng.choice(people)
        if not Assignment.objects.filter(item=slot.item, annotator=person).exists():
            slot.status, slot.annotator = "submitted", person
            slot.save()
    for person in people:
        for position in range(-1, 12):
            cursor = RoundCursor(round=round_, user=person, position=position)
            place = next_place(cursor)
            assert (place and place.slot) == slowly(cursor)


def test_it_tells_the_guidelines_in_force():
    project = ProjectFactory()
    _, round_ = open_items(project, 1)
    cursor = RoundCursor(round=round_, user=make_annotator(project))
    assert next_place(cursor).guideline is None
    editions = [
        GuidelineVersion.objects.create(project=project, number=number, text="x")
        for number in (2, 1)
    ]
    assert next_place(cursor).guideline == editions[0].pk
