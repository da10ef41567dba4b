"""From one judgment to the next without waiting, and back to the last one."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.desks import Desk

pytestmark = pytest.mark.browser
TIE, LEFT = {"choice": "tie"}, {"choice": "left", "strength": 3}
PUBLISH = """
import json
from annotate.models import Project
from annotate.services import publish_guidelines
publish_guidelines(Project.objects.get(slug="{name}"), text="{text}", by=None)
print(json.dumps("ready"))
"""


@pytest.fixture
def seat(installation, page, own_name):
    return Desk(installation, page, own_name)


@pytest.fixture
def desk(seat):
    return seat.sit_down()


def test_the_next_item_stands_there_before_the_answer_has_arrived(desk):
    held = []
    desk.page.route("**/submit/", lambda route: held.append(route))
    desk.press("t", "Enter")
    desk.shows(1)
    expect(desk.page.locator("#item-heading")).to_be_focused()
    assert desk.stored() == []
    held[0].continue_()
    desk.has_judged(1)
    assert desk.stored() == [["0", 1, TIE]]


def test_each_judgment_takes_one_request(desk):
    posts = []
    desk.page.on("request", lambda r: r.method == "POST" and posts.append(r.url.split("/")[-2]))
    for k in range(3):
        desk.press("t", "Enter")
        desk.has_judged(k + 1)
    assert posts == ["submit"] * 3


def test_pressing_enter_twice_stores_one_answer(desk):
    desk.press("t", "Enter", "Enter", "Enter")
    desk.shows(1)
    desk.has_judged(1)
    assert desk.stored() == [["0", 1, TIE]]


def test_a_skip_goes_on_at_once_too(desk):
    held = []
    desk.page.route("**/skip/", lambda route: held.append(route))
    desk.press("s", "2", "Enter")
    desk.shows(1)
    held[0].continue_()
    desk.press("t", "Enter")
    desk.shows(2)
    assert [row[0] for row in desk.stored()] == ["1"]


def test_an_item_that_ran_out_while_it_was_ready_is_asked_for_again(desk):
    assert desk.let_expire() == 2
    desk.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    desk.page.wait_for_timeout(500)
    desk.press("t", "Enter")
    desk.shows(1)
    desk.press("2", "Enter")
    desk.shows(2)
    desk.has_judged(2)
    assert desk.stored() == [["0", 1, TIE], ["1", 1, LEFT]]


def test_time_is_counted_from_when_the_item_is_shown(desk, installation):
    desk.page.wait_for_timeout(1_500)
    desk.press("t", "Enter", "t", "Enter")
    desk.shows(2)
    desk.has_judged(2)
    code = (
        "import json; from annotate.models import Judgment; print(json.dumps(list(Judgment.objects"
        f".filter(assignment__annotator__username='{desk.name}').order_by('pk')"
        ".values_list('active_seconds', flat=True))))"
    )
    first, second = installation.python(code)
    assert first >= 1.5
    assert second < 1


def test_two_tabs_on_one_item_store_one_judgment(desk, context):
    other = context.new_page()
    with other.expect_response("**/prefetch/"):
        other.goto(desk.url)
    desk.press("t", "Enter")
    desk.has_judged(1)
    other.keyboard.press("t")
    other.keyboard.press("Enter")
    expect(other.locator(".message")).to_contain_text("with the same answer")
    expect(other.locator(".conversation")).to_contain_text("question 1")
    assert desk.stored() == [["0", 1, TIE]]


def test_z_opens_the_last_judgment_and_saving_makes_a_revision(desk):
    desk.press("t", "Enter")
    desk.shows(1)
    desk.press("4")
    desk.press("z")
    expect(desk.page).to_have_url(re.compile("/edit/$"))
    expect(desk.page.get_by_role("button", name="Differences")).to_be_visible()
    expect(desk.page.locator("input[value=tie]")).to_be_checked()
    expect(desk.page.locator(".conversation")).to_contain_text("question 0")
    desk.press("2", "Enter")
    expect(desk.page.locator(".message.success")).to_have_text("Your change is stored.")
    expect(desk.page.locator(".conversation")).to_contain_text("question 1")
    expect(desk.page.locator("input[value=left-1]")).to_be_checked()
    assert desk.stored() == [["0", 1, TIE], ["0", 2, LEFT]]


def test_the_list_of_ones_own_judgments_leads_to_each(desk):
    for key in ("t", "2"):
        desk.press(key, "Enter")
    desk.shows(2)
    desk.has_judged(2)
    desk.page.goto(f"{desk.url}history/")
    rows = desk.page.locator(".history > li")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("A better")
    expect(rows.last).to_contain_text("question 0")
    rows.last.get_by_role("button", name="Edit").click()
    expect(desk.page.locator("input[value=tie]")).to_be_checked()


def test_a_moved_key_works_and_its_hint_says_so(seat):
    page = seat.page
    page.goto(f"http://127.0.0.1:{seat.installation.port}/keys/?next=/p/{seat.name}/annotate/")
    page.locator("[name='comparison.t']").focus()
    seat.press("Shift+Q")
    page.locator("[name='all.Enter']").focus()
    seat.press("f")
    page.get_by_role("button", name="Store my keys").click()
    expect(page.locator(".option", has_text="tie").locator("kbd")).to_have_text("q")
    expect(page.locator(".submit kbd")).to_have_text("f")
    seat.press("t")
    expect(page.locator("input[value=tie]")).not_to_be_checked()
    seat.press("q", "f")
    seat.shows(1)
    seat.has_judged(1)


def test_the_guidelines_stand_beside_the_work_and_a_new_edition_is_announced(seat, installation):
    installation.python(PUBLISH.format(name=seat.name, text="Be **fair**."))
    page = seat.sit_down().page
    panel = page.locator("#guidelines")
    expect(panel).to_be_hidden()
    seat.press("h")
    expect(panel.locator("strong")).to_have_text("fair")
    seat.press("Escape")
    expect(panel).to_be_hidden()
    installation.python(PUBLISH.format(name=seat.name, text="Be **quick**."))
    seat.press("t", "Enter")
    expect(page.locator("#edition-notice")).to_be_visible()
    page.get_by_role("button", name="Show it").click()
    expect(panel.locator("strong")).to_have_text("quick")
    expect(page.locator("#edition-notice")).to_be_hidden()
    page.reload()
    expect(panel).to_be_visible()
    expect(panel.locator("strong")).to_have_text("quick")
