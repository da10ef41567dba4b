"""A campaign with one comparison, and browsers in which its people are signed in."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.test import Client

from annotate.models import Assignment, ResponseSource
from tests.factories import ProjectFactory, UserFactory, make_annotator, make_item, make_open_round

HTMX = {"HTTP_HX_REQUEST": "true"}


def browser(user):
    """A client that is signed in."""
    client = Client()
    client.force_login(user)
    return client


def text_of(response):
    """The page as text."""
    return response.content.decode()


def lease_of(user):
    """The assignment on the person's screen."""
    return Assignment.objects.get(annotator=user, status="leased")


def beside(assignment, **fields):
    """What a form sends beside the answer."""
    return {"fence": assignment.fence, "idempotency_key": str(uuid4()), **fields}


def open_project(*items, **settings):
    """A project with an open round over items made by the given functions of the project."""
    project = ProjectFactory(**settings)
    make_open_round(project, [make(project) for make in items])
    return project


def comparison(first="The first.", second="The second.", **extra):
    return lambda project: make_item(project, contents=(first, second), **extra)


def input_names(page):
    """The names of all form fields of a page."""
    return set(re.findall(r'name="([^"]+)"', page))


@pytest.fixture
def project(db):
    return open_project(comparison(), comparison("Third.", "Fourth."))


@pytest.fixture
def annotator(project):
    return make_annotator(project)


@pytest.fixture
def manager(project):
    return make_annotator(project, role="manager")


@pytest.fixture
def outsider(db):
    return UserFactory()


@pytest.fixture
def sourced(db):
    """A project whose item has everything that annotators must not see."""
    project = open_project(
        comparison(known={"choice": "left", "strength": 4}, category="hidden-category")
    )
    for link in project.items.get().links.all():
        ResponseSource.objects.create(response=link.response, name="secret-model-7b")
    project.items.update(source="secret-file.jsonl")
    return project
