"""Ratings by buttons and by sliders, by mouse, touch and keyboard."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
TEXTS = ("The first answer.", "The second answer.")
ANCHORS = {"*": {"1": "useless", "3": "as asked", "5": "could not be better"}}
POINTS = {"aspects": ["helpful", "clear"], "rating_anchors": ANCHORS}
SLIDER = {"aspects": ["helpful", "clear"], "rating_min": 0, "rating_max": 100}


def test_points_clicked_with_the_mouse_go_to_their_texts(seat):
    page = seat.open("rating", TEXTS, order=[1, 0], aspects=["helpful"], rating_anchors=ANCHORS)
    expect(page.locator(".response .text")).to_have_text([TEXTS[1], TEXTS[0]])
    rows = page.locator("[data-row]")
    rows.nth(0).get_by_role("radio", name="5").click()
    rows.nth(1).get_by_role("radio", name="3").click()
    expect(rows.nth(1).locator(".anchor-now")).to_have_text("3 as asked")
    page.get_by_role("button", name="Submit").click()
    seat.has_sent()
    assert seat.stored() == {"ratings": {"helpful": [3.0, 5.0]}}


def test_points_tapped_on_a_phone(phone_seat):
    page = phone_seat.open("rating", TEXTS, order=[1, 0], **POINTS)
    for row, value in enumerate("4152"):
        page.locator("[data-row]").nth(row).locator("label", has_text=value).tap()
    page.get_by_role("button", name="Submit").tap()
    phone_seat.has_sent()
    assert phone_seat.stored() == {"ratings": {"helpful": [5.0, 4.0], "clear": [2.0, 1.0]}}


def test_points_given_by_digits(seat):
    page = seat.open("rating", TEXTS, order=[1, 0], **POINTS)
    seat.press("Enter")
    expect(page.locator("#answer-status")).to_have_text("Rate every row first.")
    seat.press("4", "1", "5", "2", "Enter")
    seat.has_sent()
    assert seat.stored() == {"ratings": {"helpful": [5.0, 4.0], "clear": [2.0, 1.0]}}


def test_a_point_says_what_it_means(seat):
    page = seat.open("rating", TEXTS[:1], **POINTS)
    point = page.get_by_role("group", name="clear").get_by_role("radio", name="5")
    expect(point).to_have_accessible_description("could not be better")


def test_a_range_below_zero_by_keyboard(seat):
    seat.open("rating", TEXTS[:1], aspects=["helpful", "clear"], rating_min=-3, rating_max=3)
    seat.press("-", "2", "3", "Enter")
    seat.has_sent()
    assert seat.stored() == {"ratings": {"helpful": [-2.0], "clear": [3.0]}}


def test_an_untouched_slider_is_no_rating(seat):
    page = seat.open("rating", TEXTS[:1], **SLIDER)
    sliders = page.get_by_role("slider")
    expect(sliders.first).to_have_attribute("aria-valuetext", "not set")
    seat.press("ArrowRight", "Enter")
    expect(page.locator("#answer-status")).to_contain_text("from 0 to 100 in every row")
    seat.press("j", "ArrowLeft", "Enter")
    seat.has_sent()
    assert seat.stored() == {"ratings": {"helpful": [51.0], "clear": [49.0]}}


def test_numbers_typed_beside_the_sliders(seat):
    page = seat.open("rating", TEXTS, order=[1, 0], **SLIDER)
    for number in ("80", "7", "55", "100"):
        page.keyboard.type(number)
        seat.press("Enter")
    seat.has_sent()
    assert seat.stored() == {"ratings": {"helpful": [55.0, 80.0], "clear": [100.0, 7.0]}}


def test_a_slider_pressed_where_its_thumb_stands(seat):
    page = seat.open("rating", TEXTS[:1], **(SLIDER | {"aspects": ["helpful"]}))
    box = page.get_by_role("slider").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.get_by_role("spinbutton")).to_have_value("50")
    page.get_by_role("button", name="Submit").click()
    seat.has_sent()
    assert seat.stored() == {"ratings": {"helpful": [50.0]}}


def test_a_slider_tapped_on_a_phone(phone_seat):
    page = phone_seat.open("rating", TEXTS[:1], **(SLIDER | {"aspects": ["helpful"]}))
    slider = page.get_by_role("slider")
    box = slider.bounding_box()
    slider.tap(position={"x": box["width"] - 2, "y": box["height"] / 2})
    expect(page.get_by_role("spinbutton")).to_have_value("100")
    page.get_by_role("button", name="Submit").tap()
    phone_seat.has_sent()
    assert phone_seat.stored() == {"ratings": {"helpful": [100.0]}}


def test_a_slider_that_was_set_is_there_after_a_reload(seat):
    page = seat.open("rating", TEXTS[:1], **SLIDER)
    seat.press("ArrowRight")
    with page.expect_response("**/draft"):
        seat.press("ArrowRight")
    page.reload()
    expect(page.get_by_role("slider").first).to_have_value("52")
    expect(page.get_by_role("slider").last).to_have_attribute("aria-valuetext", "not set")
