"""``manage.py agreement``: the JSON of the public contract, and sentences for people."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from tests.curation.saying import say, side
from tests.factories import ProjectFactory, make_annotator, make_item
from tests.test_commands import run

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    project = ProjectFactory(slug="tea")
    people = [make_annotator(project, username=name) for name in ("amira", "bo")]
    for choices in (("left", "left"), ("right", "right"), ("left", "right")):
        item = make_item(project)
        for person, choice in zip(people, choices, strict=True):
            say(item, person, side(choice, 2), seconds=8)
    return project


@pytest.mark.usefixtures("project")
def test_agreement_tells_alpha_by_level_and_the_figures_by_annotator():
    found = run("agreement", "tea")
    assert found["kind"] == "comparison"
    assert list(found["alpha"]) == list(found["interval"]) == ["nominal", "ordinal", "interval"]
    assert found["alpha"]["nominal"] == pytest.approx(4 / 9)
    assert found["n"]["nominal"] == 6
    low, high = found["interval"]["nominal"]
    assert low <= found["alpha"]["nominal"] <= high
    assert list(found["by_annotator"]) == ["amira", "bo"]
    amira = found["by_annotator"]["amira"]
    assert (amira["judgments"], amira["reliability"], amira["seconds"]) == (3, 2 / 3, 8)
    assert amira["gold"] is None
    assert found["kinds"][0]["measures"]["cohen"]["value"] == pytest.approx(0.4)


def test_what_is_undefined_is_null():
    project = ProjectFactory(slug="alone")
    say(make_item(project), make_annotator(project), side("left"))
    found = run("agreement", "alone")
    assert found["alpha"]["nominal"] is None
    assert found["interval"]["nominal"] is None


@pytest.mark.usefixtures("project")
def test_people_are_told_in_lines():
    out = io.StringIO()
    call_command("agreement", "tea", stdout=out)
    lines = out.getvalue().splitlines()
    assert lines[0].startswith("comparison: nominal 0.444, ordinal ")
    assert "amira: 3 judgments, reliability 0.667" in lines


def test_bad_input_is_a_sentence():
    ProjectFactory(slug="empty")
    with pytest.raises(CommandError, match="no judgments that could be compared"):
        run("agreement", "empty")
    with pytest.raises(CommandError, match="There is no project 'none'"):
        run("agreement", "none")


@pytest.mark.usefixtures("project")
def test_the_json_is_plain_json():
    out = io.StringIO()
    call_command("agreement", "tea", "--json", stdout=out)
    assert "NaN" not in out.getvalue()
    assert json.loads(out.getvalue().splitlines()[-1])
