"""In which order a round is asked, and who jumps the queue."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotate.errors import InvalidInput
from annotate.models import Assignment
from annotate.services import (
    claim_assignment,
    close_round,
    create_round,
    open_round,
    skip_assignment,
)
from annotate.services.rounds import Pick, extend_round, move_to_front
from tests.annotate.queueing import open_items, submit
from tests.factories import (
    ProjectFactory,
    PromptFactory,
    make_annotator,
    make_item,
    make_open_round,
)

pytestmark = pytest.mark.django_db


def asked(project, user=None):
    """The items in the order in which one person gets them."""
    user, given = user or make_annotator(project), []
    while (slot := claim_assignment(project, by=user)) is not None:
        given.append(slot.item)
        submit(slot, key=str(len(given)))
    return given


def prioritised(project, *priorities):
    items = [make_item(project) for _ in priorities]
    for item, priority in zip(items, priorities, strict=True):
        item.priority = priority
        item.save()
    return items


def test_items_are_asked_as_given():
    project = ProjectFactory()
    items = [make_item(project) for _ in range(5)]
    make_open_round(project, items)
    assert asked(project) == items


def test_the_highest_priority_is_asked_first():
    project = ProjectFactory(queue_order="priority")
    low, high, middle, other = prioritised(project, -1, 5, 2, 2)
    make_open_round(project, [low, high, middle, other])
    assert asked(project) == [high, middle, other, low]


def test_a_random_order_follows_from_the_seed():
    orders = []
    for seed in (1, 1, 2):
        project = ProjectFactory(queue_order="random", seed=seed)
        items = [make_item(project) for _ in range(12)]
        make_open_round(project, items)
        orders.append([items.index(item) for item in asked(project)])
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == list(range(12)) != orders[0]


def test_the_items_of_one_prompt_come_together():
    project = ProjectFactory(queue_order="prompt")
    one, two = PromptFactory(), PromptFactory()
    items = [
        make_item(project, prompt=prompt, contents=(f"a{k}", f"b{k}"))
        for k, prompt in enumerate([one, two, one, two, one])
    ]
    make_open_round(project, items)
    assert [item.prompt for item in asked(project)] == [one, one, one, two, two]


def test_urgent_items_jump_the_queue_of_an_open_round():
    project = ProjectFactory(queue_order="priority")
    items = prioritised(project, 0, 0, 0)
    round_ = make_open_round(project, items)
    early, late = make_annotator(project), make_annotator(project)
    submit(claim_assignment(project, by=early))
    urgent, calm = prioritised(project, 3, 0)
    extend_round(round_, items=[calm, urgent], by=None)
    assert claim_assignment(project, by=early).item == urgent
    assert asked(project, late) == [items[1], items[2], calm]


def test_what_is_moved_to_the_front_is_asked_next_by_everybody():
    project = ProjectFactory(queue_order="priority", overlap=2)
    items, round_ = open_items(project, 4, overlap=2)
    first, second = make_annotator(project), make_annotator(project)
    submit(claim_assignment(project, by=first))
    assert move_to_front(round_, [items[3]]) == 2
    assert claim_assignment(project, by=first).item == items[3]
    assert [item.pk for item in asked(project, second)] == [
        items[3].pk,
        items[0].pk,
        items[1].pk,
        items[2].pk,
    ]


def test_a_skipped_slot_comes_back_at_the_tail_though_others_stand_in_front():
    project = ProjectFactory(queue_order="priority")
    (item,), round_ = open_items(project, 1)
    move_to_front(round_, [item])
    slot = claim_assignment(project, by=make_annotator(project))
    skip_assignment(slot, fence=slot.fence, reason="unclear")
    fresh = Assignment.objects.get(status="free")
    assert fresh.position > 0
    assert claim_assignment(project, by=make_annotator(project)) == fresh


@pytest.mark.parametrize("order", ["given", "priority"])
def test_a_claim_takes_as_many_statements_however_far_one_has_come(order):
    project = ProjectFactory(queue_order=order)
    open_items(project, 30)
    user = make_annotator(project)
    submit(claim_assignment(project, by=user), key="first")
    counts = []
    for k in range(20):
        with CaptureQueriesContext(connection) as seen:
            slot = claim_assignment(project, by=user)
        counts.append(len(seen))
        submit(slot, key=str(k))
    assert len(set(counts)) == 1, counts


def test_a_round_needs_something_to_ask():
    project = ProjectFactory()
    same = make_item(project, contents=("Yes.", "Yes."))
    with pytest.raises(InvalidInput, match="at least one"):
        open_round(create_round(project, picks=[Pick(same)], by=None), by=None)


def test_a_later_round_asks_for_what_is_missing_after_the_overlap_was_lowered():
    project = ProjectFactory()
    item = make_item(project, overlap=3)
    round_ = make_open_round(project, [item])
    people = [make_annotator(project) for _ in range(3)]
    slots = [claim_assignment(project, by=person) for person in people]
    submit(slots[2])
    for slot in slots[:2]:
        skip_assignment(slot, fence=slot.fence, reason="unclear")
    close_round(round_, by=None)
    item.overlap = 2
    item.save()
    make_open_round(project, [item])
    assert [a.slot for a in item.assignments.filter(status="free")] == [0]
