"""A comparison from its page to the stored answer, by mouse, touch and keyboard."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
TEXTS = ("The first answer.", "The second answer.")
ASPECTS = {"asks_aspects": True, "scale": "llama2"}


def _shows(page, order):
    shown = page.locator(".response .text")
    expect(shown).to_have_text([TEXTS[k] for k in order])


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_a_side_clicked_with_the_mouse_names_its_text(seat, order):
    page = seat.open("comparison", TEXTS, order=order, scale="llama2")
    _shows(page, order)
    page.get_by_role("radio", name="A slightly better").check(force=True)
    page.get_by_role("button", name="Submit").click()
    seat.has_sent()
    choice = ["left", "right"][order[0]]
    assert seat.stored() == {"choice": choice, "strength": 2}


def test_aspects_and_a_side_tapped_on_a_phone(phone_seat):
    page = phone_seat.open("comparison", TEXTS, order=[1, 0], **ASPECTS)
    page.locator(".grades label", has_text="B much better").tap()
    page.locator("[data-aspect=truthful] label", has_text="A better").tap()
    page.locator("[data-aspect=harmless] label", has_text="even").tap()
    page.get_by_role("button", name="Submit").tap()
    phone_seat.has_sent()
    aspects = {"truthful": "right", "harmless": "tie"}
    assert phone_seat.stored() == {"choice": "left", "strength": 4, "aspects": aspects}


def test_a_side_and_three_aspects_take_six_keys(seat):
    page = seat.open("comparison", TEXTS, order=[1, 0], **ASPECTS)
    seat.press("2", "a", "1", "3", "2")
    expect(page.get_by_role("button", name="Submit")).to_be_focused()
    seat.press("Enter")
    seat.has_sent()
    aspects = {"helpful": "right", "truthful": "left", "harmless": "tie"}
    assert seat.stored() == {"choice": "right", "strength": 3, "aspects": aspects}


def test_digits_mean_the_scale_again_once_the_aspects_are_left(seat):
    page = seat.open("comparison", TEXTS, order=[1, 0], **ASPECTS)
    seat.press("a", "1", "Escape", "3")
    expect(page.locator("[data-aspect=helpful] input[value=left]")).to_be_checked()
    expect(page.locator("input[name=grade][value=left-2]")).to_be_checked()
    seat.press("a", "0", "a", "7", "Enter")
    seat.has_sent()
    stored = {"choice": "left", "strength": 3, "aspects": {"helpful": "right"}}
    assert seat.stored() == stored


def test_aspects_alone_are_no_answer(seat):
    page = seat.open("comparison", TEXTS, order=[1, 0], **ASPECTS)
    seat.press("a", "1", "1", "1", "Enter")
    expect(page.locator("#answer-status")).to_have_text("Choose one of the grades first.")
