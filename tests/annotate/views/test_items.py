"""The item browser, one item's page, and changes to many items."""

import re

import pytest
from django.urls import reverse

from annotate import browsing
from annotate.answers import ComparisonAnswer
from annotate.browsing import ORDERS
from annotate.filters import ItemFilter
from annotate.models import Assignment, Item, KnownAnswer
from annotate.services import claim_assignment, revise_judgment
from tests.annotate.queueing import submit
from tests.annotate.views.conftest import browser, text_of
from tests.factories import (
    ProjectFactory,
    PromptFactory,
    make_annotator,
    make_item,
    make_open_round,
)

pytestmark = pytest.mark.django_db
LEFT_JSON = {"choice": "left", "strength": 4}
NAMES = sorted(ItemFilter.base_filters)
GARBAGE = [
    "",
    "\0",
    "a\0b",
    "'; DROP TABLE",
    "__password",
    "-1",
    "9" * 4000,
    "nan",
    "1e999",
    "é",
    "%",
]


def make_prompt(text):
    return PromptFactory(messages=[{"role": "user", "content": text}])


@pytest.fixture
def reviewer(project):
    return make_annotator(project, role="reviewer")


@pytest.fixture
def listed(project, manager):
    """Gets the list as this person, a manager where none is named."""

    def get(user=None, **query):
        return browser(user or manager).get(
            reverse("annotate:item-list", args=[project.slug]), query
        )

    return get


@pytest.fixture
def change(project, manager):
    """Posts to the changes of many items."""

    def post(user=None, **fields):
        url = reverse("annotate:item-actions", args=[project.slug])
        return browser(user or manager).post(url, fields)

    return post


def detail(user, item):
    return browser(user).get(reverse("annotate:item-detail", args=[item.public_id]))


def shown(reply):
    """The ids of the items that a list shows."""
    return [row["item"].pk for row in reply.context["rows"]]


def test_reviewers_see_the_items_and_annotators_do_not(listed, reviewer, annotator, outsider):
    assert len(shown(listed(reviewer))) == 2
    assert listed(annotator).status_code == 403
    assert listed(outsider).status_code == 404


def test_items_of_other_projects_are_not_listed(listed, project):
    make_item()
    assert len(shown(listed())) == project.items.count()


def test_text_is_found_in_prompts_and_in_responses_in_any_case(listed, project):
    asked = make_item(project, prompt=make_prompt('Why is "grün" nice?'))
    answered = make_item(project, contents=("Because of CHLOROPHYLL.", "No idea."))
    assert shown(listed(q='"grün"')) == [asked.pk]
    assert shown(listed(q="chlorophyll")) == [answered.pk]


def test_text_is_found_in_steps(listed, project):
    item = make_item(project, kind="steps", steps=["Take the “root”.", "Done."])
    assert shown(listed(q="the “root”")) == [item.pk]


@pytest.mark.parametrize("frame", ["role", "content", "assistant"])
def test_the_frame_of_a_conversation_is_no_text(listed, frame):
    assert shown(listed(q=frame)) == []


def test_signs_of_a_pattern_are_plain_text(listed):
    assert shown(listed(q="%")) == []
    assert shown(listed(q="_____")) == []


def test_each_filter_narrows_the_list(listed, project):
    item = make_item(project, kind="rating", category="maths", split="test")
    Item.objects.filter(pk=item.pk).update(priority=3, similarity=0.9, source="a.jsonl")
    KnownAnswer.objects.create(item=item, answer={"ratings": {"helpfulness": [4]}}, is_gold=True)
    filters = {
        "kind": "rating",
        "category": "maths",
        "source": "a.jsonl",
        "split": "test",
        "priority_min": "2",
        "similarity_min": "0.8",
        "gold": "gold",
    }
    for name, value in filters.items():
        assert item.pk in shown(listed(**{name: value})), name
    assert shown(listed(**filters)) == [item.pk]
    for name, value in {"gold": "known", "kind": "rating", "priority_min": 3}.items():
        assert shown(listed(**{name: value})) == [item.pk], name
    for name, value in {"gold": "qualification", "kind": "steps", "priority_min": 4}.items():
        assert shown(listed(**{name: value})) == [], name


def test_items_are_found_by_the_number_of_their_judgments(listed, project, annotator):
    judged = submit(claim_assignment(project, by=annotator)).judgment.assignment.item_id
    assert shown(listed(judgments_min=1)) == [judged]
    assert judged not in shown(listed(judgments_max=0))


def test_decisions_and_answers_to_checks_are_no_judgments_of_an_item(listed, project, annotator):
    lease = claim_assignment(project, by=annotator)
    submit(lease)
    for purpose in ("gold", "qualification", "adjudication"):
        Assignment.objects.filter(pk=lease.pk).update(purpose=purpose)
        assert shown(listed(judgments_min=1)) == []


def test_round_and_arm_are_those_of_one_entry(listed, project):
    apart = make_item(project)
    assert apart.pk not in shown(listed(round=1))
    assert len(shown(listed(round=1, arm="random"))) == 2
    assert shown(listed(round=1, arm="active")) == []
    assert shown(listed(arm="active")) == []


def test_what_is_withdrawn_can_be_filtered(listed, project):
    out = make_item(project, contents=("Same.", "Same."))
    assert shown(listed(askable="no")) == [out.pk]
    assert out.pk not in shown(listed(askable="yes"))


def test_gold_and_arm_are_for_managers(listed, reviewer):
    for name in ("gold", "arm"):
        assert f'name="{name}"' in text_of(listed())
        assert f'name="{name}"' not in text_of(listed(reviewer))
        assert listed(reviewer, **{name: "gold"}).status_code == 400


@pytest.mark.parametrize("name", [*NAMES, "sort", "after"])
def test_garbage_never_breaks_the_list(listed, name):
    for value in GARBAGE:
        assert listed(**{name: value}).status_code in (200, 400), value


@pytest.mark.parametrize("lookup", ["__password", "__isnull", "__regex", "__user__password"])
def test_lookups_in_parameters_are_refused(listed, lookup):
    for name in [*NAMES, "sort", "after", "project", "prompt", "created_by"]:
        reply = listed(**{f"{name}{lookup}": "x"})
        assert reply.status_code == 400, name
        assert "cannot be filtered by" in text_of(reply)


@pytest.mark.parametrize(
    "sort", ["project__created_by__password", "-pk", "?", "pk", "known__answer", "prompt", "\0"]
)
def test_only_known_orders_are_taken(listed, sort):
    reply = listed(sort=sort)
    assert reply.status_code == 400
    assert "cannot be sorted by" in text_of(reply)


def test_a_wrong_value_is_marked_and_nothing_is_listed(listed):
    reply = listed(similarity_min="much")
    assert reply.status_code == 400
    assert "Nothing is listed" in text_of(reply)
    assert "Enter a number." in text_of(reply)


@pytest.mark.parametrize("sort", ORDERS)
def test_pages_show_every_item_once_in_each_order(listed, project, monkeypatch, sort):
    monkeypatch.setattr(browsing, "PAGE", 3)
    for k in range(7):
        item = make_item(project)
        Item.objects.filter(pk=item.pk).update(priority=k % 3, similarity=(k % 4) / 10 + 0.01)
    seen, after = [], ""
    while True:
        reply = listed(sort=sort, after=after)
        seen += shown(reply)
        after = reply.context["page"].after
        if not after:
            break
    wanted = project.items.order_by(*ORDERS[sort].keys())
    if sort == "similarity":
        wanted = wanted.filter(similarity__isnull=False)
    assert seen == list(wanted.values_list("pk", flat=True))


def test_a_search_goes_on_where_it_stopped(listed, project, monkeypatch):
    monkeypatch.setattr(browsing, "SEARCH_DEPTH", 4)
    wanted = make_item(project, contents=("Needle.", "Hay."))
    for _ in range(9):
        make_item(project)
    seen, after, pages = [], "", 0
    while pages == 0 or after:
        reply = listed(q="needle", after=after)
        seen += shown(reply)
        after, pages = reply.context["page"].after, pages + 1
    assert (seen, pages) == ([wanted.pk], 3 + 1)


def test_the_count_stops_somewhere(listed, monkeypatch):
    monkeypatch.setattr(browsing, "COUNTED", 1)
    monkeypatch.setattr("annotate.views.items.COUNTED", 1)
    assert "More than 1 items" in text_of(listed())


def test_the_list_costs_the_same_however_long_it_is(
    project, manager, monkeypatch, django_assert_max_num_queries, django_assert_num_queries
):
    client, url = browser(manager), reverse("annotate:item-list", args=[project.slug])
    monkeypatch.setattr(browsing, "PAGE", 1)
    with django_assert_max_num_queries(11) as few:
        client.get(url)
    monkeypatch.setattr(browsing, "PAGE", 10)
    for _ in range(12):
        make_item(project, known=LEFT_JSON)
    with django_assert_num_queries(len(few)):
        client.get(url)


def test_an_item_page_is_for_reviewers_of_its_project(reviewer, annotator, outsider, project):
    item = project.items.first()
    assert detail(reviewer, item).status_code == 200
    assert detail(annotator, item).status_code == 403
    assert detail(outsider, item).status_code == 404
    assert detail(reviewer, make_item()).status_code == 404


def test_answers_are_shown_in_stored_order_with_their_history(project, reviewer, annotator):
    lease = claim_assignment(project, by=annotator)
    first = "left" if lease.display_order == [0, 1] else "right"
    second = "right" if first == "left" else "left"
    made = submit(lease, answer=ComparisonAnswer(first, 3, rationale="Kinder."), by=annotator)
    changed = ComparisonAnswer(second, 1, rationale="<b>Shorter</b>")
    revise_judgment(made.judgment, answer=changed, by=annotator, reason="misread")
    page = text_of(detail(reviewer, lease.item))
    assert page.index("B barely better") < page.index("A better")
    assert "Kinder." in page
    assert "&lt;b&gt;Shorter&lt;/b&gt;" in page
    assert "misread" in page
    assert annotator.username in page


@pytest.mark.parametrize(
    ("kind", "answer", "words"),
    [
        ("ranking", {"tiers": [[1], [0]]}, "B &gt; A"),
        ("rating", {"ratings": {"helpfulness": [4]}}, "helpfulness"),
        ("steps", {"labels": [1, -1]}, "+1 -1"),
        ("outcome", {"correct": False}, "wrong"),
    ],
)
def test_every_kind_has_its_words(kind, answer, words):
    project = ProjectFactory()
    item = make_item(project, kind=kind, steps=["One.", "Two."] if kind == "steps" else None)
    KnownAnswer.objects.create(item=item, answer=answer)
    assert words in text_of(detail(make_annotator(project, role="manager"), item))


def test_names_are_hidden_from_reviewers_where_the_project_says_so(project, manager, reviewer):
    project.hide_names = True
    project.save()
    person = make_annotator(project, username="grace-hopper")
    item = submit(claim_assignment(project, by=person)).judgment.assignment.item
    hidden = text_of(detail(reviewer, item))
    assert "grace-hopper" not in hidden
    number = re.search(r"Annotator \d{4}", hidden)[0]
    assert number in text_of(detail(reviewer, item))
    assert "grace-hopper" in text_of(detail(manager, item))


def test_gold_marks_and_known_answers_are_for_managers(project, manager, reviewer):
    item = make_item(project, known=LEFT_JSON)
    KnownAnswer.objects.update(is_gold=True, explanation="See the handbook.")
    assert "See the handbook." in text_of(detail(manager, item))
    page = text_of(detail(reviewer, item))
    assert "See the handbook." not in page
    assert "gold" not in page.lower()


def test_an_item_page_costs_the_same_however_often_it_was_judged(
    project, reviewer, django_assert_max_num_queries, django_assert_num_queries
):
    item = make_item(project, overlap=5)
    rounds = project.rounds.get()
    rounds.status = "closed"
    rounds.save()
    make_open_round(project, [item])
    submit(claim_assignment(project, by=make_annotator(project)))
    client, url = browser(reviewer), reverse("annotate:item-detail", args=[item.public_id])
    with django_assert_max_num_queries(12) as few:
        client.get(url)
    for k in range(4):
        submit(claim_assignment(project, by=make_annotator(project)), key=f"k{k}")
    with django_assert_num_queries(len(few)):
        client.get(url)


def test_a_change_is_asked_about_first(change, project):
    item = project.items.first()
    asked = change(action="priority", value=7, scope="ticked", item=str(item.public_id))
    item.refresh_from_db()
    assert item.priority == 0
    assert "Set the priority to 7" in text_of(asked)
    assert "1 item" in text_of(asked)
    done = change(action="priority", value=7, scope="ticked", item=str(item.public_id), expected=1)
    item.refresh_from_db()
    assert (done.status_code, item.priority) == (302, 7)


def test_everything_that_matches_is_changed_and_nothing_else(change, project):
    other = make_item(project, category="maths")
    fields = {"action": "withdraw", "scope": "all", "filter": "category=maths"}
    assert "all that match the filter" in text_of(change(**fields))
    reply = change(**fields, expected=1)
    assert reply["Location"].endswith("?category=maths")
    assert list(project.items.filter(is_queueable=False)) == [other]


def test_a_number_that_has_changed_is_asked_about_again(change, project):
    reply = change(action="withdraw", scope="all", expected=7)
    assert "has changed" in text_of(reply)
    assert not project.items.filter(is_queueable=False).exists()


def test_what_cannot_be_gold_is_left_out_and_said(change, project, manager):
    reply = change(action="gold", scope="all", expected=2)
    page = text_of(browser(manager).get(reply["Location"]))
    assert reply.status_code == 302
    assert not KnownAnswer.objects.exists()
    assert "Items" in page


def test_reviewers_change_nothing(change, reviewer):
    assert change(reviewer, action="withdraw", scope="all", expected=2).status_code == 403


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"action": "drop", "scope": "all"},
        {"action": "priority", "scope": "all"},
        {"action": "priority", "scope": "all", "value": "9" * 400},
        {"action": "withdraw", "scope": "ticked"},
        {"action": "withdraw", "scope": "ticked", "item": "x"},
        {"action": "withdraw", "scope": "all", "filter": "prompt__messages=x"},
        {"action": "withdraw", "scope": "all", "filter": "kind=\0"},
        {"action": "withdraw", "scope": "all", "filter": "sort=project__seed"},
        {"action": "withdraw", "scope": "all", "filter": "a" * 5_000},
        {"action": "overlap", "scope": "all", "value": "0", "expected": "2"},
    ],
)
def test_a_malformed_change_is_refused_with_a_sentence(change, project, fields):
    reply = change(**fields)
    assert reply.status_code == 400
    assert "That did not work" in text_of(reply)
    assert not project.items.filter(is_queueable=False).exists()


def test_ticked_items_of_another_project_are_left_alone(change):
    foreign = make_item()
    reply = change(action="withdraw", scope="ticked", item=str(foreign.public_id), expected=1)
    assert reply.status_code == 400
    foreign.refresh_from_db()
    assert foreign.is_queueable
