"""How much one person may do, and the days that are counted for it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotate.models import WorkDay
from annotate.selectors import idle_reason
from annotate.services import claim_assignment, revise_judgment
from annotate.services.limits import rebuild_workdays
from tests.annotate.queueing import LEFT, open_items, submit
from tests.factories import ProjectFactory, make_annotator

pytestmark = pytest.mark.django_db


def days(project):
    return sorted(
        WorkDay.objects.filter(project=project).values_list(
            "user", "day", "judged", "active_seconds"
        )
    )


def judge(project, user, n=1):
    for k in range(n):
        submit(claim_assignment(project, by=user), key=f"{user.pk}-{k}")


def test_a_day_s_cap_counts_what_is_open_too():
    project = ProjectFactory(daily_cap=2)
    open_items(project, 5)
    user = make_annotator(project)
    judge(project, user)
    first = claim_assignment(project, by=user)
    assert claim_assignment(project, by=user, holding=[first.public_id]) is None
    submit(first)
    assert claim_assignment(project, by=user) is None
    assert idle_reason(project, user) == "daily_cap"


def test_the_next_day_starts_anew():
    project = ProjectFactory(daily_cap=1)
    open_items(project, 5)
    user = make_annotator(project)
    judge(project, user)
    WorkDay.objects.update(day=timezone.now().date() - timedelta(days=1))
    assert claim_assignment(project, by=user) is not None


def test_a_person_s_share_of_the_project_is_bounded():
    project = ProjectFactory(items_per_annotator=2)
    open_items(project, 5)
    user, other = make_annotator(project), make_annotator(project)
    judge(project, user, 2)
    assert claim_assignment(project, by=user) is None
    assert idle_reason(project, user) == "item_cap"
    assert claim_assignment(project, by=other) is not None


def test_a_replay_and_an_edit_count_once():
    project = ProjectFactory()
    open_items(project, 2)
    user = make_annotator(project)
    slot = claim_assignment(project, by=user)
    judgment = submit(slot).judgment
    slot.refresh_from_db()
    assert not submit(slot).created
    revise_judgment(judgment, answer=LEFT, by=user)
    assert [row[2] for row in days(project)] == [1]


def test_the_days_can_be_made_again_from_the_judgments():
    project = ProjectFactory()
    open_items(project, 6)
    for n in (2, 3):
        judge(project, make_annotator(project), n)
    counted = days(project)
    assert [row[2] for row in counted] == [2, 3]
    assert rebuild_workdays(project) == 2
    assert days(project) == counted
