"""Settings that change under way, and slots that come back: nobody stands before a closed door."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils import timezone

from annotate.access import get_assignment_for
from annotate.answers import ComparisonAnswer, to_shown
from annotate.errors import Conflict
from annotate.forms import SkipForm, SubmissionForm
from annotate.models import Assignment, KnownAnswer, Membership
from annotate.opinions import set_aside_items
from annotate.services import claim_assignment, close_round, revise_judgment, skip_assignment
from annotate.services.items import restore_items, set_overlap, set_priority, withdraw_items
from annotate.services.members import change_role
from annotate.services.review import adjudicate, set_aside
from annotate.services.rounds import extend_round
from curation.quality.annotators import project_annotators
from curation.quality.judgments import project_judgments
from tests.annotate.queueing import LEFT, let_expire, live_slots, open_items, submit
from tests.curation.collecting import collect
from tests.factories import ProjectFactory, make_annotator, make_item

pytestmark = pytest.mark.django_db


def checks(project, n, **marks):
    """Items whose answer is known to be left, as gold or for the qualification."""
    known = {"choice": "left", "strength": 1}
    for _ in range(n):
        KnownAnswer.objects.create(item=make_item(project), answer=known, **marks)


def answer_for(slot, choice="left"):
    return to_shown(ComparisonAnswer(choice, 1), slot.display_order)


def work_through(project, user):
    done = 0
    while (slot := claim_assignment(project, by=user)) is not None:
        submit(slot)
        done += 1
    return done


def test_a_skipped_slot_is_not_replaced_where_the_overlap_was_lowered():
    project = ProjectFactory()
    (item,), _ = open_items(project, 1, overlap=2)
    kept, skipped = (claim_assignment(project, by=make_annotator(project)) for _ in range(2))
    set_overlap(project, items=[item.pk], overlap=1, by=make_annotator(project, "manager"))
    submit(kept)
    skip_assignment(skipped, fence=skipped.fence, reason="unclear")
    assert claim_assignment(project, by=make_annotator(project)) is None


def test_a_late_answer_over_a_lowered_overlap_is_surplus():
    project = ProjectFactory()
    (item,), _ = open_items(project, 1, overlap=2)
    in_time, late = (claim_assignment(project, by=make_annotator(project)) for _ in range(2))
    let_expire(late)
    submit(in_time)
    set_overlap(project, items=[item.pk], overlap=1, by=make_annotator(project, "manager"))
    submit(late)
    late.refresh_from_db()
    assert (late.status, late.is_surplus, live_slots(item)) == ("submitted", True, 1)


def test_urgent_slots_are_still_reached_where_the_order_has_changed_since():
    project = ProjectFactory(queue_order="priority")
    items, _ = open_items(project, 2)
    manager = make_annotator(project, "manager")
    set_priority(project, items=[items[1].pk], priority=5, by=manager)
    project.queue_order = "random"
    project.save()
    assert work_through(project, make_annotator(project)) == 2


def test_what_the_page_holds_is_not_given_again_though_it_ran_out():
    project = ProjectFactory()
    open_items(project, 2)
    user = make_annotator(project)
    held = claim_assignment(project, by=user)
    let_expire(held)
    assert claim_assignment(project, by=user, holding=[held.public_id]).pk != held.pk
    held.refresh_from_db()
    assert (held.status, held.fence) == ("expired", 1)


def test_a_closed_round_takes_no_more_items():
    project = ProjectFactory()
    _, round_ = open_items(project, 1)
    close_round(round_, by=None)
    with pytest.raises(Conflict):
        extend_round(round_, items=[make_item(project)], by=None)


@pytest.mark.parametrize("form", [SubmissionForm, SkipForm])
def test_a_fence_that_no_column_holds_is_refused(form):
    assert "fence" in form({"fence": "9" * 40, "idempotency_key": "k", "reason": "unclear"}).errors


# --- qualification --------------------------------------------------------------------------
def test_a_question_of_the_qualification_that_ran_out_is_given_again():
    project = ProjectFactory(qualification_size=1)
    open_items(project, 1)
    checks(project, 1, is_qualification=True)
    user = make_annotator(project)
    first = claim_assignment(project, by=user)
    let_expire(first)
    assert claim_assignment(project, by=user, holding=[first.public_id]) is None
    assert Membership.objects.get(user=user).disqualified_at is None
    assert claim_assignment(project, by=user).pk == first.pk


def test_skipping_the_hard_questions_passes_nobody():
    project = ProjectFactory(qualification_size=3)
    open_items(project, 1)
    checks(project, 3, is_qualification=True)
    user = make_annotator(project)
    slot = claim_assignment(project, by=user)
    submit(slot, answer=answer_for(slot))
    for _ in range(2):
        slot = claim_assignment(project, by=user)
        skip_assignment(slot, fence=slot.fence, reason="hard")
    assert claim_assignment(project, by=user) is None
    assert Membership.objects.get(user=user).disqualified_at is not None


def test_a_change_after_the_known_answer_was_told_passes_nobody():
    project = ProjectFactory(qualification_size=1, gold_feedback="immediate")
    open_items(project, 1)
    checks(project, 1, is_qualification=True)
    user = make_annotator(project)
    slot = claim_assignment(project, by=user)
    told = submit(slot, answer=answer_for(slot, "right"))
    revise_judgment(told.judgment, answer=answer_for(slot), by=user)
    assert claim_assignment(project, by=user) is None
    (figures,) = (one.figures for one in project_annotators(project_judgments(project)))
    assert (figures.gold.hits, figures.gold.n) == (0, 1)


def test_somebody_who_did_not_qualify_works_as_a_reviewer():
    project = ProjectFactory(qualification_size=1)
    open_items(project, 1)
    user = make_annotator(project)
    membership = Membership.objects.get(user=user)
    membership.disqualified_at = timezone.now()
    membership.save()
    change_role(membership, role="reviewer", by=None)
    assert claim_assignment(project, by=user).purpose == "work"


def test_the_cap_of_a_person_leaves_room_behind_the_qualification():
    project = ProjectFactory(qualification_size=5, items_per_annotator=5)
    with pytest.raises(ValidationError):
        project.full_clean()
    project.items_per_annotator = 6
    project.full_clean()


# --- set aside and back ---------------------------------------------------------------------
def test_an_item_that_was_put_back_is_not_set_aside_by_being_withdrawn():
    project = ProjectFactory()
    (item,), _ = open_items(project, 1)
    manager = make_annotator(project, "manager")
    set_aside(item, reason="broken", by=make_annotator(project, "reviewer"))
    restore_items(project, items=[item.pk], by=manager)
    withdraw_items(project, items=[item.pk], by=manager)
    assert not set_aside_items(project).exists()


def test_a_decision_counts_though_another_reviewer_had_set_the_item_aside():
    project = ProjectFactory()
    (item,), _ = open_items(project, 1)
    set_aside(item, reason="broken", by=make_annotator(project, "reviewer"))
    other = make_annotator(project, "reviewer")
    adjudicate(item, answer=LEFT, display_order=[0, 1], by=other)
    _, records = collect(project, kind="preference", include_simulated=False)
    assert [record.overrides for record in records] == [True]


def test_what_a_reviewer_did_is_no_slot_that_can_be_kept_or_answered():
    project = ProjectFactory()
    (item,), _ = open_items(project, 1)
    reviewer = make_annotator(project, "reviewer")
    set_aside(item, reason="broken", by=reviewer)
    stand = Assignment.objects.get(purpose="adjudication")
    with pytest.raises(Http404):
        get_assignment_for(reviewer, stand.public_id)
