"""What reviewers do with an item: decide, send back, set aside."""

import pytest

from annotate.answers import ComparisonAnswer, OutcomeAnswer, to_stored
from annotate.errors import Conflict, InvalidInput
from annotate.models import Assignment, AuditEvent, GuidelineVersion, RoundItem
from annotate.services import claim_assignment, close_round
from annotate.services.review import adjudicate, review_order, send_back, set_aside
from tests.annotate.queueing import open_items, submit
from tests.curation.collecting import collect
from tests.factories import ProjectFactory, make_annotator, make_item, make_open_round

pytestmark = pytest.mark.django_db
LEFT, RIGHT = ComparisonAnswer("left", 2), ComparisonAnswer("right", 2)


@pytest.fixture
def project():
    return ProjectFactory(scale="eight")


@pytest.fixture
def reviewer(project):
    return make_annotator(project, role="reviewer")


def free(item):
    return item.assignments.filter(status="free").count()


def test_a_decision_is_a_judgment_of_its_own_purpose(project, reviewer):
    edition = GuidelineVersion.objects.create(project=project, number=1, text="x")
    item = make_item(project)
    judgment = adjudicate(item, answer=LEFT, display_order=[1, 0], by=reviewer, note="Shorter.")
    assignment = judgment.assignment
    assert (assignment.purpose, assignment.status) == ("adjudication", "submitted")
    assert (assignment.annotator, assignment.display_order) == (reviewer, [1, 0])
    assert (judgment.scale, judgment.guideline) == ("eight", edition)
    assert judgment.latest.reason == "Shorter."
    assert to_stored(judgment.latest_answer(), judgment.display_order).choice == "right"
    assert AuditEvent.objects.filter(action="item.adjudicate", actor=reviewer).exists()


def test_a_decision_overrides_what_annotators_said(project, reviewer):
    (item,), _ = open_items(project, 1)
    submit(claim_assignment(project, by=make_annotator(project)))
    adjudicate(item, answer=RIGHT, display_order=[0, 1], by=reviewer)
    _, records = collect(project, kind="preference", include_simulated=False)
    assert [record.choice for record in records if record.overrides] == ["right"]


def test_a_second_decision_of_the_same_person_is_a_revision(project, reviewer):
    item = make_item(project)
    first = adjudicate(item, answer=LEFT, display_order=[1, 0], by=reviewer)
    second = adjudicate(item, answer=LEFT, display_order=[0, 1], by=reviewer, note="I was wrong.")
    assert first == second
    assert [one.answer["choice"] for one in second.revisions.all()] == ["left", "right"]
    assert second.latest.reason == "I was wrong."


def test_an_order_that_does_not_fit_is_refused(project, reviewer):
    with pytest.raises(InvalidInput, match="load the page again"):
        adjudicate(make_item(project), answer=LEFT, display_order=[0], by=reviewer)


def test_reviewers_see_their_own_order_again_and_others_another(project):
    items = [make_item(project) for _ in range(12)]
    one, other = (make_annotator(project, role="reviewer") for _ in range(2))
    orders = [[review_order(item, person) for item in items] for person in (one, one, other)]
    assert orders[0] == orders[1] != orders[2]


def test_outcomes_have_no_scale(project, reviewer):
    item = make_item(project, kind="outcome")
    judgment = adjudicate(item, answer=OutcomeAnswer(True), display_order=[0], by=reviewer)
    assert judgment.scale == ""


def test_an_item_sent_back_is_asked_of_more_people(project, reviewer):
    (item,), _ = open_items(project, 1)
    submit(claim_assignment(project, by=make_annotator(project)))
    assert send_back(item, note="Too close to call.", more=2, by=reviewer)
    item.refresh_from_db()
    assert (item.overlap, free(item)) == (3, 2)
    event = AuditEvent.objects.get(action="item.send_back")
    assert event.detail["note"] == "Too close to call."


def test_an_item_that_the_open_round_never_asked_joins_it(project, reviewer):
    item = make_item(project)
    make_open_round(project, [make_item(project)])
    assert send_back(item, note="More, please.", by=reviewer)
    assert RoundItem.objects.get(item=item).arm == "adjudication"
    assert free(item) == 2


def test_without_an_open_round_it_waits_for_the_next(project, reviewer):
    (item,), round_ = open_items(project, 1)
    submit(claim_assignment(project, by=make_annotator(project)))
    close_round(round_, by=None)
    assert not send_back(item, note="More, please.", by=reviewer)
    make_open_round(project, [make_item(project)])
    assert free(item) == 1


def test_what_has_been_asked_enough_waits_for_nothing(project, reviewer):
    (item,), round_ = open_items(project, 1)
    submit(claim_assignment(project, by=make_annotator(project)))
    send_back(item, note="More, please.", by=reviewer)
    submit(claim_assignment(project, by=make_annotator(project)), key="k2")
    close_round(round_, by=None)
    make_open_round(project, [make_item(project)])
    assert free(item) == 0


def test_an_item_sent_back_can_be_decided_later(project, reviewer):
    (item,), _ = open_items(project, 1)
    send_back(item, note="More, please.", by=reviewer)
    adjudicate(item, answer=LEFT, display_order=[0, 1], by=reviewer)
    assert Assignment.objects.get(purpose="adjudication").status == "submitted"


def test_an_unusable_item_is_asked_no_more_and_reaches_no_dataset(project, reviewer):
    (item,), _ = open_items(project, 1, overlap=2)
    submit(claim_assignment(project, by=make_annotator(project)))
    set_aside(item, reason="Cut off in the middle.", by=reviewer)
    item.refresh_from_db()
    assert (item.is_queueable, free(item)) == (False, 0)
    _, records = collect(project, kind="preference", include_simulated=False)
    assert records == []


@pytest.mark.parametrize("act", [send_back, set_aside])
def test_a_reason_is_needed(project, reviewer, act):
    name = "note" if act is send_back else "reason"
    with pytest.raises(InvalidInput, match="in a few words"):
        act(make_item(project), **{name: "  "}, by=reviewer)


@pytest.mark.parametrize("act", [send_back, set_aside])
def test_a_decided_item_is_neither_sent_back_nor_set_aside(project, reviewer, act):
    item = make_item(project)
    adjudicate(item, answer=LEFT, display_order=[0, 1], by=reviewer)
    name = "note" if act is send_back else "reason"
    with pytest.raises(Conflict, match="decided already"):
        act(item, **{name: "x"}, by=reviewer)


def test_an_item_that_is_not_asked_cannot_be_sent_back(project, reviewer):
    item = make_item(project, contents=("Same.", "Same."))
    with pytest.raises(Conflict, match="put it back"):
        send_back(item, note="x", by=reviewer)
