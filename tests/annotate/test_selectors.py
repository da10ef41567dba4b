"""What a person is told of the work that waits."""

from __future__ import annotations

import pytest

from annotate import selectors
from annotate.selectors import available_items
from annotate.services import claim_assignment, skip_assignment
from tests.annotate.queueing import open_items, submit
from tests.factories import ProjectFactory, make_annotator

pytestmark = pytest.mark.django_db


def test_what_waits_is_counted_by_item_and_shrinks_as_it_is_judged():
    project = ProjectFactory(overlap=2)
    open_items(project, 4, overlap=2)
    user = make_annotator(project)
    assert available_items(project, user) == 4
    submit(claim_assignment(project, by=user))
    assert available_items(project, user) == 3
    slot = claim_assignment(project, by=user)
    skip_assignment(slot, fence=slot.fence, reason="unclear")
    assert available_items(project, user) == 2


def test_slots_that_come_back_are_counted_for_others():
    project = ProjectFactory()
    open_items(project, 1)
    slot = claim_assignment(project, by=make_annotator(project))
    other = make_annotator(project)
    assert available_items(project, other) == 0
    skip_assignment(slot, fence=slot.fence, reason="unclear")
    assert available_items(project, other) == 1


def test_beyond_a_bound_nobody_counts(monkeypatch):
    monkeypatch.setattr(selectors, "MOST_AVAILABLE", 3)
    project = ProjectFactory()
    open_items(project, 5)
    user = make_annotator(project)
    assert available_items(project, user) == 3
    for k in range(3):
        submit(claim_assignment(project, by=user), key=str(k))
    assert available_items(project, user) == 2


def test_without_an_open_round_nothing_waits():
    project = ProjectFactory()
    assert available_items(project, make_annotator(project)) == 0
