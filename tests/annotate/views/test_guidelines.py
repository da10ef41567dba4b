"""Editions of the guidelines: reading old ones, comparing, restoring, looking before publishing."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotate.editions import Line, line_changes
from annotate.services import publish_guidelines
from tests.annotate.views.conftest import HTMX, browser, text_of

pytestmark = pytest.mark.django_db


def url(name, project, *more):
    return reverse(f"annotate:{name}", args=[project.slug, *more])


@pytest.fixture
def written(project, manager):
    for text in ("Be fair.\nBe quick.", "Be fair.\nBe calm.", "Be fair.\nBe <b>bold</b>."):
        publish_guidelines(project, text=text, by=manager)
    return project


def test_a_difference_names_what_went_and_what_came():
    assert line_changes("a\nb\nc", "a\nB\nc") == [
        Line("", "a"),
        Line("−", "b"),
        Line("+", "B"),
        Line("", "c"),
    ]
    assert line_changes("a", "a") == []


def test_a_difference_leaves_out_what_is_far_from_any_change():
    old = "\n".join(str(n) for n in range(20))
    lines = line_changes(old, old + "\nnew")
    assert lines[0] == Line("…")
    assert len(lines) == 5


def test_managers_see_who_wrote_which_edition(written, manager, annotator):
    shown = text_of(browser(manager).get(url("guidelines", written)))
    assert shown.count(f"<td>{manager.username}</td>") == 3
    assert manager.username not in text_of(browser(annotator).get(url("guidelines", written)))


def test_an_old_edition_can_be_read_and_says_that_it_is_old(written, annotator):
    shown = text_of(browser(annotator).get(url("guidelines-edition", written, 1)))
    assert "Be quick." in shown
    assert "edition 3 is in force" in shown
    assert "Publish again" not in shown


def test_an_edition_that_is_not_there_is_nothing(written, annotator):
    client = browser(annotator)
    assert client.get(url("guidelines-edition", written, 9)).status_code == 404
    path = url("guidelines-changes", written, 2)
    assert client.get(path, {"since": "2"}).status_code == 404


def test_an_edition_is_compared_with_the_one_before_or_any_older_one(written, annotator):
    client = browser(annotator)
    path = url("guidelines-changes", written, 3)
    assert "Be calm.</del>" in text_of(client.get(path))
    assert "Be quick.</del>" in text_of(client.get(path, {"since": "1"}))
    assert "Be calm.</del>" in text_of(client.get(path, {"since": "x"}))


def test_markup_in_a_difference_is_shown_and_not_run(written, annotator):
    shown = text_of(browser(annotator).get(url("guidelines-changes", written, 3)))
    assert "&lt;b&gt;bold&lt;/b&gt;" in shown


def test_the_first_edition_is_all_new(written, annotator):
    shown = text_of(browser(annotator).get(url("guidelines-changes", written, 1)))
    assert "all of it is new" in shown
    assert "Be quick.</ins>" in shown


def test_an_old_edition_is_restored_as_a_new_one(written, manager):
    browser(manager).post(url("guidelines-restore", written, 1))
    newest = written.guidelines.first()
    assert (newest.number, newest.text) == (4, "Be fair.\nBe quick.")
    assert newest.created_by == manager


def test_the_preview_is_rendered_and_cleaned_by_the_server(written, manager):
    fields = {"text": "**Strong** <script>alert(1)</script>"}
    shown = text_of(browser(manager).post(url("guidelines-preview", written), fields, **HTMX))
    assert "<strong>Strong</strong>" in shown
    assert "<script" not in shown
    assert written.guidelines.count() == 3


def test_a_preview_of_nothing_says_why(written, manager):
    response = browser(manager).post(url("guidelines-preview", written), {"text": ""})
    assert response.status_code == 200
    assert "required" in text_of(response)


@pytest.mark.parametrize("name", ["guidelines-preview", "guidelines-restore"])
def test_writing_is_closed_to_annotators(written, annotator, name):
    more = [1] if name == "guidelines-restore" else []
    response = browser(annotator).post(url(name, written, *more), {"text": "x"})
    assert response.status_code == 403
