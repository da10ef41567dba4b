"""Small things on the page where people judge: nothing is misread, lost or sent by mistake."""

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
texts = ("One.\\n\\nTwo, which is a little longer.", "Three.\\n\\nFour.")
prompts = [
    PromptFactory(messages=[{{"role": "user", "content": f"{name}, {{kind}}"}}]) for kind in {kinds}
]
items = [
    make_item(project, kind=kind, contents=texts, prompt=prompt)
    for kind, prompt in zip({kinds}, prompts)
]
if items:
    make_open_round(project, items)
print(json.dumps("ready"))
"""
OPEN_ROUND = """
import json
from annotate.models import Project
from tests.factories import PromptFactory, make_item, make_open_round
project = Project.objects.get(slug="{name}")
prompt = PromptFactory(messages=[{{"role": "user", "content": "{name}, later"}}])
make_open_round(project, [make_item(project, prompt=prompt)])
print(json.dumps("ready"))
"""
STORED = """
import json
from annotate.models import Assignment
mine = Assignment.objects.filter(annotator__username="{name}").order_by("pk")
print(json.dumps([[a.status, a.skip_reason] for a in mine]))
"""


@pytest.fixture
def desk(installation, page, own_name):
    """Sign a new person in at a new project with items of these kinds; returns their name."""

    def sit_down(*kinds):
        installation.python(SETUP.format(name=own_name, kinds=kinds))
        sign_in(page, installation, own_name)
        page.goto(f"http://127.0.0.1:{installation.port}/p/{own_name}/annotate/")
        return own_name

    return sit_down


def _press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def test_paragraphs_of_a_ranked_answer_stand_below_each_other_in_cards(desk, page):
    desk("ranking")
    expect(page.locator("#item.item-ranking")).to_be_visible()
    first, second = (page.locator(".rank-card").first.locator(".text p").nth(k) for k in (0, 1))
    first, second = first.bounding_box(), second.bounding_box()
    assert first["x"] == second["x"]
    assert first["width"] == second["width"]
    assert first["y"] + first["height"] <= second["y"]


def test_a_skip_without_a_reason_stays_in_its_dialog(desk, page, installation):
    name = desk("comparison", "outcome")
    posts = []
    page.on("request", lambda request: request.method == "POST" and posts.append(request.url))
    _press(page, "s", "Enter")
    expect(page.locator("#skip-dialog")).to_be_visible()
    expect(page.locator("#skip-missing")).to_have_text("Choose a reason or write one.")
    _press(page, "Enter")
    assert posts == []
    _press(page, "2", "Enter")
    expect(page.locator("#item.item-outcome")).to_be_visible()
    assert ["skipped", "The prompt or a response is unclear"] in installation.python(
        STORED.format(name=name)
    )


def test_a_skip_that_the_server_refuses_is_shown_in_the_open_dialog_again(desk, page, installation):
    name = desk("comparison", "outcome")
    _press(page, "s")
    detail = page.locator("#skip_detail")
    detail.evaluate("field => { field.maxLength = 1000; field.value = 'x'.repeat(200); }")
    with page.expect_response("**/skip/") as reply:
        _press(page, "Enter")
    assert reply.value.status == 422
    expect(page.locator("#skip-dialog")).to_be_visible()
    expect(page.locator("#skip-dialog .field-error")).to_contain_text("at most 150 characters")
    _press(page, "2", "Enter")
    expect(page.locator("#skip-dialog")).to_be_visible()
    assert installation.python(STORED.format(name=name)) == [["leased", ""]] * 2


def test_an_answer_chosen_just_before_a_reload(desk, page):
    desk("comparison")
    expect(page.locator("#item.item-comparison")).to_be_visible()
    with page.expect_request("**/draft"):
        _press(page, "2")
        page.reload()
    expect(page.locator("input[value=left-3]")).to_be_checked()


def test_an_answer_whose_draft_is_slower_than_the_reload(desk, page):
    desk("comparison")
    expect(page.locator("#item.item-comparison")).to_be_visible()
    page.route("**/draft", lambda route: route.abort(), times=1)
    _press(page, "2")
    with page.expect_response("**/draft") as late:
        page.reload()
    assert late.value.request.post_data_json["version"] == 1
    expect(page.locator("input[value=left-3]")).to_be_checked()
    with page.expect_response("**/draft") as draft:
        _press(page, "3")
    assert draft.value.status == 200
    assert draft.value.request.post_data_json["version"] == 2


def test_the_page_that_waits_shows_a_new_round_by_itself(desk, page, installation):
    name = desk()
    expect(page.get_by_role("heading", name="Nothing to do right now")).to_be_visible()
    with page.expect_response("**/annotate/?waiting=1*", timeout=20_000) as poll:
        pass
    assert poll.value.status == 204
    installation.python(OPEN_ROUND.format(name=name))
    expect(page.locator("#item.item-comparison")).to_be_visible(timeout=20_000)
    _press(page, "2")
    expect(page.locator("input[value=left-3]")).to_be_checked()
    expect(page.locator(".is-resting")).to_have_count(0)


def test_escape_leaves_the_reason_so_that_keys_work(desk, page):
    desk("comparison")
    _press(page, "r")
    expect(page.locator("textarea[name=rationale]")).to_be_focused()
    _press(page, "5", "Escape", "2")
    expect(page.locator("textarea[name=rationale]")).to_have_value("5")
    expect(page.locator("input[value=left-3]")).to_be_checked()
