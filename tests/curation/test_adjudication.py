"""The review queue: what comes into it, in which order, and what reviewers do with it."""

import pytest
from django.urls import reverse

from annotate.answers import (
    ComparisonAnswer,
    OutcomeAnswer,
    RankingAnswer,
    RatingAnswer,
    StepsAnswer,
    to_shown,
)
from annotate.models import Assignment, Judgment, KnownAnswer, User
from annotate.services import claim_assignment, revise_judgment
from annotate.services.review import adjudicate, review_order, send_back, set_aside
from curation.adjudication import disagreements
from curation.disagreement import disagreement
from tests.annotate.queueing import submit
from tests.annotate.views.conftest import browser, text_of
from tests.factories import ProjectFactory, UserFactory, make_annotator, make_item, make_open_round

LEFT, RIGHT, TIE = (
    ComparisonAnswer("left", 4),
    ComparisonAnswer("right", 4),
    ComparisonAnswer("tie"),
)
UNSAFE, ABSTAINS = ComparisonAnswer("unsafe"), ComparisonAnswer("cannot_judge")


def ranking(*tiers):
    return RankingAnswer(tuple(tuple(tier) for tier in tiers))


def rating(*values):
    return RatingAnswer({"helpfulness": tuple(map(float, values))})


def steps(*labels, **said):
    return StepsAnswer(labels, **said)


@pytest.mark.parametrize(
    ("scale", "answers", "amount"),
    [
        ("llama2", [LEFT, LEFT], 0),
        ("llama2", [LEFT, ComparisonAnswer("left", 1)], 0),
        ("llama2", [LEFT, RIGHT], 1),
        ("llama2", [ComparisonAnswer("left", 1), ComparisonAnswer("right", 1)], 0.25),
        ("binary", [ComparisonAnswer("left", 1), ComparisonAnswer("right", 1)], 1),
        ("llama2", [LEFT, TIE], 0.5),
        ("llama2", [TIE, ComparisonAnswer("both_bad")], 0),
        ("llama2", [LEFT, UNSAFE], 1),
        ("llama2", [LEFT, ABSTAINS], 0),
        ("order", [ranking([0], [1], [2]), ranking([0, 1], [2])], 0),
        ("order", [ranking([0], [1], [2]), ranking([1], [0], [2])], 1 / 3),
        ("order", [ranking([0], [1], [2]), ranking([2], [1], [0])], 1),
        ("1..5", [rating(4), rating(3)], 0),
        ("1..5", [rating(4, 1), rating(3, 3)], 0.5),
        ("1..5", [rating(1), rating(5), rating(3)], 1),
        ("signs", [steps(1, -1), steps(1, -1)], 0),
        ("signs", [steps(1, -1, None), steps(1, 1, -1)], 1 / 3),
        ("signs", [steps(1, 1, 1), steps(-1, None, None)], 1),
        ("signs", [steps(1, 0), steps(1, 1)], 0.5),
        ("signs", [steps(1, 1), steps(give_up="too long")], 0),
        ("signs", [steps(1, 1), steps(bad_problem="no solution")], 1),
        ("", [OutcomeAnswer(True), OutcomeAnswer(False)], 1),
        ("", [OutcomeAnswer(True), OutcomeAnswer(True), OutcomeAnswer(False)], 2 / 3),
        ("", [OutcomeAnswer(True), OutcomeAnswer(True)], 0),
    ],
)
def test_disagreement_is_as_large_as_the_answers_are_apart(scale, answers, amount):
    assert disagreement([(answer, scale) for answer in answers]) == pytest.approx(amount)


def test_ratings_on_different_scales_are_not_compared():
    assert disagreement([(rating(1), "1..5"), (rating(9), "1..10")]) == 0


@pytest.fixture
def project(db):
    return ProjectFactory()


@pytest.fixture
def reviewer(project):
    return make_annotator(project, role="reviewer")


def judged(item, *answers, purpose="work", kind="person", scale="llama2", order=None):
    """Stored judgments of new people who said this in stored order."""
    order = order or list(range(item.links.count()))
    for answer in answers:
        n = User.objects.count()
        person = UserFactory(kind=kind, external_id="" if kind == "person" else f"e{n}")
        taken = Assignment.objects.create(
            item=item,
            annotator=person,
            purpose=purpose,
            status="submitted",
            display_order=order,
            slot=item.assignments.count(),
        )
        judgment = Judgment.objects.create(assignment=taken, scale=scale, display_order=order)
        said = to_shown(answer, order)
        payload = {"choice": said.choice} | ({"strength": said.strength} if said.strength else {})
        judgment.revisions.create(number=1, answer=payload, author=person)
    return judgment


def waiting(project):
    return [one.item for one in disagreements(project)]


def test_the_largest_disagreement_comes_first_then_the_oldest(project):
    items = [make_item(project) for _ in range(4)]
    judged(items[0], LEFT, TIE)
    judged(items[1], LEFT, LEFT)
    judged(items[2], LEFT, RIGHT)
    judged(items[3], RIGHT, LEFT)
    assert waiting(project) == [items[2].pk, items[3].pk, items[0].pk]


def test_the_order_shown_is_undone_before_answers_are_compared(project):
    item = make_item(project)
    judged(item, LEFT, order=[0, 1])
    judged(item, LEFT, order=[1, 0])
    assert waiting(project) == []


def test_the_latest_revision_counts(project):
    item = make_item(project)
    judgment = judged(item, LEFT, RIGHT)
    revise_judgment(judgment, answer=LEFT, by=judgment.assignment.annotator)
    assert waiting(project) == []


@pytest.mark.parametrize("purpose", ["gold", "qualification"])
def test_answers_to_checks_do_not_count(project, purpose):
    item = make_item(project)
    judged(item, LEFT)
    judged(item, RIGHT, purpose=purpose)
    assert waiting(project) == []


def test_surplus_judgments_count(project):
    item = make_item(project)
    judged(item, LEFT, RIGHT)
    item.assignments.update(is_surplus=True)
    assert waiting(project) == [item.pk]


def test_simulated_annotators_count_only_where_the_project_takes_them_in(project):
    item = make_item(project)
    judged(item, LEFT)
    judged(item, RIGHT, kind="simulated")
    assert waiting(project) == []
    project.include_simulated = True
    assert waiting(project) == [item.pk]


def test_gold_items_need_no_decision(project):
    item = make_item(project)
    judged(item, LEFT, RIGHT)
    KnownAnswer.objects.create(item=item, answer={"choice": "tie"}, is_gold=True)
    assert waiting(project) == []


def test_a_decided_item_is_off_the_queue(project, reviewer):
    item = make_item(project)
    judged(item, LEFT, RIGHT)
    adjudicate(item, answer=LEFT, display_order=[0, 1], by=reviewer)
    assert waiting(project) == []


def test_an_item_set_aside_is_off_the_queue(project, reviewer):
    item = make_item(project)
    judged(item, LEFT, RIGHT)
    set_aside(item, reason="Cut off.", by=reviewer)
    assert waiting(project) == []


def test_an_item_sent_back_returns_with_the_next_judgment(project, reviewer):
    item = make_item(project)
    judged(item, LEFT, RIGHT)
    make_open_round(project, [make_item(project)])
    send_back(item, note="Unclear.", by=reviewer)
    assert waiting(project) == []
    judged(item, TIE)
    assert waiting(project) == [item.pk]


def test_other_projects_stay_out(project):
    judged(make_item(), LEFT, RIGHT)
    assert waiting(project) == []


def queue_page(user, project, **query):
    return browser(user).get(reverse("curation:adjudication", args=[project.slug]), query)


def act(user, name, item, **fields):
    return browser(user).post(reverse(f"curation:{name}", args=[item.public_id]), fields)


def decide_page(user, item):
    return browser(user).get(reverse("curation:adjudicate", args=[item.public_id]))


def test_the_queue_is_for_reviewers(project, reviewer):
    item = make_item(project)
    for page in (lambda user: queue_page(user, project), lambda user: decide_page(user, item)):
        assert page(reviewer).status_code == 200
        assert page(make_annotator(project)).status_code == 403
        assert page(UserFactory()).status_code == 404
    for name in ("adjudicate", "send-back", "set-aside"):
        assert act(make_annotator(project), name, item).status_code == 403
        assert act(UserFactory(), name, item).status_code == 404


def test_the_queue_names_what_waits(project, reviewer):
    assert "Nothing to review" in text_of(queue_page(reviewer, project))
    item = make_item(project)
    judged(item, LEFT, RIGHT)
    page = text_of(queue_page(reviewer, project))
    assert "People disagree on 1 item." in page
    assert str(item.public_id) in page
    assert queue_page(reviewer, project, page="\0x").status_code == 200


def test_the_queue_costs_the_same_however_long_it_is(
    project, reviewer, django_assert_max_num_queries, django_assert_num_queries
):
    judged(make_item(project), LEFT, RIGHT)
    client, url = browser(reviewer), reverse("curation:adjudication", args=[project.slug])
    with django_assert_max_num_queries(18) as few:
        client.get(url)
    for _ in range(6):
        judged(make_item(project), LEFT, RIGHT, TIE)
    with django_assert_num_queries(len(few)):
        client.get(url)


def test_the_page_names_responses_as_the_reviewer_sees_them(project, reviewer):
    item = make_item(project)
    judged(item, LEFT)
    page = text_of(decide_page(reviewer, item))
    swapped = review_order(item, reviewer) == [1, 0]
    shown = page.split("opinion-list")[1].split("</ul>")[0]
    assert ("B much better" if swapped else "A much better") in shown
    places = page.index("Yes."), page.index("No.")
    assert (places[0] > places[1]) == swapped


def test_a_decision_goes_on_to_the_next_item(project, reviewer):
    items = [make_item(project) for _ in range(2)]
    for item in items:
        judged(item, LEFT, RIGHT)
    reply = act(reviewer, "adjudicate", items[0], grade="left-2", rationale="Shorter.")
    assert reply["Location"].endswith(reverse("curation:adjudicate", args=[items[1].public_id]))
    decision = Judgment.objects.get(assignment__purpose="adjudication")
    assert decision.display_order == review_order(items[0], reviewer)
    assert decision.latest.answer["rationale"] == "Shorter."
    reply = act(reviewer, "adjudicate", items[1], grade="tie")
    assert reply["Location"].endswith(reverse("curation:adjudication", args=[project.slug]))


def test_a_decision_is_shown_again_and_can_be_changed(project, reviewer):
    item = make_item(project)
    act(reviewer, "adjudicate", item, grade="left-2")
    page = text_of(decide_page(reviewer, item))
    assert "You decided this item before" in page
    assert 'value="left-2" required data-key="3" checked' in page
    act(reviewer, "adjudicate", item, grade="right-1")
    decision = Judgment.objects.get(assignment__purpose="adjudication")
    assert [one.answer["choice"] for one in decision.revisions.all()] == ["left", "right"]


def test_an_incomplete_decision_keeps_what_was_filled_in(project, reviewer):
    item = make_item(project)
    reply = act(reviewer, "adjudicate", item, rationale="Half a thought")
    assert reply.status_code == 422
    assert "Half a thought" in text_of(reply)
    assert not Judgment.objects.exists()


@pytest.mark.parametrize(
    ("kind", "fields", "answer"),
    [
        ("ranking", {"rank-0": "1", "rank-1": "1"}, {"tiers": [[0, 1]]}),
        ("rating", {"rating-0-0": "4"}, {"ratings": {"helpfulness": [4.0]}}),
        ("steps", {"label-0": "1", "label-1": "-1"}, {"labels": [1, -1]}),
        ("steps", {"stop": "give_up", "stop_reason": "long"}, {"give_up": "long"}),
        ("outcome", {"correct": "no"}, {"correct": False}),
    ],
)
def test_every_kind_can_be_decided(project, reviewer, kind, fields, answer):
    item = make_item(project, kind=kind, steps=["One.", "Two."] if kind == "steps" else None)
    assert decide_page(reviewer, item).status_code == 200
    act(reviewer, "adjudicate", item, **fields)
    assert Judgment.objects.get().latest.answer == answer


def test_a_reviewer_sends_an_item_back(project, reviewer):
    item = make_item(project)
    make_open_round(project, [item])
    annotator = make_annotator(project)
    submit(claim_assignment(project, by=annotator))
    act(reviewer, "send-back", item, more="2", note="Look again.")
    assert item.assignments.filter(status="free").count() == 2


def test_a_reviewer_sets_an_item_aside(project, reviewer):
    item = make_item(project)
    act(reviewer, "set-aside", item, reason="Cut off.")
    item.refresh_from_db()
    assert not item.is_queueable


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("send-back", {"more": "2"}),
        ("send-back", {"more": "9" * 300, "note": "x"}),
        ("send-back", {"more": "1", "note": "a\0b"}),
        ("set-aside", {"reason": ""}),
        ("adjudicate", {"grade": "left-99"}),
        ("adjudicate", {"grade": "\0"}),
    ],
)
def test_malformed_reviews_are_refused_with_a_sentence(project, reviewer, name, fields):
    item = make_item(project)
    reply = act(reviewer, name, item, **fields)
    assert reply.status_code == 422
    assert 'role="alert"' in text_of(reply)
    item.refresh_from_db()
    assert item.is_queueable


def test_names_are_hidden_from_reviewers_where_the_project_says_so(project, reviewer):
    project.hide_names = True
    project.save()
    item = make_item(project)
    person = judged(item, LEFT).assignment.annotator
    page = text_of(decide_page(reviewer, item))
    assert person.username not in page
    assert "Annotator " in page
