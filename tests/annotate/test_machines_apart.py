"""What programs judge changes nothing for people: no slot, no figure, no page, no decision."""

from __future__ import annotations

import json

import pytest
from django.http import QueryDict
from django.urls import reverse

from annotate.answers import OutcomeAnswer
from annotate.filters import ItemFilter
from annotate.models import Assignment, Item, Judgment, KnownAnswer, Project, WorkDay
from annotate.opinions import opinions_of, settled_answer
from annotate.pace import Pace, own_pace
from annotate.selectors import (
    all_judgments_of,
    available_items,
    judgments_of,
    nobody_can_claim,
    own_progress,
    project_progress,
    round_progress,
)
from annotate.services import claim_assignment, close_round, import_file
from annotate.services.items import ask_again, mark_gold, set_overlap
from annotate.services.limits import rebuild_workdays
from annotate.services.verification import verify_outcomes
from annotate.views.history import own_last
from curation.adjudication import disagreements, opinions_to_review
from curation.quality.agreement import project_agreement
from curation.quality.annotators import project_annotators
from curation.quality.judgments import project_judgments
from modeling.selectors import judgments_by_origin
from tests.annotate.queueing import submit
from tests.annotate.views.conftest import browser, text_of
from tests.clients import client_for
from tests.factories import (
    ProjectFactory,
    PromptFactory,
    make_annotator,
    make_item,
    make_open_round,
)

pytestmark = pytest.mark.django_db
WRONG, RIGHT = OutcomeAnswer(False), OutcomeAnswer(True)


@pytest.fixture
def project():
    return ProjectFactory(slug="apart", overlap=2)


@pytest.fixture
def items(project):
    """Outcomes in an open round, two judgments wanted for each; a verifier finds them right."""
    items = [
        make_item(
            project,
            kind="outcome",
            contents=("Answer: 42",),
            prompt=PromptFactory(reference="42"),
            overlap=2,
        )
        for _ in range(2)
    ]
    make_open_round(project, items)
    return items


@pytest.fixture
def round_(project, items):
    return project.rounds.get()


def by_machine(project, tmp_path=None):
    """Let two programs judge all outcomes, and another one bring steps with rollouts."""
    verify_outcomes(project, verifier="exact")
    verify_outcomes(project, verifier="regex", pattern=r"\d+")
    if tmp_path is not None:
        path = tmp_path / "rollouts.jsonl"
        path.write_text(json.dumps({"prompt": "q", "steps": ["a"], "rollouts": [[3, 8]]}))
        import_file(project, path, by=None)


def answered(project, user, answer):
    """The person judges the next item."""
    return submit(claim_assignment(project, by=user), answer=answer)


def test_they_fill_no_slot(project, items, round_):
    before = round_progress(round_)
    by_machine(project)
    assert round_progress(round_) == before
    live = Assignment.objects.filter(purpose="work", status="free")
    assert live.count() == 4
    people = [make_annotator(project) for _ in range(2)]
    for person in people:
        for _ in items:
            answered(project, person, RIGHT)
    assert round_progress(round_).is_complete
    assert Judgment.objects.filter(assignment__is_surplus=True).count() == 0


def test_they_take_no_slot_back_when_the_overlap_changes(project, items):
    by_machine(project)
    ids = [item.pk for item in items]
    set_overlap(project, items=ids, overlap=3, by=make_annotator(project))
    ask_again(project, items=ids, by=make_annotator(project))
    assert Assignment.objects.filter(purpose="work", status="free").count() == 8


def test_an_item_that_a_program_judged_is_asked_in_a_new_round(project, items, round_):
    close_round(round_, by=None)
    by_machine(project)
    make_open_round(project, items)
    assert claim_assignment(project, by=make_annotator(project)) is not None


def test_they_end_no_round_and_keep_nobody_waiting(project, items, round_):
    person = make_annotator(project)
    for _ in items:
        answered(project, person, RIGHT)
    by_machine(project)
    assert not round_progress(round_).is_complete
    assert nobody_can_claim(round_)


def test_their_judgments_are_counted_apart(project, items, tmp_path):
    answered(project, make_annotator(project), RIGHT)
    before = project_progress(project)
    by_machine(project, tmp_path)
    after = project_progress(project)
    assert after == before | {"machine": 5, "items": 3, "queueable": 3}
    assert (judgments_of(project).count(), all_judgments_of(project).count()) == (1, 6)
    assert judgments_by_origin(project) == {
        "person": 1,
        "imported": 0,
        "simulated": 0,
        "machine": 5,
    }


def test_the_api_tells_them_apart(project, items):
    by_machine(project)
    client = client_for(make_annotator(project, role="manager"))
    everybody = client.call("get", "projects/apart/progress").json()["all"]
    assert (everybody["judgments"], everybody["imported"], everybody["machine"]) == (0, 0, 4)


def test_a_persons_own_figures_do_not_move(project, items):
    person = make_annotator(project)
    before = own_progress(project, person), available_items(project, person)
    by_machine(project)
    assert (own_progress(project, person), available_items(project, person)) == before
    assert own_pace(project, person) == Pace()
    assert own_last(project, person) == []


def test_they_have_no_work_days(project, items):
    by_machine(project)
    assert not WorkDay.objects.exists()
    assert rebuild_workdays(project) == 0
    answered(project, make_annotator(project), RIGHT)
    assert rebuild_workdays(project) == 1


def test_they_are_no_opinion_that_counts(project, items):
    by_machine(project)
    assert [one.is_counted for one in opinions_of(items[0])] == [False, False]
    query = QueryDict("judgments_min=1")
    chosen = ItemFilter(query, project=project, is_manager=True)
    assert chosen.form.is_valid()
    assert not chosen.search(chosen.narrowed()).exists()


def test_they_settle_no_item(project, items):
    by_machine(project)
    assert settled_answer(items[0]) is None
    answered(project, make_annotator(project), RIGHT)
    assert [settled_answer(item) for item in items] == [None, None]
    boss = make_annotator(project)
    assert mark_gold(project, items=[one.pk for one in items], is_gold=True, by=boss) == 0
    assert not KnownAnswer.objects.exists()


def test_they_cause_no_disagreement(project, items):
    answered(project, make_annotator(project), WRONG)
    by_machine(project)
    assert disagreements(project) == []
    judged = Judgment.objects.get(assignment__purpose="work").assignment.item
    assert [one.assignment.purpose for one in opinions_to_review(judged)] == ["work"]


def test_they_are_in_no_figure_of_agreement_or_of_annotators(project, items, tmp_path):
    people = [make_annotator(project) for _ in range(2)]
    for person, answer in zip(people, (RIGHT, WRONG), strict=True):
        for _ in items:
            answered(project, person, answer)
    before = project_judgments(project)
    agreement, annotators = project_agreement(before), project_annotators(before)
    by_machine(project, tmp_path)
    after = project_judgments(project)
    assert after.said == before.said
    assert project_agreement(after) == agreement
    assert project_annotators(after) == annotators
    assert [one.person.pk for one in annotators] == [person.pk for person in people]


def test_annotators_see_nothing_of_them(project, items):
    person = make_annotator(project)
    client = browser(person)
    url = reverse("annotate:item-next", args=[project.slug])
    claim = client_for(person).call("post", "projects/apart/claims").json()
    by_machine(project)
    again = client_for(person).call("post", "projects/apart/claims").json()
    assert again == claim
    for page in (url, reverse("annotate:history", args=[project.slug])):
        shown = text_of(client.get(page))
        assert "verifier" not in shown.lower()
        assert "program" not in shown.lower()
    detail = reverse("annotate:item-detail", args=[items[0].public_id])
    assert client.get(detail).status_code == 403


def test_reviewers_see_them_in_a_place_of_their_own(project, items):
    Project.objects.update(hide_names=True)
    answered(project, make_annotator(project, username="ada"), WRONG)
    judged = Judgment.objects.get(assignment__purpose="work").assignment.item
    by_machine(project)
    url = reverse("annotate:item-detail", args=[judged.public_id])
    shown = text_of(browser(make_annotator(project, role="reviewer")).get(url))
    people, programs = shown.split('id="by-programs"')
    assert "verifier:" not in people
    assert "verifier:exact" in programs
    assert "verifier:regex" in programs
    assert "42 against 42" in programs


def test_rollouts_are_shown_with_their_numbers(project, tmp_path):
    by_machine(project, tmp_path)
    url = reverse("annotate:item-detail", args=[Item.objects.get().public_id])
    shown = text_of(browser(make_annotator(project, role="reviewer")).get(url))
    assert "+1 (3/8)" in shown
    assert "rollouts:rollouts" in shown


def test_the_home_page_counts_them_apart(project, items):
    url = reverse("annotate:project-home", args=[project.slug])
    client = browser(make_annotator(project, role="manager"))
    assert "Judgments of programs" not in text_of(client.get(url))
    by_machine(project)
    assert "Judgments of programs" in text_of(client.get(url))
