"""Gold among the work, the qualification before it, and what is said of the answers."""

from __future__ import annotations

import pytest

from annotate.answers import ComparisonAnswer, to_shown
from annotate.models import Assignment, KnownAnswer, Membership
from annotate.selectors import claim_payload, idle_reason, round_progress
from annotate.services import (
    claim_assignment,
    close_round,
    create_round,
    renew_lease,
    revise_judgment,
    skip_assignment,
)
from annotate.services.gold import is_known_answer_met
from annotate.services.rounds import Pick, extend_round
from tests.annotate.queueing import let_expire, open_items, submit
from tests.factories import ProjectFactory, make_annotator, make_item

pytestmark = pytest.mark.django_db
LEFT = {"choice": "left", "strength": 1}


def gold_item(project, **marks):
    item = make_item(project, known=LEFT)
    KnownAnswer.objects.filter(item=item).update(**(marks or {"is_gold": True}))
    return item


def answer_for(slot, choice="left"):
    return to_shown(ComparisonAnswer(choice, 1), slot.display_order)


def work_through(project, user, choice="left"):
    """Everything the person is given, judged; returns the slots."""
    done = []
    while (slot := claim_assignment(project, by=user)) is not None:
        submit(slot, key=f"k{len(done)}", answer=answer_for(slot, choice))
        done.append(slot)
    return done


def test_gold_comes_at_the_project_s_rate_beside_the_work():
    project = ProjectFactory(gold_rate=0.5)
    gold = {gold_item(project).pk for _ in range(30)}
    items, round_ = open_items(project, 40)
    done = work_through(project, make_annotator(project))
    given = [slot for slot in done if slot.purpose == "gold"]
    assert {slot.item_id for slot in given} <= gold
    assert len({slot.item_id for slot in given}) == len(given)
    assert 12 <= len(given) <= 30
    assert {s.item_id for s in done if s.purpose == "work"} == {item.pk for item in items}
    progress = round_progress(round_)
    assert (progress.slots, progress.submitted) == (40, 40)


def test_nobody_is_given_nothing_but_gold():
    project = ProjectFactory(gold_rate=1.0)
    for _ in range(5):
        gold_item(project)
    open_items(project, 1)
    first, second = make_annotator(project), make_annotator(project)
    done = work_through(project, first)
    assert [slot.purpose for slot in done] == ["gold"] * 5 + ["work"]
    assert claim_assignment(project, by=second) is None


def test_no_gold_item_is_work():
    project = ProjectFactory()
    plain, gold, test = make_item(project), gold_item(project), make_item(project, known=LEFT)
    KnownAnswer.objects.filter(item=test).update(is_qualification=True)
    picks = [Pick(item) for item in (plain, gold, test)]
    round_ = create_round(project, picks=picks, by=None)
    assert [entry.item for entry in round_.entries.all()] == [plain]


def test_two_people_see_the_same_gold_item_in_orders_of_their_own():
    project = ProjectFactory(gold_rate=1.0)
    gold_item(project)
    open_items(project, 1)
    orders = set()
    for _ in range(12):
        slot = claim_assignment(project, by=make_annotator(project))
        assert slot.purpose == "gold"
        orders.add(tuple(slot.display_order))
    assert orders == {(0, 1), (1, 0)}


def test_the_claim_of_a_gold_item_has_the_fields_of_any_other():
    project = ProjectFactory(gold_rate=1.0)
    gold_item(project)
    open_items(project, 1)
    user = make_annotator(project)
    gold = claim_assignment(project, by=user)
    work = claim_assignment(project, by=user, holding=[gold.public_id])
    assert (gold.purpose, work.purpose) == ("gold", "work")
    assert claim_payload(gold).keys() == claim_payload(work).keys()
    assert claim_payload(gold)["item"].keys() == claim_payload(work)["item"].keys()
    assert (gold.fence, gold.scale) == (work.fence, work.scale)


def test_a_gold_slot_is_skipped_expires_revives_and_is_answered_late_like_any_other():
    project = ProjectFactory(gold_rate=1.0)
    for _ in range(3):
        gold_item(project)
    open_items(project, 1)
    user = make_annotator(project)
    skipped = claim_assignment(project, by=user)
    skip_assignment(skipped, fence=skipped.fence, reason="unclear")
    revived = claim_assignment(project, by=user)
    let_expire(revived)
    assert renew_lease(revived, fence=revived.fence).status == "leased"
    late = claim_assignment(project, by=user, holding=[revived.public_id])
    let_expire(late)
    submit(late)
    late.refresh_from_db()
    assert (late.purpose, late.status, late.is_surplus) == ("gold", "submitted", False)
    assert Assignment.objects.filter(item__known__is_gold=True, status="free").count() == 0


def test_gold_under_way_is_still_taken_when_the_round_closes():
    project = ProjectFactory(gold_rate=1.0)
    gold_item(project)
    _, round_ = open_items(project, 1)
    slot = claim_assignment(project, by=make_annotator(project))
    close_round(round_, by=None)
    assert submit(slot).created


@pytest.mark.parametrize(("choice", "right"), [("left", True), ("right", False)])
def test_immediate_feedback_tells_the_known_answer_in_the_order_shown(choice, right):
    project = ProjectFactory(gold_rate=1.0, gold_feedback="immediate")
    item = gold_item(project)
    KnownAnswer.objects.filter(item=item).update(explanation="The left one is right.")
    open_items(project, 1)
    slot = claim_assignment(project, by=make_annotator(project))
    told = submit(slot, answer=answer_for(slot, choice)).feedback
    assert told.is_right is right
    shown_side = "left" if slot.display_order == [0, 1] else "right"
    assert told.known == {"choice": shown_side, "strength": 1}
    assert told.explanation == "The left one is right."


def test_who_lost_the_reply_is_told_again_when_the_same_answer_is_sent_again():
    project = ProjectFactory(gold_rate=1.0, gold_feedback="immediate")
    gold_item(project)
    open_items(project, 1)
    slot = claim_assignment(project, by=make_annotator(project))
    first = submit(slot, answer=answer_for(slot))
    again = submit(slot, answer=answer_for(slot))
    assert not again.created
    assert again.feedback == first.feedback
    assert again.feedback.is_right


def test_silent_projects_and_plain_items_tell_nothing():
    silent = ProjectFactory(gold_rate=1.0)
    gold_item(silent)
    open_items(silent, 1)
    assert submit(claim_assignment(silent, by=make_annotator(silent))).feedback is None
    loud = ProjectFactory(gold_feedback="immediate")
    open_items(loud, 1)
    assert submit(claim_assignment(loud, by=make_annotator(loud))).feedback is None


def test_the_latest_revision_decides_whether_a_check_is_passed():
    project = ProjectFactory(gold_rate=1.0)
    gold_item(project)
    open_items(project, 1)
    user = make_annotator(project)
    slot = claim_assignment(project, by=user)
    judgment = submit(slot, answer=answer_for(slot, "right")).judgment
    assert is_known_answer_met(judgment) is False
    revise_judgment(judgment, answer=answer_for(slot, "left"), by=user)
    assert is_known_answer_met(judgment) is True


@pytest.fixture
def hurdle():
    """Three questions, two of them to be right, before four items of work."""
    project = ProjectFactory(qualification_size=3, qualification_pass=0.6)
    for _ in range(4):
        gold_item(project, is_qualification=True)
    open_items(project, 4)
    return project


def test_who_passes_the_qualification_goes_on_to_work(hurdle):
    user = make_annotator(hurdle)
    done = work_through(hurdle, user)
    assert [slot.purpose for slot in done] == ["qualification"] * 3 + ["work"] * 4
    assert Membership.objects.get(user=user).qualified_at is not None


def test_who_fails_the_qualification_gets_no_work(hurdle):
    user = make_annotator(hurdle)
    done = work_through(hurdle, user, "right")
    assert [slot.purpose for slot in done] == ["qualification"] * 3
    assert idle_reason(hurdle, user) == "disqualified"
    assert Membership.objects.get(user=user).qualified_at is None


def test_the_set_is_marked_when_the_last_answer_is_in(hurdle):
    user = make_annotator(hurdle)
    first = claim_assignment(hurdle, by=user)
    second = claim_assignment(hurdle, by=user, holding=[first.public_id])
    submit(first, answer=answer_for(first))
    third = claim_assignment(hurdle, by=user, holding=[second.public_id])
    submit(second, answer=answer_for(second))
    assert claim_assignment(hurdle, by=user, holding=[third.public_id]) is None
    assert idle_reason(hurdle, user) == ""
    submit(third, answer=answer_for(third))
    assert claim_assignment(hurdle, by=user).purpose == "work"


def test_another_question_stands_in_for_a_skipped_one(hurdle):
    user = make_annotator(hurdle)
    slot = claim_assignment(hurdle, by=user)
    skip_assignment(slot, fence=slot.fence, reason="unclear")
    done = work_through(hurdle, user)
    assert [slot.purpose for slot in done[:3]] == ["qualification"] * 3


def test_reviewers_and_managers_need_no_qualification(hurdle):
    reviewer = make_annotator(hurdle, role="reviewer")
    assert claim_assignment(hurdle, by=reviewer).purpose == "work"


def test_a_project_without_a_set_lets_everybody_in():
    project = ProjectFactory(qualification_size=3)
    open_items(project, 1)
    assert claim_assignment(project, by=make_annotator(project)).purpose == "work"


def test_who_knows_the_whole_set_from_earlier_work_is_let_in():
    project = ProjectFactory()
    user = make_annotator(project)
    items, _ = open_items(project, 2)
    work_through(project, user)
    KnownAnswer.objects.bulk_create(
        KnownAnswer(item=item, answer=LEFT, is_qualification=True) for item in items
    )
    project.qualification_size = 2
    project.save()
    extend_round(project.rounds.get(), items=[make_item(project)], by=None)
    assert claim_assignment(project, by=user).purpose == "work"
    assert idle_reason(project, user) == ""


def test_who_skips_the_whole_set_is_not():
    project = ProjectFactory(qualification_size=2)
    for _ in range(2):
        gold_item(project, is_qualification=True)
    open_items(project, 1)
    user = make_annotator(project)
    for _ in range(2):
        slot = claim_assignment(project, by=user)
        skip_assignment(slot, fence=slot.fence, reason="unclear")
    assert claim_assignment(project, by=user) is None
    assert idle_reason(project, user) == "disqualified"
