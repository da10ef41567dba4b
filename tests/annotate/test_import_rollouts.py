"""Rollouts in the database: judgments of a program that keep the exact numbers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from annotate.answers import AnswerError, StepsAnswer, parse_answer
from annotate.models import Assignment, Item, Judgment, KnownAnswer, User
from annotate.opinions import opinions_of
from annotate.services import claim_assignment, import_file, revise_judgment
from annotate.services.import_people import Who
from annotate.services.machines import machine_annotator, new_machine
from tests.clients import client_for, error_of
from tests.factories import ProjectFactory, make_annotator, make_open_round

pytestmark = pytest.mark.django_db
ROW = {"prompt": "2+2?", "steps": ["Add.", "So 5.", "Done."], "source": "shepherd"}
ROLLOUTS = {"rollouts": [[3, 8], [0, 8], None]}
ANSWER = StepsAnswer((1, -1, None), soft=(0.375, 0.0, None), trials=(8, 8, 0))


def bring(tmp_path, *rows, project=None, **options):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return import_file(project or ProjectFactory(), path, by=None, **options)


def test_a_row_becomes_a_judgment_of_a_program(tmp_path):
    report = bring(tmp_path, ROW | ROLLOUTS)
    assert (report.items, report.judgments, report.errors) == (1, 1, [])
    judgment = Judgment.objects.get()
    assignment = judgment.assignment
    assert (assignment.purpose, judgment.scale) == ("machine", "rollouts")
    assert judgment.latest.answer == {
        "labels": [1, -1, None],
        "soft": [0.375, 0.0, None],
        "trials": [8, 8, 0],
    }
    annotator = assignment.annotator
    assert (annotator.kind, annotator.source) == ("machine", "rollouts:shepherd")
    assert (annotator.username, annotator.is_active) == ("rollouts:shepherd", False)


def test_the_exact_numbers_are_read_back_everywhere(tmp_path):
    bring(tmp_path, ROW | ROLLOUTS)
    judgment = Judgment.objects.get()
    assert judgment.latest_answer() == judgment.first_answer() == ANSWER
    (opinion,) = opinions_of(Item.objects.get())
    assert opinion.answer == ANSWER
    assert (opinion.is_machine, opinion.is_counted) == (True, False)


def test_importing_it_again_adds_nothing_and_new_rollouts_do(tmp_path):
    project = ProjectFactory()
    bring(tmp_path, ROW | ROLLOUTS, project=project)
    again = bring(tmp_path, ROW | ROLLOUTS, project=project)
    assert (again.items, again.judgments, again.duplicates) == (0, 0, 1)
    more = bring(tmp_path, ROW | {"rollouts": [[4, 8], [0, 8], None]}, project=project)
    assert (more.items, more.judgments) == (0, 1)
    assert Judgment.objects.count() == 2
    assert User.objects.filter(kind="machine").count() == 1


def test_programs_have_names_in_the_namespace_of_their_source(tmp_path):
    bring(
        tmp_path,
        ROW | ROLLOUTS | {"annotator": "qwen-7b"},
        ROW | ROLLOUTS | {"source": "other:one"},
        ROW | {"labels": [1, -1, None], "annotator": "qwen-7b"},
    )
    names = dict(User.objects.values_list("username", "kind"))
    assert names["rollouts:shepherd:qwen-7b"] == "machine"
    assert sorted(names.values()) == ["imported", "machine", "machine"]
    assert Judgment.objects.filter(assignment__purpose="import").count() == 1


@pytest.mark.parametrize("source", ["x" * 200, "with space", "a:b", "", "\u202eevil", "名前"])
def test_every_source_gives_a_name_of_its_own(source):
    names = {
        new_machine(f"rollouts:{source}", "").username,
        new_machine(f"rollouts:{source}", "b").username,
        new_machine(f"rollouts:{source}:b", "").username,
        new_machine("verifier", source or "math").username,
    }
    assert len(names) == 4
    assert all(":" in name and len(name) <= 150 for name in names)


def test_a_program_is_made_once():
    first = machine_annotator("verifier", "math")
    assert machine_annotator("verifier", "math") == first
    assert first.username == "verifier:math"
    assert not first.has_usable_password()
    assert Who("machine", "verifier", "math") == (first.kind, first.source, first.external_id)


def test_with_oracle_the_signs_stay_hidden(tmp_path):
    report = bring(tmp_path, ROW | ROLLOUTS, oracle=True)
    assert (report.judgments, report.known_answers) == (0, 1)
    assert KnownAnswer.objects.get().parsed() == StepsAnswer((1, -1, None))


def test_a_revision_keeps_what_it_does_not_change(tmp_path):
    bring(tmp_path, ROW | ROLLOUTS)
    judgment = Judgment.objects.get()
    changed = replace(judgment.latest_answer(), rationale="seen")
    revise_judgment(judgment, answer=changed, by=judgment.assignment.annotator)
    assert judgment.latest_answer() == replace(ANSWER, rationale="seen")
    assert judgment.first_answer() == ANSWER


def test_items_with_rollouts_can_still_be_asked(tmp_path):
    project = ProjectFactory()
    bring(tmp_path, ROW | ROLLOUTS, project=project, opens_round=True)
    assert claim_assignment(project, by=make_annotator(project)) is not None
    assert Assignment.objects.filter(purpose="work").count() == project.overlap


SOFT = {"labels": [1, -1, None], "soft": [0.5, 0.0, None], "trials": [2, 2, 0]}


def test_people_cannot_send_soft_labels(tmp_path):
    project = ProjectFactory(slug="steps")
    bring(tmp_path, ROW, project=project)
    item = Item.objects.get()
    make_open_round(project, [item])
    client = client_for(make_annotator(project))
    claim = client.call("post", "projects/steps/claims").json()
    path = f"assignments/{claim['assignment']}/judgments"
    body = {"fence": claim["fence"], "idempotency_key": "k", "answer": SOFT}
    refused = client.call("post", path, body)
    assert refused.status_code == 400
    assert "no field 'soft'" in error_of(refused)["message"]
    assert not Judgment.objects.exists()
    done = client.call("post", path, body | {"answer": {"labels": [1, -1, None]}}).json()
    revised = client.call("patch", f"judgments/{done['judgment']}", {"answer": SOFT})
    assert revised.status_code == 400
    with pytest.raises(AnswerError, match="no field 'soft'"):
        parse_answer(SOFT, item.shape())


def test_a_page_ignores_soft_labels_that_a_form_sends(tmp_path):
    from annotate.views.answer_fields import answer_fields, answer_payload

    bring(tmp_path, ROW)
    shape = Item.objects.get().shape()
    fields = {"label-0": "1", "label-1": "-1", "soft": "[0.5]", "trials": "[2]"}
    assert answer_payload(fields, shape) == {"labels": [1, -1, None]}
    assert "soft" not in answer_fields(ANSWER, shape)
