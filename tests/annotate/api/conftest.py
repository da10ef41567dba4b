"""A small campaign and the people who work in it, each with a client of their own."""

from __future__ import annotations

import pytest

from tests.clients import Client, client_for
from tests.factories import ProjectFactory, make_annotator, make_item, make_open_round


@pytest.fixture
def project(db):
    return ProjectFactory(slug="helpful")


@pytest.fixture
def items(project):
    """Three comparisons in an open round, one judgment wanted for each."""
    items = [make_item(project) for _ in range(3)]
    make_open_round(project, items)
    return items


@pytest.fixture
def annotator(project):
    return make_annotator(project)


@pytest.fixture
def client(annotator):
    return client_for(annotator)


@pytest.fixture
def manager(project):
    return client_for(make_annotator(project, role="manager"))


@pytest.fixture
def reviewer(project):
    return client_for(make_annotator(project, role="reviewer"))


@pytest.fixture
def outsider(db):
    return client_for(make_annotator(ProjectFactory()))


@pytest.fixture
def anonymous():
    return Client()


@pytest.fixture
def claim(client, items):
    """A fresh claim of the annotator."""
    return client.call("post", "projects/helpful/claims").json()
