"""What people are called on the pages of those who look at their work."""

import re

import pytest

from annotate import naming
from annotate.models import Assignment
from annotate.naming import annotator_names
from tests.factories import ProjectFactory, UserFactory, make_annotator, make_item

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return ProjectFactory(hide_names=True)


@pytest.fixture
def reviewer(project):
    return make_annotator(project, role="reviewer")


def test_names_are_shown_where_nothing_hides_them(reviewer, project):
    person = make_annotator(project)
    project.hide_names = False
    assert annotator_names(project, reviewer)[person.pk] == person.username


def test_managers_always_see_names(project):
    person, manager = make_annotator(project), make_annotator(project, role="manager")
    assert annotator_names(project, manager)[person.pk] == person.username


def test_reviewers_see_numbers_and_themselves(project, reviewer):
    person = make_annotator(project)
    names = annotator_names(project, reviewer)
    assert re.fullmatch(r"Annotator \d{4}", names[person.pk])
    assert names[reviewer.pk] == reviewer.username


def test_a_number_stays_when_others_join(project, reviewer):
    people = [make_annotator(project) for _ in range(5)]
    before = annotator_names(project, reviewer)
    for _ in range(20):
        make_annotator(project)
    after = annotator_names(project, reviewer)
    assert [after[one.pk] for one in people] == [before[one.pk] for one in people]


def test_a_number_differs_between_projects(project, reviewer):
    people = [make_annotator(project) for _ in range(5)]
    other = ProjectFactory(hide_names=True)
    spy = make_annotator(other, role="reviewer")
    for person in people:
        Assignment.objects.create(item=make_item(other), annotator=person, status="submitted")
    here, there = annotator_names(project, reviewer), annotator_names(other, spy)
    assert [here[one.pk] for one in people] != [there[one.pk] for one in people]


def test_those_who_left_keep_a_name(project, reviewer):
    gone = UserFactory()
    Assignment.objects.create(item=make_item(project), annotator=gone, status="submitted")
    assert gone.pk in annotator_names(project, reviewer)
    assert UserFactory().pk not in annotator_names(project, reviewer)


def test_no_two_people_share_a_number(project, reviewer, monkeypatch):
    monkeypatch.setattr(naming, "NUMBERS", 8)
    for _ in range(6):
        make_annotator(project)
    names = annotator_names(project, reviewer)
    assert len(set(names.values())) == len(names)
