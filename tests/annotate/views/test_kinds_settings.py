"""What a project's settings make of the forms, filled in and sent without scripts."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from annotate.models import Judgment, Verdict
from tests.annotate.views.conftest import (
    beside,
    browser,
    input_names,
    lease_of,
    open_project,
    text_of,
)
from tests.factories import PromptFactory, make_annotator, make_item

pytestmark = pytest.mark.django_db
TURNS = [
    {"role": "assistant", "content": "Hello there."},
    {"role": "user", "content": "What is the mean?"},
    {"role": "assistant", "content": "The middle one."},
]


class Form:
    """One person whose browser runs no scripts, in front of one item."""

    def __init__(self, kind, *, change=None, contents=("One.", "Two.", "Three."), **settings):
        steps = settings.pop("steps", None)
        prompt = settings.pop("prompt", None)

        def make(project):
            item = make_item(project, kind=kind, contents=contents, steps=steps, prompt=prompt)
            if change:
                change(item)
            return item

        self.project = open_project(make, **settings)
        self.person = make_annotator(self.project)
        self.client = browser(self.person)
        self.page = self.load()

    def load(self):
        return text_of(self.client.get(reverse("annotate:item-next", args=[self.project.slug])))

    def submit(self, **fields):
        lease = lease_of(self.person)
        url = reverse("annotate:judgment-submit", args=[lease.public_id])
        fields = {name.replace("_", "-"): value for name, value in fields.items()}
        return self.client.post(url, beside(lease, **fields))

    def stored(self):
        return Judgment.objects.get().latest.answer

    def checked(self, name):
        """The values of the checked radio buttons of a name."""
        return re.findall(rf'name="{name}" value="([^"]*)"[^>]* checked', self.page)


def test_a_comparison_asks_for_no_aspects_by_default():
    form = Form("comparison", contents=("One.", "Two."))
    assert "aspect-0" not in input_names(form.page)
    form.submit(grade="tie", aspect_0="left")
    assert form.stored() == {"choice": "tie"}


def test_each_aspect_of_a_comparison_may_be_given_or_left_out():
    form = Form("comparison", contents=("One.", "Two."), asks_aspects=True)
    assert {"aspect-0", "aspect-1", "aspect-2"} <= input_names(form.page)
    assert [form.checked(f"aspect-{j}") for j in range(3)] == [[""]] * 3
    form.submit(grade="left-2", aspect_0="right", aspect_1="", aspect_2="tie")
    aspects = {"helpful": "right", "harmless": "tie"}
    assert form.stored() == {"choice": "left", "strength": 2, "aspects": aspects}


def test_aspects_that_were_given_are_kept_when_the_grade_is_missing():
    form = Form("comparison", contents=("One.", "Two."), asks_aspects=True)
    reply = form.submit(aspect_1="right")
    assert reply.status_code == 422
    form.page = text_of(reply)
    assert "Choose one of the grades first." in form.page
    assert form.checked("aspect-1") == ["right"]


def test_an_unknown_preference_on_an_aspect_is_refused():
    form = Form("comparison", contents=("One.", "Two."), asks_aspects=True)
    assert form.submit(grade="tie", aspect_0="up").status_code == 422
    assert not Judgment.objects.exists()


def test_the_best_and_the_worst_of_three():
    form = Form("ranking", ranking_mode="best_worst")
    assert {"best", "worst"} <= input_names(form.page)
    assert "rank-0" not in input_names(form.page)
    form.submit(best="2", worst="0")
    assert form.stored() == {"best": 2, "worst": 0}


def test_one_response_is_not_the_best_and_the_worst():
    form = Form("ranking", ranking_mode="best_worst")
    reply = form.submit(best="1", worst="1")
    assert reply.status_code == 422
    assert "two different responses" in text_of(reply)
    form.page = text_of(reply)
    assert form.checked("best") == ["1"]


def test_two_responses_are_ordered_also_where_the_ends_are_asked():
    form = Form("ranking", contents=("One.", "Two."), ranking_mode="best_worst")
    assert {"rank-0", "rank-1"} <= input_names(form.page)
    form.submit(rank_0="2", rank_1="1")
    assert form.stored() == {"tiers": [[1], [0]]}


def test_a_wide_range_is_a_slider_that_works_as_a_number_field():
    form = Form("rating", rating_min=-100, rating_max=100)
    assert '<input type="number" name="rating-0-0" value="" min="-100" max="100"' in form.page
    assert form.submit(rating_0_0="").status_code == 422
    assert form.submit(rating_0_0="101").status_code == 422
    form.submit(rating_0_0="-40")
    assert form.stored() == {"ratings": {"helpfulness": [-40.0]}}


def test_eleven_points_are_buttons_unless_the_project_wants_a_slider():
    buttons = Form("rating", rating_min=0, rating_max=10)
    assert buttons.page.count('type="radio" name="rating-0-0"') == 11
    slider = Form("rating", rating_min=0, rating_max=10, rating_style="slider")
    assert 'type="radio" name="rating-0-0"' not in slider.page


def test_points_say_what_they_mean_with_an_aspects_own_words_first():
    anchors = {"*": {"1": "useless", "5": "perfect", "9": "out of range"}, "tone": {"1": "rude"}}
    form = Form("rating", aspects=["tone", "facts"], rating_anchors=anchors)
    assert 'aria-describedby="rating-0-0-means-1"' in form.page
    assert 'aria-describedby="rating-0-0-means-2"' not in form.page
    assert '<dd id="rating-0-0-means-1" data-point="1">rude</dd>' in form.page
    assert '<dd id="rating-0-1-means-1" data-point="1">useless</dd>' in form.page
    assert "out of range" not in form.page


def test_every_step_is_asked_where_the_project_wants_all():
    form = Form("steps", steps=("a", "b", "c"), steps_mode="all")
    reply = form.submit(label_0="1", label_1="-1")
    assert reply.status_code == 422
    assert "Number 3 has no label yet." in text_of(reply)
    form.submit(label_0="1", label_1="-1", label_2="0")
    assert form.stored() == {"labels": [1, -1, 0]}


def test_a_scale_for_each_step():
    form = Form("steps", steps=("a", "b"), step_points=7)
    assert form.page.count('type="radio" name="label-1"') == 7
    assert form.submit(label_0="0", label_1="7").status_code == 422
    form.submit(label_0="1", label_1="7")
    assert form.stored() == {"labels": [1, 7]}


def _add_turns(item):
    response = item.ordered_responses()[0]
    response.turns = TURNS
    response.save()


def test_only_the_assistants_turns_are_labelled():
    form = Form("steps", change=_add_turns)
    assert "Label each turn" in form.page
    places = [form.page.index(turn["content"]) for turn in TURNS]
    assert places == sorted(places)
    assert {"label-0", "label-1"} <= input_names(form.page)
    assert "label-2" not in input_names(form.page)
    form.submit(label_0="1", label_1="-1")
    assert form.stored() == {"labels": [1, -1]}


@pytest.mark.parametrize(
    ("correct", "says"), [(True, "right"), (False, "wrong"), (None, "cannot tell")]
)
def test_the_checkers_suggestion_is_shown_where_the_project_wants_it(correct, says):
    def check(item):
        Verdict.objects.create(item=item, verifier="math", correct=correct)

    prompt = PromptFactory(reference="41")
    settings = {"change": check, "verifier": "math", "prompt": prompt}
    shown = Form("outcome", shows_verdict=True, **settings)
    assert f"The checker says: {says}." in shown.page
    assert "This is a suggestion" in shown.page
    assert shown.checked("correct") == []


def test_the_checkers_suggestion_stays_hidden_otherwise():
    def check(item):
        Verdict.objects.create(item=item, verifier="math", correct=True)

    form = Form("outcome", change=check, verifier="math")
    assert "checker" not in form.page


@pytest.mark.parametrize(
    ("kind", "wanted", "keys"),
    [
        ("comparison", {"contents": ("One.", "Two."), "asks_aspects": True}, ["a", "1 2 3 · 0"]),
        ("ranking", {"contents": [f"{k}." for k in range(12)]}, ["1 … 9 · Shift+J … Shift+L"]),
        ("ranking", {"ranking_mode": "best_worst"}, ["b", "w"]),
        ("rating", {"rating_min": -2, "rating_max": 3}, ["0 … 9", "-"]),
        ("rating", {"rating_min": 0, "rating_max": 10}, ["0 … 9", "t"]),
        ("rating", {"rating_max": 50}, ["← →"]),
        ("steps", {"steps": ("a", "b"), "step_points": 10}, ["1 … 9 · 0", "g"]),
    ],
)
def test_the_help_names_the_keys_of_the_form(kind, wanted, keys):
    page = Form(kind, **wanted).page
    for key in keys:
        assert f"<dt><kbd>{key}</kbd></dt>" in page
