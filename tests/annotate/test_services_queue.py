"""The queue: nothing is asked twice, nothing is lost, and overlap is never exceeded."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotate.answers import ComparisonAnswer
from annotate.errors import Conflict, InvalidInput
from annotate.models import Assignment, Judgment
from annotate.selectors import claim_payload, round_progress
from annotate.services import (
    claim_assignment,
    close_round,
    publish_guidelines,
    renew_lease,
    save_draft,
    skip_assignment,
    update_project,
)
from annotate.services.rounds import extend_round
from tests.annotate.queueing import let_expire, live_slots, open_items, submit
from tests.factories import ProjectFactory, make_annotator, make_item, make_open_round


@pytest.fixture
def project(db):
    return ProjectFactory()


# --- claiming -------------------------------------------------------------------------------
def test_items_are_given_in_the_order_of_the_round(project):
    items, _ = open_items(project, 3)
    ada = make_annotator(project)
    given_out = []
    while (slot := claim_assignment(project, by=ada)) is not None:
        given_out.append(slot.item)
        submit(slot)
    assert given_out == items


@pytest.mark.parametrize("overlap", [1, 2, 3])
def test_an_item_is_given_to_as_many_people_as_its_overlap_asks(project, overlap):
    items, round_ = open_items(project, 2, overlap=overlap)
    people = [make_annotator(project) for _ in range(5)]
    for person in people:
        while (slot := claim_assignment(project, by=person)) is not None:
            submit(slot)
    for item in items:
        judges = item.assignments.filter(status="submitted").values_list("annotator")
        assert len(judges) == len(set(judges)) == overlap
    assert round_progress(round_).is_complete


def test_the_display_order_varies_between_slots(project):
    open_items(project, 40)
    ada = make_annotator(project)
    left = []
    while (slot := claim_assignment(project, by=ada)) is not None:
        left.append(slot.display_order[0])
        submit(slot)
    assert 10 <= sum(left) <= 30


def test_the_same_item_in_the_same_place_is_shown_in_the_same_order(project):
    prompt = make_item(project).prompt
    orders = []
    for _ in range(2):
        other = ProjectFactory(seed=9)
        make_open_round(other, [make_item(other, prompt=prompt, contents="abcdefg")])
        orders.append(claim_assignment(other, by=make_annotator(other)).display_order)
    assert orders[0] == orders[1]
    assert sorted(orders[0]) == list(range(7))


def test_a_held_lease_is_followed_by_another_and_then_by_a_conflict(project):
    open_items(project, 3)
    ada = make_annotator(project)
    first = claim_assignment(project, by=ada)
    assert claim_assignment(project, by=ada) == first
    second = claim_assignment(project, by=ada, holding=[first.public_id])
    assert second != first
    with pytest.raises(Conflict):
        claim_assignment(project, by=ada, holding=[first.public_id, second.public_id])


def test_items_added_to_an_open_round_are_reached(project):
    _, round_ = open_items(project, 1)
    ada = make_annotator(project)
    submit(claim_assignment(project, by=ada))
    assert claim_assignment(project, by=ada) is None
    late = make_item(project)
    assert extend_round(round_, items=[late], by=None) == 1
    assert claim_assignment(project, by=ada).item == late


def count_queries(act):
    with CaptureQueriesContext(connection) as queries:
        result = act()
    return len(queries), result


def test_a_claim_costs_the_same_however_much_a_person_has_done(project):
    open_items(project, 41)
    ada = make_annotator(project)
    costs = []
    for _ in range(40):
        cost, slot = count_queries(lambda: claim_assignment(project, by=ada))
        costs.append(cost)
        submit(slot)
    assert len(set(costs[1:])) == 1
    assert costs[1] <= 15


def test_a_claim_never_looks_at_what_lies_behind_the_cursor(project):
    """The search starts after the person's place, even where free slots stand before it."""
    items, round_ = open_items(project, 5)
    ada = make_annotator(project)
    cursor = round_.cursors.create(user=ada, position=2)
    assert claim_assignment(project, by=ada).item == items[3]
    cursor.refresh_from_db()
    assert cursor.position == 3


def test_telling_a_claim_costs_the_same_for_two_responses_and_for_seven(project):
    costs = []
    for contents in ("ab", "abcdefg"):
        make_item(project)
        other = ProjectFactory()
        make_open_round(other, [make_item(other, kind="ranking", contents=contents)])
        slot = claim_assignment(other, by=make_annotator(other))
        costs.append(count_queries(lambda slot=slot: claim_payload(slot))[0])
    assert costs[0] == costs[1]


# --- skipping, expiring, reviving -----------------------------------------------------------
def test_a_skipped_item_goes_to_somebody_else_at_the_tail(project):
    items, _ = open_items(project, 2)
    ada, bob = make_annotator(project), make_annotator(project)
    skipped = claim_assignment(project, by=ada)
    skip_assignment(skipped, fence=1, reason="hard")
    fresh = items[0].assignments.get(status="free")
    assert (fresh.slot, fresh.position) == (skipped.slot, 2)
    assert [submit(claim_assignment(project, by=ada)).judgment.assignment.item] == [items[1]]
    assert claim_assignment(project, by=ada) is None
    assert claim_assignment(project, by=bob).item == items[0]


def test_an_expired_item_goes_to_somebody_else_at_the_tail(project):
    items, _ = open_items(project, 2)
    ada, bob = make_annotator(project), make_annotator(project)
    let_expire(claim_assignment(project, by=ada))
    assert [claim_assignment(project, by=bob).item for _ in range(1)] == [items[1]]
    held = bob.assignments.get(status="leased").public_id
    assert claim_assignment(project, by=bob, holding=[held]).item == items[0]


def test_a_claim_collects_what_expired_without_waiting_for_the_clock(project):
    open_items(project, 1)
    ada, bob = make_annotator(project), make_annotator(project)
    slot = claim_assignment(project, by=ada)
    Assignment.objects.filter(pk=slot.pk).update(expires_at=timezone.now())
    assert claim_assignment(project, by=bob).item == slot.item


def test_a_revived_item_keeps_its_draft_and_raises_its_fence(project):
    open_items(project, 2)
    ada = make_annotator(project)
    slot = claim_assignment(project, by=ada)
    save_draft(slot, fence=1, version=4, answer={"choice": "tie"})
    let_expire(slot)
    revived = claim_assignment(project, by=ada)
    assert (revived.pk, revived.fence, revived.draft) == (slot.pk, 2, {"choice": "tie"})
    assert revived.display_order == slot.display_order
    assert live_slots(slot.item) == 1
    assert slot.item.assignments.filter(status="free").count() == 0


def test_ones_own_lapsed_item_comes_back_before_a_new_one(project):
    open_items(project, 2)
    ada = make_annotator(project)
    slot = claim_assignment(project, by=ada)
    Assignment.objects.filter(pk=slot.pk).update(expires_at=timezone.now())
    revived = claim_assignment(project, by=ada)
    assert (revived.pk, revived.fence) == (slot.pk, 2)


def test_nothing_is_revived_once_somebody_else_has_it(project):
    items, _ = open_items(project, 1)
    ada, bob = make_annotator(project), make_annotator(project)
    slot = claim_assignment(project, by=ada)
    let_expire(slot)
    assert claim_assignment(project, by=bob).item == items[0]
    assert claim_assignment(project, by=ada) is None
    with pytest.raises(Conflict):
        renew_lease(slot, fence=1)


def test_a_skip_of_an_expired_item_opens_no_second_slot(project):
    items, _ = open_items(project, 1)
    slot = claim_assignment(project, by=make_annotator(project))
    let_expire(slot)
    skip_assignment(slot, fence=1, reason="hard")
    assert items[0].assignments.filter(status="free").count() == 1


def test_a_closed_round_takes_what_is_under_way_and_opens_nothing(project):
    _, round_ = open_items(project, 3)
    ada, bob = make_annotator(project), make_annotator(project)
    under_way, lost = claim_assignment(project, by=ada), claim_assignment(project, by=bob)
    close_round(round_, by=None)
    assert claim_assignment(project, by=ada) == under_way
    assert submit(under_way).created
    assert claim_assignment(project, by=ada) is None
    let_expire(lost)
    assert not Assignment.objects.filter(status="free").exists()
    assert submit(lost).created
    assert not Assignment.objects.get(pk=lost.pk).is_surplus


# --- late answers ---------------------------------------------------------------------------
def test_a_late_answer_withdraws_the_free_replacement(project):
    items, round_ = open_items(project, 1)
    slot = claim_assignment(project, by=make_annotator(project))
    let_expire(slot)
    submit(slot)
    slot.refresh_from_db()
    assert (slot.status, slot.is_surplus) == ("submitted", False)
    assert [a.status for a in items[0].assignments.exclude(pk=slot.pk)] == ["withdrawn"]
    assert round_progress(round_).is_complete


@pytest.mark.parametrize("replacement", ["leased", "submitted"])
def test_a_late_answer_behind_a_taken_replacement_is_surplus(project, replacement):
    items, round_ = open_items(project, 1)
    slot = claim_assignment(project, by=make_annotator(project))
    let_expire(slot)
    taken = claim_assignment(project, by=make_annotator(project))
    if replacement == "submitted":
        submit(taken)
    submit(slot)
    slot.refresh_from_db()
    assert slot.is_surplus
    assert live_slots(items[0]) == 1
    assert Judgment.objects.filter(assignment=slot).exists()
    assert round_progress(round_).submitted == (1 if replacement == "submitted" else 0)


def test_of_two_late_answers_one_is_surplus(project):
    items, _ = open_items(project, 1)
    slots = []
    for _ in range(2):
        slots.append(claim_assignment(project, by=make_annotator(project)))
        let_expire(slots[-1])
    for slot in slots:
        submit(slot)
    surplus = [Assignment.objects.get(pk=slot.pk).is_surplus for slot in slots]
    assert sorted(surplus) == [False, True]
    assert not items[0].assignments.filter(status__in=["free", "leased"]).exists()


def test_a_skipped_item_takes_no_answer(project):
    open_items(project, 1)
    slot = claim_assignment(project, by=make_annotator(project))
    skip_assignment(slot, fence=1, reason="hard")
    with pytest.raises(Conflict):
        submit(slot)


def test_an_older_fence_takes_no_answer(project):
    open_items(project, 1)
    slot = claim_assignment(project, by=make_annotator(project))
    let_expire(slot)
    renew_lease(slot, fence=1)
    with pytest.raises(Conflict):
        submit(slot)


@pytest.mark.parametrize("key", ["", "k" * 101])
def test_a_key_has_a_length(project, key):
    open_items(project, 1)
    with pytest.raises(InvalidInput):
        submit(claim_assignment(project, by=make_annotator(project)), key=key)


def test_a_judgment_is_stored_on_the_scale_and_under_the_guidelines_that_were_shown(project):
    first = publish_guidelines(project, text="Old.", by=None)
    open_items(project, 1)
    assignment = claim_assignment(project, by=make_annotator(project))
    publish_guidelines(project, text="New.", by=None)
    update_project(project, by=None, scale="eight")
    judgment = submit(assignment, answer=ComparisonAnswer("left", 4)).judgment
    assert (judgment.scale, judgment.guideline) == ("llama2", first)
    assert assignment.shape().scale == "llama2"
