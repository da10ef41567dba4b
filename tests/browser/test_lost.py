"""A lease that runs out, a reply that is lost, a draft that is late: what was typed counts."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in

pytestmark = pytest.mark.browser

SETUP = """
import json
from annotate.models import User
from tests.factories import (
    MembershipFactory, ProjectFactory, PromptFactory, make_item, make_open_round
)
project = ProjectFactory(slug="{name}", scale="llama2")
user = User.objects.create_user("{name}", password="a long enough password")
MembershipFactory(project=project, user=user)
turns = [[{{"role": "user", "content": f"{name}, question {{k}}"}}] for k in range(3)]
items = [make_item(project, prompt=PromptFactory(messages=messages)) for messages in turns]
make_open_round(project, items)
print(json.dumps("ready"))
"""
EXPIRE = """
import json
from datetime import timedelta
from django.utils import timezone
from annotate.models import Assignment
from annotate.services import expire_leases
mine = Assignment.objects.filter(annotator__username="{name}", status="leased")
mine.update(expires_at=timezone.now() - timedelta(seconds=1))
print(json.dumps(expire_leases()))
"""
STORED = """
import json
from annotate.models import JudgmentRevision
print(json.dumps([
    r.answer for r in JudgmentRevision.objects.filter(author__username="{name}").order_by("pk")
]))
"""
TIE = {"choice": "tie"}


@pytest.fixture
def name(request):
    """A person and a project for this test alone."""
    return request.node.originalname.split("_")[-1]


@pytest.fixture
def desk(installation, page, name):
    """The page with its first item, and the person signed in."""
    installation.python(SETUP.format(name=name))
    sign_in(page, installation, name)
    page.goto(f"http://127.0.0.1:{installation.port}/p/{name}/annotate/")
    expect(page.locator("#item.item-comparison")).to_be_visible()
    return page


def _type_reason(page, text):
    page.keyboard.press("r")
    expect(page.locator("textarea[name=rationale]")).to_be_focused()
    with page.expect_response("**/draft") as draft:
        page.keyboard.type(text)
    return draft.value.status


def _is_judged(page, n):
    expect(page.locator(".item-head")).to_contain_text(f"{n} judged")
    expect(page.locator("#item-heading")).to_be_focused()


def test_an_answer_typed_before_its_lease_was_renewed(installation, desk, name):
    desk.keyboard.press("2")
    assert _type_reason(desk, "Because it") == 200
    assert installation.python(EXPIRE.format(name=name)) == 1
    with desk.expect_response("**/renew") as renewal:
        desk.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert renewal.value.status == 200
    fences = desk.locator("#item input[name=fence]")
    expect(fences).to_have_count(2)
    for k in range(2):
        expect(fences.nth(k)).to_have_value("2")
    with desk.expect_response("**/draft") as draft:
        desk.keyboard.type(" is shorter.")
    assert draft.value.status == 200
    desk.keyboard.press("Control+Enter")
    _is_judged(desk, 1)
    expect(desk.locator("#item .message")).to_have_count(0)
    answer = {"choice": "left", "strength": 3, "rationale": "Because it is shorter."}
    assert installation.python(STORED.format(name=name)) == [answer]


def test_the_edit_after_a_reply_that_was_lost(installation, desk, name):
    def lose_the_reply(route):
        route.fetch()
        route.abort()

    desk.route("**/submit/", lose_the_reply, times=1)
    desk.keyboard.press("t")
    desk.keyboard.press("Enter")
    expect(desk.locator("#answer-status")).to_contain_text("Your answer is still here")
    desk.keyboard.press("2")
    desk.keyboard.press("Enter")
    _is_judged(desk, 1)
    expect(desk.locator("#item .message")).to_contain_text("your change is stored")
    stored = installation.python(STORED.format(name=name))
    assert stored == [TIE, {"choice": "left", "strength": 3}]


def test_the_reply_to_a_draft_that_arrives_late(desk):
    held = []
    desk.route("**/draft", lambda route: held.append(route))
    with desk.expect_request("**/draft"):
        desk.keyboard.press("t")
    desk.keyboard.press("Enter")
    _is_judged(desk, 1)
    conflict = {
        "error": {"code": "conflict", "message": "This item is submitted: drafts are over."}
    }
    held[0].fulfill(status=409, content_type="application/json", body=json.dumps(conflict))
    desk.wait_for_timeout(300)
    expect(desk.locator("#answer-status")).to_be_empty()
