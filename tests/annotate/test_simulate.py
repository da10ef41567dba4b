"""Simulated annotators: repeatable, marked, and erring about as often as asked."""

from __future__ import annotations

import pytest
from django.db import transaction

from annotate.answers import parse_answer, to_stored
from annotate.errors import InvalidInput
from annotate.models import Assignment, Judgment, JudgmentRevision, Project, User
from annotate.selectors import project_progress
from annotate.services import simulate_annotators
from annotate.services.simulate import Behaviour
from tests.factories import ProjectFactory, PromptFactory, make_item, make_open_round

pytestmark = pytest.mark.django_db
LEFT = {"choice": "left", "strength": 2}
RIGHT = {"choice": "right", "strength": 2}


@pytest.fixture(autouse=True)
def _same_texts():
    """The texts decide the answers, so they are the same in every run of a test."""
    PromptFactory.reset_sequence(0)


def campaign(n=40, *, slug="sim", overlap=1, known=LEFT, prompts=None, **item):
    """A project of comparisons whose answers are known, all in an open round."""
    project = ProjectFactory(slug=slug, overlap=overlap, seed=3)
    prompts = prompts or [None] * n
    items = [
        make_item(project, overlap=overlap, known=known, prompt=prompt, **item)
        for prompt in prompts
    ]
    make_open_round(project, items)
    return project


def simulate(project, *reliabilities, seed=1, **kwargs):
    return simulate_annotators(
        project, behaviours=[Behaviour(r, **kwargs) for r in reliabilities], seed=seed
    )


def stored_answers(project: Project):
    """What was said of each item, in stored order, in the order of the items."""
    rows = JudgmentRevision.objects.filter(judgment__assignment__item__project=project)
    rows = rows.select_related("judgment").order_by(
        "judgment__assignment__item__pk", "judgment__assignment__annotator__pk"
    )
    shape = project.items.first().shape()
    return [to_stored(parse_answer(row.answer, shape), row.judgment.display_order) for row in rows]


def share(values) -> float:
    values = list(values)
    return sum(values) / len(values)


def test_every_item_is_judged_to_its_overlap_by_marked_annotators():
    project = campaign(6, overlap=2)
    assert simulate(project, 1.0, 1.0, 1.0) == 12
    people = User.objects.filter(assignments__item__project=project).distinct()
    assert {user.kind for user in people} == {User.Kind.SIMULATED}
    assert not any(user.is_active or user.has_usable_password() for user in people)
    assert project_progress(project)["simulated"] == 12
    assert not Assignment.objects.filter(status__in=["free", "leased"]).exists()


def test_who_never_errs_says_what_is_known():
    project = campaign(20)
    simulate(project, 1.0)
    assert {(a.choice, a.strength) for a in stored_answers(project)} == {("left", 2)}


@pytest.mark.parametrize("reliability", [0.5, 0.9])
def test_errors_come_about_as_often_as_asked(reliability):
    project = campaign(120)
    simulate(project, reliability)
    right = share(answer.choice == "left" for answer in stored_answers(project))
    assert right == pytest.approx(reliability, abs=0.1)


def test_closer_items_are_missed_more_often():
    project = ProjectFactory(slug="gaps")
    gaps = [gap for gap in (0.05, 1.0, 1.0, 5.0) for _ in range(40)]
    make_open_round(project, [make_item(project, known=LEFT, gap=gap) for gap in gaps])
    simulate(project, 0.95)
    right = [answer.choice == "left" for answer in stored_answers(project)]
    assert share(right[:40]) == pytest.approx(0.55, abs=0.2)
    assert share(right[40:120]) == pytest.approx(0.95, abs=0.07)
    assert share(right[120:]) >= 0.85


def test_the_same_seed_gives_the_same_answers_and_another_seed_others():
    prompts = [PromptFactory() for _ in range(25)]
    told = []
    for seed in (1, 1, 2):
        start = transaction.savepoint()
        project = campaign(prompts=prompts, overlap=2)
        simulate(project, 0.6, 0.8, 0.7, seed=seed, left_bias=0.3, length_bias=0.2)
        told.append(stored_answers(project))
        transaction.savepoint_rollback(start)
    assert told[0] == told[1]
    assert told[0] != told[2]


def test_a_left_bias_chooses_the_left_of_the_screen():
    project = campaign(100)
    simulate(project, 1.0, left_bias=0.6)
    shown = share(
        row.latest.answer["choice"] == "left"
        for row in Judgment.objects.filter(assignment__item__project=project)
    )
    assert shown == pytest.approx(0.8, abs=0.12)
    assert {tuple(a.display_order) for a in Assignment.objects.all()} == {(0, 1), (1, 0)}


def test_a_length_bias_chooses_the_longer_answer():
    project = campaign(30, contents=("No.", "A long and winding answer."))
    simulate(project, 1.0, length_bias=1.0)
    assert {answer.choice for answer in stored_answers(project)} == {"right"}


@pytest.mark.parametrize("scale", ["binary", "signed3", "eight"])
def test_strengths_fit_the_scale(scale):
    project = campaign(10, known={"choice": "left", "strength": 4})
    Project.objects.update(scale=scale)
    project.refresh_from_db()
    simulate(project, 0.8)
    most = {"binary": 1, "signed3": 3, "eight": 4}[scale]
    assert max(answer.strength for answer in stored_answers(project)) == most


KNOWN = {
    "ranking": {"tiers": [[2], [0], [1]]},
    "rating": {"ratings": {"helpfulness": [4]}},
    "steps": {"labels": [1, 1, -1, None]},
    "outcome": {"correct": True},
}


def make_known(kind, n, **values):
    item = {"kind": kind}
    if kind == "ranking":
        item["contents"] = ("a", "b", "c")
    if kind == "steps":
        item["steps"] = ["one", "two", "three", "four"]
    return campaign(n, known=KNOWN[kind], **item, **values)


@pytest.mark.parametrize("kind", KNOWN)
def test_every_kind_is_told_truly_by_who_never_errs(kind):
    project = make_known(kind, 8)
    assert simulate(project, 1.0) == 8
    shape = project.items.first().shape()
    truth = parse_answer(KNOWN[kind], shape)
    assert all(answer == truth for answer in stored_answers(project))


@pytest.mark.parametrize("kind", KNOWN)
def test_every_kind_is_told_wrongly_at_times_and_always_in_form(kind):
    project = make_known(kind, 80)
    assert simulate(project, 0.7) == 80
    shape = project.items.first().shape()
    truth = parse_answer(KNOWN[kind], shape)
    right = share(answer == truth for answer in stored_answers(project))
    parts = {"ranking": 2, "rating": 1, "steps": 3, "outcome": 1}[kind]
    assert right == pytest.approx(0.7**parts, abs=0.15)


def test_steps_after_the_first_wrong_one_stay_unlabelled():
    project = make_known("steps", 40)
    simulate(project, 0.5)
    for answer in stored_answers(project):
        labels = list(answer.labels)
        if -1 in labels:
            assert set(labels[labels.index(-1) + 1 :]) <= {None}


def test_an_item_without_a_known_answer_is_passed_on():
    project = ProjectFactory()
    make_open_round(project, [make_item(project), make_item(project, known=RIGHT)])
    assert simulate(project, 1.0, 1.0) == 1
    statuses = Assignment.objects.values_list("status", flat=True)
    assert sorted(statuses) == ["free", "skipped", "skipped", "submitted"]


def test_a_limit_is_kept_and_the_work_goes_on_from_there():
    project = campaign(10)
    behaviours = [Behaviour(1.0), Behaviour(1.0)]
    assert simulate_annotators(project, behaviours=behaviours, limit=3) == 3
    assert simulate_annotators(project, behaviours=behaviours) == 7


@pytest.mark.parametrize(
    "behaviours", [[], [Behaviour(1.1)], [Behaviour(-0.1)], [Behaviour(0.9, left_bias=2.0)]]
)
def test_impossible_behaviour_is_refused(behaviours):
    with pytest.raises(InvalidInput):
        simulate_annotators(campaign(1), behaviours=behaviours)


@pytest.mark.parametrize(
    ("changes", "labels"),
    [
        ({"step_points": 5}, [5, 5, 1, 3]),
        ({"steps_mode": "all"}, [1, 1, -1, 0]),
        ({}, [1, 1, -1, None]),
    ],
)
def test_steps_are_labelled_on_the_project_s_scale(changes, labels):
    project = ProjectFactory(**changes)
    steps = ("a", "b", "c", "d")
    item = make_item(project, kind="steps", steps=steps, known={"labels": [1, 1, -1, None]})
    make_open_round(project, [item])
    simulate_annotators(project, behaviours=[Behaviour(1.0)])
    judgment = Judgment.objects.get()
    assert judgment.latest.answer == {"labels": labels}
    parse_answer(judgment.latest.answer, judgment.assignment.shape())
