"""The queue under a random walk: whatever people do, the counts hold."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.errors import Conflict
from annotate.models import Assignment, Judgment, User
from annotate.services import (
    claim_assignment,
    expire_leases,
    renew_lease,
    skip_assignment,
)
from tests.annotate.queueing import live_slots, open_items, submit
from tests.factories import ProjectFactory, make_annotator


class Walk:
    """People doing anything at any time, checked after each step."""

    def __init__(self, seed: int, overlap: int) -> None:
        self.rng = random.Random(seed)
        self.project = ProjectFactory(overlap=overlap)
        self.items, self.round = open_items(self.project, 4, overlap=overlap)
        self.people = [make_annotator(self.project) for _ in range(3)]
        self.offers: dict[tuple[int, int], set[int]] = {}
        self.accepted: set[int] = set()

    def step(self, action: str) -> None:
        person = self.rng.choice(self.people)
        if action == "claim":
            self.claim(person)
        elif action == "tick":
            expire_leases()
        else:
            mine = list(person.assignments.filter(item__project=self.project).order_by("pk"))
            if mine:
                getattr(self, action)(self.rng.choice(mine), person)
        self.check()

    def claim(self, person: User) -> None:
        held = [a.public_id for a in person.assignments.filter(status="leased")]
        try:
            slot = claim_assignment(self.project, by=person, holding=held)
        except Conflict:
            return
        if slot is not None:
            self.offers.setdefault((person.pk, slot.item_id), set()).add(slot.pk)

    def lapse(self, slot: Assignment, person: User) -> None:
        Assignment.objects.filter(pk=slot.pk, status="leased").update(
            expires_at=timezone.now() - timedelta(seconds=1)
        )

    def skip(self, slot: Assignment, person: User) -> None:
        self.attempt(lambda: skip_assignment(slot, fence=slot.fence, reason="no"))

    def renew(self, slot: Assignment, person: User) -> None:
        self.attempt(lambda: renew_lease(slot, fence=slot.fence))

    def submit(self, slot: Assignment, person: User) -> None:
        done = self.attempt(lambda: submit(slot, by=person))
        if done is not None:
            self.accepted.add(done.judgment.pk)

    def attempt(self, act):
        try:
            return act()
        except Conflict:
            return None

    def check(self) -> None:
        for item in self.items:
            assert live_slots(item) <= item.overlap
            free = item.assignments.filter(status="free").count()
            assert live_slots(item) + free == item.overlap
        assert all(len(slots) == 1 for slots in self.offers.values()), "offered twice"
        stored = Judgment.objects.filter(assignment__item__project=self.project)
        assert set(stored.values_list("pk", flat=True)) == self.accepted
        submitted = Assignment.objects.filter(item__project=self.project, status="submitted")
        assert submitted.count() == len(self.accepted)


ACTIONS = ["claim", "claim", "claim", "submit", "submit", "lapse", "lapse", "skip", "renew", "tick"]


@pytest.mark.django_db
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    seed=st.integers(0, 2**32),
    overlap=st.integers(1, 3),
    actions=st.lists(st.sampled_from(ACTIONS), min_size=10, max_size=40),
)
def test_whatever_people_do_the_counts_hold(seed, overlap, actions):
    walk = Walk(seed, overlap)
    for action in actions:
        walk.step(action)
