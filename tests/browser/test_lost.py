"""A lease that runs out, a reply that is lost, a draft that is late: what was typed counts."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.desks import Desk

pytestmark = pytest.mark.browser

TIE = {"choice": "tie"}


@pytest.fixture
def seat(installation, page, own_name):
    """A person and a project for this test alone, with the first item on screen."""
    return Desk(installation, page, own_name).sit_down()


@pytest.fixture
def desk(seat):
    return seat.page


def _type_reason(page, text):
    page.keyboard.press("r")
    expect(page.locator("textarea[name=rationale]")).to_be_focused()
    with page.expect_response("**/draft") as draft:
        page.keyboard.type(text)
    return draft.value.status


def _is_judged(page, n):
    expect(page.locator(".item-head")).to_contain_text(f"{n} judged")
    expect(page.locator("#item-heading")).to_be_focused()


def test_an_answer_typed_before_its_lease_was_renewed(seat, desk):
    desk.keyboard.press("2")
    assert _type_reason(desk, "Because it") == 200
    assert seat.let_expire() == 2
    desk.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    fences = desk.locator("#item input[name=fence]")
    expect(fences).to_have_count(2)
    for k in range(2):
        expect(fences.nth(k)).to_have_value("2")
    with desk.expect_response("**/draft") as draft:
        desk.keyboard.type(" is shorter.")
    assert draft.value.status == 200
    desk.keyboard.press("Control+Enter")
    _is_judged(desk, 1)
    expect(desk.locator(".message")).to_have_count(0)
    answer = {"choice": "left", "strength": 3, "rationale": "Because it is shorter."}
    assert seat.stored() == [["0", 1, answer]]


def test_the_edit_after_a_reply_that_was_lost(seat, desk):
    def lose_the_reply(route):
        route.fetch()
        route.abort()

    desk.route("**/submit/", lose_the_reply, times=1)
    desk.keyboard.press("t")
    desk.keyboard.press("Enter")
    expect(desk.locator("#outbox-status")).to_be_visible()
    desk.keyboard.press("z")
    expect(desk).to_have_url(re.compile("/edit/$"))
    expect(desk.get_by_role("button", name="Differences")).to_be_visible()
    expect(desk.locator("input[value=tie]")).to_be_checked()
    desk.keyboard.press("2")
    desk.keyboard.press("Enter")
    expect(desk.locator(".message.success")).to_have_text("Your change is stored.")
    assert seat.stored() == [["0", 1, TIE], ["0", 2, {"choice": "left", "strength": 3}]]


def test_the_reply_to_a_draft_that_arrives_late(desk):
    held = []
    desk.route("**/draft", lambda route: held.append(route))
    with desk.expect_request("**/draft"):
        desk.keyboard.press("t")
    desk.keyboard.press("Enter")
    _is_judged(desk, 1)
    desk.wait_for_timeout(100)
    conflict = {
        "error": {"code": "conflict", "message": "This item is submitted: drafts are over."}
    }
    held[0].fulfill(status=409, content_type="application/json", body=json.dumps(conflict))
    desk.wait_for_timeout(300)
    expect(desk.locator("#answer-status")).to_be_empty()
