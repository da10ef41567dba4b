"""Two things at once on the judging page: whatever comes first, nothing is lost or mixed up."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in
from tests.browser.desks import Desk

pytestmark = pytest.mark.browser
TIE = {"choice": "tie"}
LATER = "Date.now = ((now) => () => now() + 3_600_000)(Date.now)"
LOOK = "document.dispatchEvent(new Event('visibilitychange'))"
UNSENT = "Object.keys(localStorage).filter((name) => name.startsWith('tiebreak-outbox:')).length"
COMPOSED_ENTER = """
field => field.dispatchEvent(new KeyboardEvent("keydown", {
  key: "Enter", isComposing: true, bubbles: true, cancelable: true,
}))
"""
COLLEAGUE = """
import json
from annotate.models import Project, User
from tests.factories import MembershipFactory, make_item, make_open_round
project = Project.objects.get(slug="{name}")
user = User.objects.create_user("{name}-colleague", password="a long enough password")
MembershipFactory(project=project, user=user)
project.rounds.update(status="closed")
make_open_round(project, [make_item(project)])
print(json.dumps("ready"))
"""
LEASES_OF = """
import json
from annotate.models import Assignment
print(json.dumps(Assignment.objects.filter(annotator__username="{name}").count()))
"""


@pytest.fixture
def seat(installation, page, own_name):
    return Desk(installation, page, own_name)


@pytest.fixture
def desk(seat):
    return seat.sit_down()


def test_an_answer_sent_while_its_lease_is_renewed_takes_the_new_fence(desk):
    held = []
    assert desk.let_expire() == 2
    desk.press("t")
    desk.page.route("**/renew", lambda route: held.append(route))
    desk.page.evaluate(LOOK)
    desk.page.wait_for_timeout(300)
    desk.press("Enter")
    desk.shows(1)
    for route in held:
        route.continue_()
    desk.has_judged(1)
    desk.shows(1)
    expect(desk.page.locator(".message.error")).to_have_count(0)
    assert desk.stored() == [["0", 1, TIE]]


def test_a_prefetch_that_is_slower_than_two_answers_brings_no_judged_item_back(seat):
    held, page = [], seat.page
    page.route("**/prefetch/", lambda route: held.append((route, route.fetch())), times=1)
    page.goto(seat.url)
    seat.shows(0)
    page.wait_for_timeout(500)
    for k in range(2):
        seat.press("t", "Enter")
        seat.has_judged(k + 1)
    seat.shows(2)
    page.wait_for_timeout(500)
    route, reply = held[0]
    route.fulfill(response=reply)
    page.wait_for_timeout(700)
    seat.press("t", "Enter")
    seat.shows(3)
    seat.has_judged(3)


def test_a_waiting_page_takes_no_item_of_somebody_who_signed_in_since(installation, page, context):
    desk = Desk(installation, page, "colleague", items=1)
    page.goto(desk.url)
    desk.shows(0)
    desk.press("t", "Enter")
    expect(page.get_by_role("heading", name="Nothing to do right now")).to_be_visible()
    installation.python(COLLEAGUE.format(name=desk.name))
    context.clear_cookies()
    sign_in(context.new_page(), installation, f"{desk.name}-colleague")
    page.route(desk.url, lambda route: route.abort())
    page.bring_to_front()
    with page.expect_response("**/annotate/?waiting=1*", timeout=20_000) as poll:
        pass
    assert poll.value.status == 401
    assert installation.python(LEASES_OF.format(name=f"{desk.name}-colleague")) == 0


def test_a_skip_pressed_twice_is_sent_once_and_its_dialog_closes(desk):
    held, page = [], desk.page
    page.route("**/skip/", lambda route: held.append(route))
    page.evaluate(LATER)
    desk.press("s", "2", "Enter", "Enter", "Enter")
    expect(page.locator("#item[inert]")).to_be_attached()
    expect(page.locator("#skip-dialog")).to_be_hidden()
    assert page.evaluate(UNSENT) == 1
    held[0].continue_()
    desk.shows(1)
    assert len(held) == 1


def test_what_another_tab_has_sent_is_missed_by_nobody(desk, context, installation):
    context.clear_cookies()
    desk.press("t", "Enter")
    desk.unsent("You are signed out.")
    other = context.new_page()
    sign_in(other, installation, desk.name)
    other.goto(desk.url)
    expect(other.locator(".pace")).to_contain_text("1 judged")
    desk.page.bring_to_front()
    desk.page.evaluate(LOOK)
    desk.all_sent()
    assert desk.stored() == [["0", 1, TIE]]


def test_an_enter_that_ends_a_composition_sends_no_skip(desk):
    posts = []
    desk.page.on("request", lambda request: "/skip/" in request.url and posts.append(request))
    desk.press("s")
    detail = desk.page.locator("#skip_detail")
    detail.fill("理由")
    detail.evaluate(COMPOSED_ENTER)
    desk.page.wait_for_timeout(300)
    assert posts == []
    expect(desk.page.locator("#skip-dialog")).to_be_visible()


def test_a_draft_that_is_overtaken_by_the_next_one_is_no_trouble(desk):
    held, page = [], desk.page
    page.route("**/draft", lambda route: held.append(route))
    desk.press("t")
    page.wait_for_timeout(1_300)
    desk.press("2")
    page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    page.wait_for_timeout(300)
    first, second = held
    for route in (second, first):
        with page.expect_response("**/draft"):
            route.continue_()
    page.wait_for_timeout(300)
    expect(page.locator("#answer-status")).to_have_text("A better")
