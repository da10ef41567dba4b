"""A person's own last judgments, and changing one of them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotate.answers import parse_answer
from annotate.models import Assignment, Judgment
from annotate.services import claim_assignment, submit_judgment
from tests.annotate.views.conftest import browser, comparison, open_project, text_of
from tests.factories import make_annotator, make_item

pytestmark = pytest.mark.django_db
EACH_KIND = {
    "comparison": ({"choice": "left", "strength": 4}, "A much better"),
    "ranking": ({"tiers": [[1], [0, 2]]}, "B &gt; A = C"),
    "rating": ({"ratings": {"helpfulness": [4]}}, "helpfulness 4"),
    "steps": ({"labels": [1, -1]}, "+1 -1"),
    "outcome": ({"correct": False}, "wrong"),
}


def judge(project, user, payload=None):
    lease = claim_assignment(project, by=user)
    answer = parse_answer(payload or {"choice": "tie"}, lease.shape())
    return submit_judgment(
        lease, answer=answer, by=user, fence=lease.fence, idempotency_key="k"
    ).judgment


def history(client, project):
    shown = text_of(client.get(reverse("annotate:history", args=[project.slug])))
    return shown.split("<main")[1]


def edit_url(judgment):
    return reverse("annotate:judgment-edit", args=[judgment.public_id])


@pytest.fixture
def client(annotator):
    return browser(annotator)


@pytest.mark.parametrize("kind", EACH_KIND)
def test_each_kind_is_listed_in_words_and_shown_as_it_was_answered(kind):
    payload, words = EACH_KIND[kind]
    steps = ("a", "b") if kind == "steps" else None
    project = open_project(lambda p: make_item(p, kind=kind, contents=("X", "Y", "Z"), steps=steps))
    person = make_annotator(project)
    client, judgment = browser(person), judge(project, person, payload)
    assert words in history(client, project)
    shown = text_of(client.get(edit_url(judgment)))
    assert "checked" in shown or "selected" in shown


def test_saving_makes_a_revision_and_leads_back(project, annotator, client):
    judgment = judge(project, annotator)
    on_screen = claim_assignment(project, by=annotator)
    reply = client.post(edit_url(judgment), {"grade": "left-2", "rationale": "Again"})
    assert reply["Location"] == reverse("annotate:item-next", args=[project.slug])
    assert [r.answer for r in judgment.revisions.all()] == [
        {"choice": "tie"},
        {"choice": "left", "strength": 2, "rationale": "Again"},
    ]
    assert judgment.latest.author == annotator
    assert str(on_screen.public_id) in text_of(client.get(reply["Location"]))


def test_saving_the_same_again_adds_nothing(project, annotator, client):
    judgment = judge(project, annotator)
    client.post(edit_url(judgment), {"grade": "tie"})
    assert judgment.revisions.count() == 1


def test_an_empty_change_is_refused_and_what_was_typed_stays(project, annotator, client):
    judgment = judge(project, annotator)
    reply = client.post(edit_url(judgment), {"rationale": "Half a <b>thought"})
    assert reply.status_code == 422
    assert "Half a &lt;b&gt;thought</textarea>" in text_of(reply)
    assert judgment.revisions.count() == 1


def test_the_item_stands_in_the_order_in_which_it_was_judged(project, annotator, client):
    judgment = judge(project, annotator)
    shown = text_of(client.get(edit_url(judgment)))
    first, second = ("The first.", "The second.")[:: 1 if judgment.display_order == [0, 1] else -1]
    assert shown.index(first) < shown.index(second)


def test_judgments_of_others_do_not_exist(project, annotator, manager, outsider):
    judgment = judge(project, annotator)
    for person in (manager, outsider):
        assert browser(person).get(edit_url(judgment)).status_code == 404
        assert browser(person).post(edit_url(judgment), {"grade": "tie"}).status_code == 404
    assert "You have judged nothing here yet." in history(browser(manager), project)


def test_only_the_last_twenty_can_be_changed_here():
    project = open_project(*(comparison(f"{k}", f"{k}!") for k in range(21)))
    person = make_annotator(project)
    client = browser(person)
    judgments = [judge(project, person) for _ in range(21)]
    assert client.get(edit_url(judgments[1])).status_code == 200
    reply = client.post(edit_url(judgments[0]), {"grade": "left-2"})
    assert reply.status_code == 403
    assert "last 20 judgments" in text_of(reply)
    assert judgments[0].revisions.count() == 1
    assert str(judgments[0].public_id) not in history(client, project)


def test_gold_looks_like_work(project, annotator, client):
    judge(project, annotator)
    judge(project, annotator)
    plain = history(client, project)
    Assignment.objects.filter(judgment=Judgment.objects.last()).update(purpose="gold")
    assert history(client, project) == plain


def test_the_last_judgment_has_an_address_of_its_own(project, annotator, client):
    url = reverse("annotate:judgment-latest", args=[project.slug])
    assert client.get(url)["Location"] == reverse("annotate:item-next", args=[project.slug])
    judge(project, annotator)
    last = judge(project, annotator)
    assert client.get(url)["Location"] == edit_url(last)


def test_the_list_takes_the_same_number_of_queries_however_long(django_assert_max_num_queries):
    project = open_project(*(comparison(f"{k}", f"{k}!") for k in range(6)))
    person = make_annotator(project)
    client = browser(person)
    for _ in range(6):
        judge(project, person)
    with django_assert_max_num_queries(12):
        history(client, project)


def test_preferences_on_aspects_are_put_in_words():
    aspects = {"helpful": "tie", "harmless": "unsafe"}
    project = open_project(comparison(), asks_aspects=True)
    person = make_annotator(project)
    judge(project, person, {"choice": "both_bad", "aspects": aspects})
    assert "both bad; helpful: even; harmless: unsafe" in history(browser(person), project)
