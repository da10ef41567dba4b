"""The settings of a project, by kind, and what makes no sense in them."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from annotate.forms import AnchorsField, ProjectForm, ProjectSettingsForm
from annotate.models import Project
from tests.annotate.views.conftest import browser, text_of
from tests.factories import ProjectFactory, UserFactory

pytestmark = pytest.mark.django_db


def saved(project, manager, **fields):
    path = reverse("annotate:project-settings", args=[project.slug])
    response = browser(manager).post(path, {"name": project.name} | fields)
    project.refresh_from_db()
    return response


def test_every_setting_of_a_project_is_on_the_page(project):
    by_hand = {"slug", "kinds", "seed", "created_by", "created_at", "id"}
    by_loop = {"loop_strategy", "loop_config"}
    named = {field.name for field in Project._meta.concrete_fields} - by_hand - by_loop
    assert set(ProjectSettingsForm(instance=project).fields) == named


def test_every_field_of_a_form_stands_in_one_group(project):
    for form in (ProjectForm(), ProjectSettingsForm(instance=project)):
        grouped = [field.name for group in form.groups() for field in group.fields]
        assert sorted(grouped) == sorted(form.fields)


def test_settings_of_kinds_that_a_project_does_not_judge_are_left_out():
    form = ProjectSettingsForm(instance=ProjectFactory(kinds=["ranking"]))
    assert "ranking_mode" in form.fields
    assert not {"scale", "aspects", "steps_mode", "verifier"} & set(form.fields)
    assert "Questions: rankings" in [str(group.title) for group in form.groups()]


def test_a_setting_that_is_not_sent_keeps_its_value(project, manager):
    project.gold_rate = 0.25
    project.save()
    assert saved(project, manager, daily_cap="7").status_code == 302
    assert (project.gold_rate, project.daily_cap) == (0.25, 7)


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("ranking_mode", "best_worst", "best_worst"),
        ("rating_style", "slider", "slider"),
        ("steps_mode", "all", "all"),
        ("step_points", "5", 5),
        ("verifier", "math", "math"),
        ("queue_order", "prompt", "prompt"),
        ("items_per_annotator", "", None),
        ("gold_rate", "0.1", 0.1),
        ("gold_feedback", "immediate", "immediate"),
        ("qualification_size", "10", 10),
        ("qualification_pass", "0.9", 0.9),
        ("asks_aspects", "on", True),
        ("hide_names", "on", True),
        ("comparison_aspects", "clear, kind", ["clear", "kind"]),
        (
            "rating_anchors",
            "*: 1 = bad\nhelpfulness: 5 = good",
            {"*": {"1": "bad"}, "helpfulness": {"5": "good"}},
        ),
    ],
)
def test_managers_change_how_things_are_asked(project, manager, name, typed, kept):
    assert saved(project, manager, **{name: typed}).status_code == 302
    assert getattr(project, name) == kept


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"gold_rate": "2"}, "less than or equal to 1"),
        ({"daily_cap": "0"}, "greater than or equal to 1"),
        ({"qualification_size": "101"}, "less than or equal to 100"),
        ({"step_points": "1"}, "Select a valid choice"),
        ({"rating_min": "5", "rating_max": "5"}, "must be above the lowest"),
        ({"rating_anchors": "helpfulness 1 useless"}, "Line 1: write it as"),
        ({"rating_anchors": "tone: 1 = rude"}, "is no aspect of a rating here"),
        ({"rating_anchors": "*: 9 = beyond"}, "points go from 1 to 5"),
        ({"comparison_aspects": "x" * 61}, "60 characters at most"),
        ({"gold_rate": "nan"}, "Enter a number"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(project, manager, fields, complaint):
    response = saved(project, manager, **fields)
    assert response.status_code == 422
    assert complaint in text_of(response)


def test_each_bad_line_of_the_anchors_is_named():
    with pytest.raises(ValidationError) as caught:
        AnchorsField().clean("a: 1 = good\na: 1 = twice\nnonsense\nb: 2 =")
    assert [message.split(":")[0] for message in caught.value.messages] == [
        "Line 2",
        "Line 3",
        "Line 4",
    ]


def test_anchors_read_back_as_they_were_typed():
    field = AnchorsField()
    typed = "*: -2 = awful\n*: 10 = perfect\ntone: 0 = so: so = fine"
    assert field.prepare_value(field.clean(typed)) == typed


def test_a_new_project_takes_the_settings_of_its_kinds():
    fields = {
        "slug": "fresh",
        "name": "Fresh",
        "kinds": ["steps"],
        "overlap": "1",
        "steps_mode": "all",
        "step_points": "7",
    }
    reply = browser(UserFactory(is_staff=True)).post(reverse("annotate:project-create"), fields)
    assert reply.status_code == 302
    project = Project.objects.get(slug="fresh")
    assert (project.steps_mode, project.step_points) == ("all", 7)


def test_what_is_typed_for_a_kind_that_is_not_judged_does_not_matter():
    fields = {
        "slug": "fresh",
        "name": "Fresh",
        "kinds": ["ranking"],
        "overlap": "1",
        "comparison_aspects": "",
        "rating_min": "9",
        "rating_max": "1",
    }
    reply = browser(UserFactory(is_staff=True)).post(reverse("annotate:project-create"), fields)
    assert reply.status_code == 302
    assert Project.objects.get(slug="fresh").comparison_aspects
