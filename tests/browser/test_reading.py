"""Help with reading: differences on a key, very long texts in boxes that scroll together."""

from itertools import count

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in
from tests.installation import wait_until

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
prompt = PromptFactory(messages=[{{"role": "user", "content": "{name}"}}])
item = make_item(project, kind="{kind}", contents={contents!r}, prompt=prompt)
make_open_round(project, [item])
print(json.dumps("ready"))
"""
NUMBERS = count(1)
LONG = "\n\n".join(f"Paragraph {k} of a text that goes on and on." for k in range(120))
FIRST = "The **quick fox** says $x^2$ and `f(1)`.\n\n```python\na + b\n```\n\nThe end."
SECOND = "The **slow fox** says $x^3$ and `f(1)`.\n\n```python\na - b\n```\n\nThe end."


@pytest.fixture
def desk(installation, page):
    """Sign a new person in at a project with one item; returns the page with it."""

    def sit_down(*contents, kind="comparison"):
        name = f"reader-{next(NUMBERS)}"
        installation.python(SETUP.format(name=name, kind=kind, contents=contents))
        sign_in(page, installation, name)
        page.goto(f"http://127.0.0.1:{installation.port}/p/{name}/annotate/")
        expect(page.locator(f"#item.item-{kind}")).to_be_visible()
        return page

    return sit_down


def _marked(page, letter):
    card = page.locator(f"[data-letter={letter}]")
    return [mark.replace("\u200b", "") for mark in card.locator("mark.diff").all_inner_texts()]


def _markup(page):
    return page.locator(".response .text").evaluate_all("found => found.map(e => e.outerHTML)")


def test_the_d_key_marks_what_only_one_response_says_and_takes_it_off_again(desk):
    page = desk(FIRST, SECOND)
    expect(page.locator(".response .katex")).to_have_count(2)
    before = _markup(page)
    page.keyboard.press("d")
    sides = {letter: _marked(page, letter) for letter in "AB"}
    quick = next(side for side in sides.values() if "quick" in side)
    slow = next(side for side in sides.values() if "slow" in side)
    assert (quick[0], quick[2]) == ("quick", "+")
    assert (slow[0], slow[2]) == ("slow", "-")
    expect(page.locator("mark.diff .katex")).to_have_count(2)
    expect(page.locator(".reading-bar [role=status]")).to_contain_text("words are only here")
    expect(page.get_by_role("button", name="Differences")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("d")
    expect(page.locator("mark.diff")).to_have_count(0)
    expect(page.locator(".reading-bar [role=status]")).to_have_text("")
    assert _markup(page) == before


def test_marks_are_more_than_colour_and_are_the_same_on_both_sides(desk):
    page = desk(FIRST, SECOND)
    page.keyboard.press("d")
    looks = page.locator("mark.diff:not(:has(.math))").evaluate_all(
        "found => found.map(e => { const s = getComputedStyle(e);"
        " return [s.textDecorationLine, s.backgroundColor, e.dataset.said].join() })"
    )
    assert len(set(looks)) == 1
    assert looks[0].startswith("underline")
    assert looks[0].endswith("only here:")


def test_responses_that_differ_in_form_alone_are_said_to_be_alike(desk):
    page = desk("Some **bold** words.", "Some bold words.")
    page.keyboard.press("d")
    expect(page.locator(".reading-bar")).to_contain_text("Both say the same, word for word.")
    expect(page.locator("mark.diff")).to_have_count(0)


def test_texts_of_more_words_than_can_be_compared_are_said_to_differ_too_much(desk):
    page = desk("word " * 9_000, "other " * 8_000)
    page.keyboard.press("d")
    expect(page.locator(".reading-bar")).to_contain_text("differ too much to compare")
    expect(page.locator("mark.diff")).to_have_count(0)


def test_texts_beyond_the_limit_are_said_to_be_too_long(desk):
    page = desk("a " * 20_001, "b.")
    page.keyboard.press("d")
    expect(page.locator(".reading-bar")).to_contain_text("too long to compare")


def test_in_a_ranking_a_card_is_compared_with_the_one_above(desk):
    page = desk("one two", "one three", "one four", kind="ranking")
    page.keyboard.press("3")
    page.keyboard.press("d")
    marked = {letter: len(_marked(page, letter)) for letter in "ABC"}
    assert marked == {"A": 0, "B": 1, "C": 1}
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("mark.diff")).to_have_count(0)


def test_very_long_responses_stand_in_boxes_until_all_is_shown(desk):
    page = desk(LONG, "Short.")
    boxes = page.locator(".response .text")
    expect(page.locator(".response .text.is-collapsed")).to_have_count(2)
    assert boxes.first.bounding_box()["height"] < page.viewport_size["height"]
    page.keyboard.press("m")
    expect(page.locator(".response .text.is-collapsed")).to_have_count(0)
    expect(page.get_by_role("button", name="Show all")).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.get_by_role("button", name="Show all")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".response .text.is-collapsed")).to_have_count(0)


def test_the_answer_bar_stays_in_reach_of_very_long_texts(desk):
    page = desk(LONG, LONG + "\n\nMore.")
    expect(page.locator(".response .text.is-collapsed")).to_have_count(2)
    assert page.locator(".answer-bar .submit").is_visible()
    bottom = page.locator(".answer-bar").bounding_box()
    assert bottom["y"] + bottom["height"] <= page.viewport_size["height"]
    tall = page.evaluate("document.documentElement.scrollHeight")
    page.keyboard.press("d")
    expect(page.locator("mark.diff")).not_to_have_count(0)
    assert page.evaluate("document.documentElement.scrollHeight") <= tall + 2


def test_boxes_scroll_together_when_wanted_and_the_device_remembers(desk):
    page = desk(LONG, LONG + "\n\n" + LONG)
    boxes = page.locator(".response .text")
    expect(page.locator(".response .text.is-collapsed")).to_have_count(2)
    share = "e => e.scrollTop / (e.scrollHeight - e.clientHeight)"
    boxes.nth(0).evaluate("e => { e.scrollTop = 400 }")
    page.wait_for_timeout(100)
    assert boxes.nth(1).evaluate(share) == 0
    page.keyboard.press("l")
    boxes.nth(0).evaluate("e => { e.scrollTop = e.scrollHeight / 2 }")
    wait_until(lambda: boxes.nth(1).evaluate(share) > 0, what="the other box")
    assert abs(boxes.nth(0).evaluate(share) - boxes.nth(1).evaluate(share)) < 0.01
    page.reload()
    together = page.get_by_role("button", name="Scroll together")
    expect(together).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("j")
    wait_until(lambda: boxes.nth(1).evaluate(share) > 0, what="the other box")


@pytest.mark.parametrize("width", [1280, 390])
def test_what_is_wide_scrolls_inside_and_never_the_page(desk, width):
    table = "| " + " | ".join("column" * 3 for _ in range(12)) + " |\n|" + "---|" * 12
    code = "```python\n" + "x = 1  # " + "very wide " * 40 + "\n```"
    formula = "$$" + " + ".join(f"a_{{{k}}}" for k in range(80)) + "$$"
    page = desk("\n\n".join([table, code, formula]), "سلام\n\n- عنصر\n- " + "كلمة" * 60)
    page.set_viewport_size({"width": width, "height": 800})
    expect(page.locator(".katex").first).to_be_visible()
    expect(page.locator(".text [tabindex='0']")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_formula_that_cannot_be_set_stays_as_written_and_the_others_are_set(desk):
    bomb = r"$\def\a#1{\b{#1#1}}\def\b#1{\a{#1#1}}\a{x}$"
    page = desk(f"{bomb} and $\\frac{{1$ and $x^2$.", "None.")
    expect(page.locator(".response .katex")).to_have_count(1)
    broken = page.locator(".response .math.is-broken")
    expect(broken).to_have_count(2)
    expect(broken.first).to_have_text(bomb)
