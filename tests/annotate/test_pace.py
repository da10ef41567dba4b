"""A person's own pace."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotate.models import WorkDay
from annotate.pace import Pace, own_pace
from tests.factories import ProjectFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return UserFactory()


@pytest.fixture
def project():
    return ProjectFactory()


def work(project, person, *days):
    """Work days as (days ago, judgments, seconds)."""
    today = timezone.now().date()
    for ago, judged, seconds in days:
        WorkDay.objects.create(
            project=project,
            user=person,
            day=today - timedelta(days=ago),
            judged=judged,
            active_seconds=seconds,
        )


def test_before_the_first_judgment_there_is_nothing(project, person):
    assert own_pace(project, person) == Pace()


def test_totals_today_and_the_mean_of_the_last_days(project, person):
    work(project, person, (0, 2, 20.0), (1, 8, 180.0))
    assert own_pace(project, person) == Pace(judged=10, today=2, seconds=20.0, streak=2)


def test_the_mean_leaves_old_days_out(project, person):
    work(project, person, *((k, 1, 10.0) for k in range(7)), (30, 100, 100_000.0))
    assert own_pace(project, person).seconds == 10.0


def test_times_that_are_not_known_give_no_mean(project, person):
    work(project, person, (0, 2, 0.0))
    assert own_pace(project, person).seconds is None


@pytest.mark.parametrize(
    ("days", "streak"),
    [((0, 1, 2), 3), ((1, 2), 2), ((2, 3), 0), ((0, 2, 3), 1), ((0,), 1), ((), 0)],
)
def test_a_streak_runs_up_to_today_or_yesterday(project, person, days, streak):
    work(project, person, *((ago, 1, 1.0) for ago in days))
    assert own_pace(project, person).streak == streak


def test_caps_say_what_is_left(project, person):
    project.daily_cap, project.items_per_annotator = 5, 9
    work(project, person, (0, 6, 1.0), (1, 1, 1.0))
    pace = own_pace(project, person)
    assert (pace.left_today, pace.left) == (0, 2)


def test_others_and_other_projects_do_not_count(project, person):
    work(project, UserFactory(), (0, 3, 1.0))
    work(ProjectFactory(), person, (0, 3, 1.0))
    assert own_pace(project, person) == Pace()


def test_it_takes_one_query(project, person, django_assert_num_queries):
    work(project, person, *((k, 1, 1.0) for k in range(50)))
    with django_assert_num_queries(1):
        assert own_pace(project, person).streak == 50
