"""What managers do to items, and what becomes of their slots."""

import pytest

from annotate.answers import ComparisonAnswer
from annotate.errors import InvalidInput
from annotate.models import Assignment, AuditEvent, Item, KnownAnswer
from annotate.services import claim_assignment, close_round, skip_assignment
from annotate.services.items import (
    MAX_ITEMS,
    ask_again,
    mark_gold,
    mark_qualification,
    restore_items,
    set_known_answer,
    set_overlap,
    set_priority,
    withdraw_items,
)
from tests.annotate.queueing import LEFT, open_items, submit
from tests.factories import ProjectFactory, make_annotator, make_item, make_open_round

pytestmark = pytest.mark.django_db
LEFT_JSON = {"choice": "left", "strength": 4}


@pytest.fixture
def project():
    return ProjectFactory()


@pytest.fixture
def manager(project):
    return make_annotator(project, role="manager")


def slots(item, *statuses):
    """The numbers of the item's work slots in these states."""
    rows = item.assignments.filter(purpose="work", status__in=statuses or ["free"])
    return sorted(rows.values_list("slot", flat=True))


def judged(project, item, *answers):
    """Each answer given in stored order by a new person, through the queue."""
    for answer in answers:
        annotator = make_annotator(project)
        lease = claim_assignment(project, by=annotator)
        assert lease.item_id == item.pk
        if lease.display_order == [1, 0] and answer.choice in ("left", "right"):
            other = "right" if answer.choice == "left" else "left"
            answer = ComparisonAnswer(other, answer.strength)
        submit(lease, answer=answer, key=str(annotator.pk))


def test_priority_is_stored_and_written_down(project, manager):
    item, other = make_item(project), make_item(project)
    assert set_priority(project, items=[item.pk], priority=5, by=manager) == 1
    assert [Item.objects.get(pk=i.pk).priority for i in (item, other)] == [5, 0]
    event = AuditEvent.objects.get(action="items.priority")
    assert (event.actor, event.detail) == (manager, {"n": 1, "priority": 5})


def test_a_priority_out_of_range_changes_nothing(project, manager):
    item = make_item(project)
    with pytest.raises(InvalidInput, match="-1000 to 1000"):
        set_priority(project, items=[item.pk], priority=10**9, by=manager)


def test_urgent_items_go_first_in_a_project_that_goes_by_priority(manager, project):
    project.queue_order = "priority"
    project.save()
    (_, late), _ = open_items(project, 2)
    set_priority(project, items=[late.pk], priority=3, by=manager)
    assert claim_assignment(project, by=make_annotator(project)).item_id == late.pk


def test_items_of_another_project_are_left_alone(project, manager):
    foreign = make_item()
    assert set_priority(project, items=[foreign.pk], priority=5, by=manager) == 0
    assert withdraw_items(project, items=[foreign.pk], by=manager) == 0
    foreign.refresh_from_db()
    assert foreign.priority == 0
    assert foreign.is_queueable


def test_too_many_items_at_once_are_refused(project, manager):
    with pytest.raises(InvalidInput, match="10000"):
        set_priority(project, items=range(MAX_ITEMS + 1), priority=1, by=manager)


def test_a_withdrawn_item_is_asked_no_more(project, manager):
    (item, other), _ = open_items(project, 2, overlap=2)
    withdraw_items(project, items=[item.pk], by=manager)
    assert slots(item) == []
    assert claim_assignment(project, by=make_annotator(project)).item_id == other.pk


def test_an_answer_under_way_survives_the_withdrawal(project, manager):
    (item,), _ = open_items(project, 1, overlap=2)
    lease = claim_assignment(project, by=make_annotator(project))
    withdraw_items(project, items=[item.pk], by=manager)
    assert submit(lease).created
    assert slots(item, "submitted") == [lease.slot]


def test_a_skipped_item_that_was_withdrawn_is_not_asked_of_somebody_else(project, manager):
    (item,), _ = open_items(project, 1)
    lease = claim_assignment(project, by=make_annotator(project))
    withdraw_items(project, items=[item.pk], by=manager)
    skip_assignment(lease, fence=lease.fence, reason="unclear")
    assert slots(item) == []


def test_a_restored_item_gets_the_slots_back_that_are_missing(project, manager):
    (item,), _ = open_items(project, 1, overlap=3)
    judged(project, item, LEFT)
    withdraw_items(project, items=[item.pk], by=manager)
    restore_items(project, items=[item.pk], by=manager)
    assert len(slots(item)) == 2
    assert slots(item, "free", "submitted") == [0, 1, 2]


def test_slots_that_come_back_reach_those_who_had_come_to_the_end(project, manager):
    (item, _), _ = open_items(project, 2)
    annotator = make_annotator(project)
    withdraw_items(project, items=[item.pk], by=manager)
    submit(claim_assignment(project, by=annotator))
    assert claim_assignment(project, by=annotator) is None
    restore_items(project, items=[item.pk], by=manager)
    assert claim_assignment(project, by=annotator).item_id == item.pk


def test_an_item_with_identical_responses_cannot_be_put_into_the_queue(project, manager):
    item = make_item(project, contents=("Same.", "Same."))
    assert restore_items(project, items=[item.pk], by=manager) == 0
    item.refresh_from_db()
    assert not item.is_queueable


def test_without_an_open_round_only_the_item_changes(project, manager):
    (item,), round_ = open_items(project, 1)
    close_round(round_, by=manager)
    set_overlap(project, items=[item.pk], overlap=3, by=manager)
    item.refresh_from_db()
    assert (item.overlap, slots(item)) == (3, [])


def test_more_overlap_adds_free_slots(project, manager):
    (item,), _ = open_items(project, 1)
    set_overlap(project, items=[item.pk], overlap=3, by=manager)
    assert slots(item) == [0, 1, 2]


def test_less_overlap_takes_free_slots_only(project, manager):
    (item,), _ = open_items(project, 1, overlap=3)
    judged(project, item, LEFT)
    set_overlap(project, items=[item.pk], overlap=1, by=manager)
    assert slots(item) == []
    assert len(slots(item, "submitted")) == 1


def test_overlap_up_and_down_never_leaves_more_live_slots_than_it_says(project, manager):
    (item,), _ = open_items(project, 1, overlap=3)
    Assignment.objects.filter(item=item, slot=0).update(status="withdrawn")
    Assignment.objects.filter(item=item, slot=1).update(status="withdrawn")
    judged(project, item, LEFT)
    for overlap in (1, 4, 2):
        set_overlap(project, items=[item.pk], overlap=overlap, by=manager)
        assert len(slots(item, "free", "submitted")) == overlap


def test_an_overlap_of_nothing_is_refused(project, manager):
    with pytest.raises(InvalidInput, match="from 1 to 100"):
        set_overlap(project, items=[make_item(project).pk], overlap=0, by=manager)


def test_asking_again_opens_one_more_slot(project, manager):
    (item,), _ = open_items(project, 1)
    judged(project, item, LEFT)
    ask_again(project, items=[item.pk], by=manager)
    item.refresh_from_db()
    assert (item.overlap, slots(item)) == (2, [1])


def test_an_item_outside_the_open_round_gets_no_slots(project, manager):
    open_items(project, 1)
    apart = make_item(project)
    ask_again(project, items=[apart.pk], by=manager)
    assert slots(apart) == []


def test_gold_is_no_work_any_more(project, manager):
    item = make_item(project, known=LEFT_JSON, overlap=2)
    make_open_round(project, [item, make_item(project)])
    assert mark_gold(project, items=[item.pk], is_gold=True, by=manager) == 1
    assert slots(item) == []
    assert KnownAnswer.objects.get(item=item).is_gold


def test_what_is_no_gold_any_more_is_work_again(project, manager):
    item = make_item(project, known=LEFT_JSON)
    make_open_round(project, [item])
    for is_gold in (True, False):
        mark_gold(project, items=[item.pk], is_gold=is_gold, by=manager)
    assert slots(item) == [0]


def test_gold_without_a_known_answer_takes_what_all_said(project, manager):
    (item,), _ = open_items(project, 1, overlap=2)
    judged(project, item, ComparisonAnswer("left", 2), ComparisonAnswer("left", 4))
    assert mark_gold(project, items=[item.pk], is_gold=True, by=manager) == 1
    assert KnownAnswer.objects.get(item=item).answer["choice"] == "left"


@pytest.mark.parametrize(
    "answers",
    [
        [ComparisonAnswer("left", 1)],
        [ComparisonAnswer("left", 1), ComparisonAnswer("right", 1)],
        [ComparisonAnswer("cannot_judge"), ComparisonAnswer("cannot_judge")],
    ],
)
def test_gold_that_nobody_or_not_everybody_agrees_on_is_left_out(project, manager, answers):
    (item,), _ = open_items(project, 1, overlap=2)
    judged(project, item, *answers)
    assert mark_gold(project, items=[item.pk], is_gold=True, by=manager) == 0
    assert not KnownAnswer.objects.exists()


def test_a_qualification_item_is_no_work_either(project, manager):
    item = make_item(project, known=LEFT_JSON)
    make_open_round(project, [item])
    mark_qualification(project, items=[item.pk], is_qualification=True, by=manager)
    assert slots(item) == []
    assert KnownAnswer.objects.get(item=item).is_qualification


def test_a_known_answer_keeps_its_marks_when_it_changes(project, manager):
    item = make_item(project, known=LEFT_JSON)
    KnownAnswer.objects.update(is_gold=True)
    known = set_known_answer(item, answer=ComparisonAnswer("right", 1), by=manager, explanation="x")
    assert (known.is_gold, known.answer["choice"], known.explanation) == (True, "right", "x")
