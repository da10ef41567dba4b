"""Keys, wheels and pages that go on for longer than was meant."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in

pytestmark = pytest.mark.browser
SLIDER = {"aspects": ["helpful"], "rating_min": 0, "rating_max": 100}
STEPS = ["a", "b", "c"]
MANY = """
import json
from annotate.models import User
from tests.factories import (
    MembershipFactory, ProjectFactory, PromptFactory, make_item, make_open_round
)
project = ProjectFactory(slug="many")
MembershipFactory(
    project=project, user=User.objects.create_user("many", password="a long enough password")
)
prompts = [PromptFactory(messages=[{"role": "user", "content": str(k)}]) for k in range(20)]
items = [make_item(project, kind="ranking", contents="abc", prompt=prompt) for prompt in prompts]
make_open_round(project, items)
print(json.dumps("ready"))
"""


def _hold(page, key):
    for _ in range(5):
        page.keyboard.down(key)
    page.keyboard.up(key)


def _nodes(page, client):
    """How many nodes the page keeps alive, shown or not."""
    for _ in range(2):
        client.send("HeapProfiler.collectGarbage")
        page.wait_for_timeout(200)
    metrics = client.send("Performance.getMetrics")["metrics"]
    return next(metric["value"] for metric in metrics if metric["name"] == "Nodes")


def test_a_digit_held_down_rates_one_row_only(seat):
    page = seat.open("rating", aspects=["help", "style", "depth"])
    _hold(page, "4")
    expect(page.locator(".rating-row input:checked")).to_have_count(1)


def test_a_digit_held_down_labels_one_step_only(seat):
    page = seat.open("steps", ["a\n\nb\n\nc"], steps=STEPS)
    _hold(page, "1")
    expect(page.locator(".step[data-label='1']")).to_have_count(1)


def test_an_arrow_held_down_goes_on(seat):
    page = seat.open("steps", ["a\n\nb\n\nc"], steps=STEPS)
    _hold(page, "ArrowDown")
    expect(page.locator(".step.is-current")).to_have_attribute("data-step", "label-2")


def test_the_wheel_over_a_number_scrolls_and_leaves_the_number(seat):
    page = seat.open("rating", ["one " * 3_000], **SLIDER)
    number = page.locator("input[type=number]")
    number.fill("40")
    number.hover()
    for distance in (300, -300, -100):
        page.mouse.wheel(0, distance)
        page.wait_for_timeout(200)
    expect(number).to_have_value("40")


def test_enter_in_the_reason_to_stop_leaves_the_choice_between_its_buttons(seat):
    page = seat.open("steps", ["a\n\nb\n\nc"], steps=STEPS)
    seat.press("g")
    page.keyboard.type("There is no question.")
    _hold(page, "Enter")
    expect(page.locator("#stop button").first).to_be_focused()
    seat.press("Tab", "Enter")
    seat.has_sent()
    assert seat.stored() == {"bad_problem": "There is no question."}


def test_rankings_that_are_done_are_not_kept_in_memory(installation, page, context):
    installation.python(MANY)
    sign_in(page, installation, "many")
    page.goto(f"http://127.0.0.1:{installation.port}/p/many/annotate/")
    client = context.new_cdp_session(page)
    client.send("Performance.enable")
    counts = []
    for k in range(16):
        page.keyboard.press("o")
        page.keyboard.press("Enter")
        expect(page.locator(".pace")).to_contain_text(f"{k + 1} judged")
        if k in (3, 15):
            counts.append(_nodes(page, client))
    assert counts[1] < counts[0] * 1.2
