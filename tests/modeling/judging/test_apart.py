"""A judge changes nothing for people: no slot, no progress, no agreement, no decision, no gold."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from annotate.answers import ComparisonAnswer, to_shown
from annotate.models import Assignment, Judgment, User
from annotate.opinions import opinions_of, settled_answer
from annotate.selectors import project_progress, round_progress
from annotate.services import claim_assignment
from annotate.services.items import mark_gold
from curation.adjudication import disagreements
from curation.core.rows import annotator_hash
from curation.models import DatasetVersion
from curation.quality.agreement import project_agreement
from curation.quality.judgments import project_judgments
from tests.annotate.queueing import submit
from tests.factories import make_annotator, make_item, make_open_round
from tests.modeling.judging.conftest import judged

pytestmark = pytest.mark.django_db
RIGHT = ComparisonAnswer("right", 1)


@pytest.fixture
def items(project):
    """Two comparisons in an open round, two judgments wanted for each."""
    items = [make_item(project, contents=(f"longer {n}", f"{n}"), overlap=2) for n in range(2)]
    make_open_round(project, items)
    return items


def all_say(project, people, answer=RIGHT):
    """Every person judges both items, with the same answer in stored order."""
    for person in people:
        for _ in range(2):
            claim = claim_assignment(project, by=person)
            submit(claim, answer=to_shown(answer, claim.display_order))


def test_it_fills_no_slot_and_ends_no_round(endpoint, project, items):
    before, free = round_progress(project.rounds.get()), Assignment.objects.filter(status="free")
    slots = free.count()
    judged(project)
    assert round_progress(project.rounds.get()) == before
    assert free.count() == slots
    people = [make_annotator(project) for _ in range(2)]
    all_say(project, people)
    assert round_progress(project.rounds.get()).is_complete
    assert not Judgment.objects.filter(assignment__is_surplus=True).exists()


def test_its_judgments_are_counted_apart(endpoint, project, items):
    before = project_progress(project)
    judged(project)
    assert project_progress(project) == before | {"machine": 2}


def test_it_agrees_with_nobody(endpoint, project, items):
    for answer in (RIGHT, ComparisonAnswer("tie")):
        all_say(project, [make_annotator(project)], answer)
    before = project_agreement(project_judgments(project))
    judged(project)
    assert project_agreement(project_judgments(project)) == before


def test_it_settles_and_disputes_nothing(endpoint, project, items):
    people = [make_annotator(project) for _ in range(2)]
    all_say(project, people[:1])
    judged(project)
    assert [settled_answer(item) for item in items] == [None, None]
    all_say(project, people[1:])
    assert [settled_answer(item).choice for item in items] == ["right", "right"]
    assert list(disagreements(project)) == []
    assert [one.is_counted for one in opinions_of(items[0])].count(False) == 1


def test_gold_is_marked_by_people_and_not_judged(endpoint, project, items):
    all_say(project, [make_annotator(project) for _ in range(2)])
    mark_gold(
        project, items=[items[0].pk], is_gold=True, by=make_annotator(project, role="manager")
    )
    judged(project)
    judged_items = Judgment.objects.filter(assignment__purpose="machine")
    assert [one.assignment.item for one in judged_items] == [items[1]]


def test_its_judgments_enter_a_dataset_only_when_they_are_asked_for(endpoint, project):
    for number in range(4):
        make_item(project, contents=(f"longer {number}", f"{number}"), split="train")
    judged(project)
    words = ["build_dataset", "judged", "--kind", "preference", "--aggregate", "crowd_bt", "--json"]
    with pytest.raises(CommandError, match="no judgments"):
        call_command(*words, stdout=io.StringIO(), stderr=io.StringIO())
    out = io.StringIO()
    call_command(*words, "--include-machine", stdout=out, stderr=io.StringIO())
    built = json.loads(out.getvalue().splitlines()[-1])
    assert built["rows"] == {"train": 4, "validation": 0, "test": 0}
    reliability = DatasetVersion.objects.get().statistics["reliability"]
    judge = User.objects.get(source="judge")
    assert set(reliability) == {annotator_hash(str(judge.public_id))}
