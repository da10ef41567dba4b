"""Each kind of item, from its page to the stored answer."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotate.models import Judgment
from tests.annotate.views.conftest import (
    HTMX,
    beside,
    browser,
    input_names,
    lease_of,
    open_project,
    text_of,
)
from tests.factories import PromptFactory, make_annotator, make_item

pytestmark = pytest.mark.django_db


class Screen:
    """One person in front of the one item of a project."""

    def __init__(
        self, kind, *, prompt=None, contents=("One.", "Two.", "Three."), steps=None, **more
    ):
        def make(project):
            return make_item(project, kind=kind, contents=contents, steps=steps, prompt=prompt)

        self.project = open_project(make, **more)
        self.person = make_annotator(self.project)
        self.client = browser(self.person)
        url = reverse("annotate:item-next", args=[self.project.slug])
        self.page = text_of(self.client.get(url))

    def submit(self, **fields):
        lease = lease_of(self.person)
        url = reverse("annotate:judgment-submit", args=[lease.public_id])
        return self.client.post(url, beside(lease, **fields), **HTMX)

    def stored(self):
        return Judgment.objects.get().latest.answer


def test_a_ranking_with_a_tie():
    screen = Screen("ranking")
    screen.submit(**{"rank-0": "2", "rank-1": "1", "rank-2": "2"})
    assert screen.stored() == {"tiers": [[1], [0, 2]]}


def test_ranks_may_leave_gaps():
    screen = Screen("ranking")
    screen.submit(**{"rank-0": "3", "rank-1": "1", "rank-2": "1"})
    assert screen.stored() == {"tiers": [[1, 2], [0]]}


def test_a_ranking_must_rank_every_response():
    screen = Screen("ranking")
    reply = screen.submit(**{"rank-0": "3", "rank-1": "1"})
    assert reply.status_code == 422
    assert "Give every response a rank" in text_of(reply)
    assert '<option value="3" selected>' in text_of(reply)


def test_a_rating_of_every_aspect_in_the_projects_range():
    screen = Screen("rating", aspects=["help", "truth"], rating_min=0, rating_max=3)
    assert input_names(screen.page) >= {"rating-0-0", "rating-0-1"}
    assert screen.page.count('type="radio" name="rating-0-1"') == 4
    screen.submit(**{"rating-0-0": "0", "rating-0-1": "3"})
    assert screen.stored() == {"ratings": {"help": [0.0], "truth": [3.0]}}


@pytest.mark.parametrize("fields", [{"rating-0-0": "2"}, {"rating-0-0": "2", "rating-0-1": "9"}])
def test_a_rating_that_is_incomplete_or_out_of_range_is_refused(fields):
    screen = Screen("rating", aspects=["help", "truth"])
    assert screen.submit(**fields).status_code == 422
    assert not Judgment.objects.exists()


def test_a_project_without_aspects_asks_for_one_overall_value():
    screen = Screen("rating", aspects=[])
    screen.submit(**{"rating-0-0": "4"})
    assert screen.stored() == {"ratings": {"quality": [4.0]}}


def test_steps_after_the_first_bad_one_stay_unlabelled():
    screen = Screen("steps", steps=("a", "b", "c"))
    screen.submit(**{"label-0": "1", "label-1": "-1", "label-2": ""})
    assert screen.stored() == {"labels": [1, -1, None]}


def test_steps_without_any_label_are_refused():
    screen = Screen("steps", steps=("a", "b"))
    assert "Label at least one step" in text_of(screen.submit(**{"label-0": ""}))


@pytest.mark.parametrize("stop", ["give_up", "bad_problem"])
def test_a_solution_can_be_given_up_with_a_reason(stop):
    screen = Screen("steps", steps=("a", "b"))
    assert "Say in a few words why" in text_of(screen.submit(stop=stop, stop_reason=" "))
    screen.submit(stop=stop, stop_reason="No idea")
    assert screen.stored() == {stop: "No idea"}


@pytest.mark.parametrize(("value", "correct"), [("yes", True), ("no", False)])
def test_an_outcome_beside_the_reference(value, correct):
    screen = Screen("outcome", prompt=PromptFactory(reference="It is **42**."))
    assert "It is <strong>42</strong>." in screen.page
    screen.submit(correct=value)
    assert screen.stored() == {"correct": correct}


def test_an_outcome_needs_a_choice():
    assert "Say whether" in text_of(Screen("outcome").submit())


@pytest.mark.parametrize("kind", ["comparison", "ranking", "rating", "steps", "outcome"])
def test_markup_in_texts_stays_text(kind):
    evil = '<img src=x onerror=alert(1)><div data-hx-get="/x">'
    contents = (evil, "two") if kind == "comparison" else (evil, "two", "three")
    prompt = PromptFactory(messages=[{"role": '"><script>', "content": evil}], reference=evil)
    page = Screen(
        kind, contents=contents, steps=(evil,) if kind == "steps" else None, prompt=prompt
    ).page
    assert "&lt;img src=x" in page
    assert "<img src=x" not in page
    assert "<div data-hx-get" not in page
    assert '"><script>' not in page


def test_a_long_conversation_shows_each_role():
    roles = ("system", "user", "assistant")
    turns = [{"role": role, "content": f"said by {role}"} for role in roles]
    page = Screen("rating", prompt=PromptFactory(messages=turns)).page
    assert sorted(roles, key=lambda role: page.index(f"said by {role}")) == list(roles)
    assert "turn-system" in page
