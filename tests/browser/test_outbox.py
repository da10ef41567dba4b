"""Answers that cannot be sent at once: kept, sent in order when that works, one row each."""

import pytest
from playwright.sync_api import expect

from tests.browser.desks import Desk

pytestmark = pytest.mark.browser
TIE, LEFT = {"choice": "tie"}, {"choice": "left", "strength": 3}


@pytest.fixture
def desk(installation, page, own_name):
    return Desk(installation, page, own_name).sit_down()


def test_two_answers_given_offline_arrive_in_order_when_back(desk, context):
    context.set_offline(True)
    desk.press("t", "Enter")
    desk.shows(1)
    desk.unsent("1 answer is waiting to be sent")
    desk.press("2", "Enter")
    expect(desk.page.get_by_role("heading", name="Waiting for the server")).to_be_visible()
    desk.unsent("2 answers are waiting to be sent")
    assert desk.stored() == []
    context.set_offline(False)
    desk.shows(2)
    desk.all_sent()
    assert desk.stored() == [["0", 1, TIE], ["1", 1, LEFT]]


def test_an_answer_survives_a_reload_and_a_minute_offline(desk, context):
    context.set_offline(True)
    desk.press("t", "Enter")
    desk.shows(1)
    desk.unsent("1 answer is waiting")
    desk.press("2", "r")
    desk.page.keyboard.type("Because")
    expect(desk.page.locator("#answer-status")).to_have_text("Draft kept on this device.")
    desk.page.wait_for_timeout(60_000)
    assert desk.let_expire() == 2
    context.set_offline(False)
    desk.page.reload()
    desk.shows(1)
    desk.all_sent()
    expect(desk.page.locator("input[value=left-3]")).to_be_checked()
    expect(desk.page.locator("textarea[name=rationale]")).to_have_value("Because")
    assert desk.stored() == [["0", 1, TIE]]
    desk.press("Enter")
    desk.shows(2)
    desk.has_judged(2)
    assert desk.stored()[1:] == [["1", 1, LEFT | {"rationale": "Because"}]]


def test_a_reply_that_is_lost_makes_no_second_row(desk):
    def lose_the_reply(route):
        route.fetch()
        route.abort()

    desk.page.route("**/submit/", lose_the_reply, times=1)
    desk.press("t", "Enter")
    desk.shows(1)
    desk.unsent("1 answer is waiting")
    desk.all_sent()
    desk.press("2", "Enter")
    desk.shows(2)
    desk.has_judged(2)
    assert desk.stored() == [["0", 1, TIE], ["1", 1, LEFT]]


def test_a_busy_server_is_asked_again_after_the_time_it_names(desk):
    desk.page.route(
        "**/submit/",
        lambda route: route.fulfill(status=429, headers={"Retry-After": "1"}, body=""),
        times=1,
    )
    desk.press("t", "Enter")
    desk.unsent("1 answer is waiting")
    desk.all_sent()
    assert desk.stored() == [["0", 1, TIE]]


def test_a_page_that_only_looks_like_success_stores_nothing(desk):
    desk.page.route("**/submit/", lambda route: route.fulfill(body="<h1>Pay here</h1>"), times=1)
    desk.press("t", "Enter")
    desk.unsent("1 answer is waiting")
    desk.page.get_by_role("button", name="Send now").click()
    desk.all_sent()
    assert desk.stored() == [["0", 1, TIE]]


def test_leaving_warns_only_while_something_is_unsent(desk, context):
    warned = []
    desk.page.on("dialog", lambda dialog: (warned.append(dialog.type), dialog.accept()))
    desk.press("t", "Enter")
    desk.shows(1)
    desk.has_judged(1)
    desk.page.reload()
    desk.shows(1)
    assert warned == []
    desk.page.route("**/submit/", lambda route: route.abort())
    desk.press("t", "Enter")
    desk.unsent("1 answer is waiting")
    desk.page.reload()
    assert warned == ["beforeunload"]


def test_after_signing_in_again_the_answer_is_sent(desk, context):
    context.clear_cookies()
    desk.press("t", "Enter")
    desk.shows(1)
    desk.unsent("You are signed out.")
    desk.page.get_by_role("link", name="Sign in").click()
    desk.page.locator("input[name=login]").fill(desk.name)
    desk.page.locator("input[name=password]").fill("a long enough password")
    desk.page.keyboard.press("Enter")
    desk.shows(1)
    desk.all_sent()
    assert desk.stored() == [["0", 1, TIE]]


def test_an_answer_is_never_sent_for_somebody_else(desk, context, installation):
    context.clear_cookies()
    desk.press("t", "Enter")
    desk.unsent("You are signed out.")
    other = Desk(installation, desk.page, "stranger-other").sit_down()
    other.shows(0)
    other.all_sent()
    other.press("2", "Enter")
    other.shows(1)
    other.has_judged(1)
    assert other.stored() == [["0", 1, LEFT]]
    assert desk.stored() == []


def test_what_the_server_refuses_comes_back_with_the_reason(desk):
    held = []
    desk.page.route("**/submit/", lambda route: held.append(route), times=1)
    desk.press("2", "Enter")
    desk.shows(1)
    desk.press("4")
    held[0].continue_(post_data=held[0].request.post_data.replace("fence=1", "fence=9"))
    expect(desk.page.locator(".message.error")).to_contain_text("press Submit to send it")
    desk.shows(0)
    expect(desk.page.locator("input[value=left-3]")).to_be_checked()
    with desk.page.expect_response("**/submit/"):
        desk.press("t", "Enter")
    desk.shows(1)
    desk.has_judged(1)
    expect(desk.page.locator("input[value=left-1]")).to_be_checked()
    assert desk.stored() == [["0", 1, TIE]]
    desk.page.wait_for_timeout(300)
    assert desk.leases() == 2
