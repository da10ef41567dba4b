"""A ranking from its page to the stored answer, by mouse, touch and keyboard."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
TEXTS = ("alpha", "beta", "gamma", "delta")
ORDER = [2, 0, 3, 1]  # on the screen: A gamma, B alpha, C delta, D beta
MANY = [f"text {k}" for k in range(16)]
ENDS = {"ranking_mode": "best_worst"}


def _order(page):
    return page.locator(".rank-card .text").all_inner_texts()


def _drag(page, handle, target):
    start, end = handle.bounding_box(), target.bounding_box()
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    for share in (0.3, 0.7, 1.0):
        y = start["y"] + (end["y"] + end["height"] * 0.2 - start["y"]) * share
        page.mouse.move(end["x"] + end["width"] / 2, y, steps=4)
    page.mouse.up()


def test_a_card_dragged_with_the_mouse_and_a_tie(seat):
    page = seat.open("ranking", TEXTS, order=ORDER)
    assert _order(page) == ["gamma", "alpha", "delta", "beta"]
    _drag(page, seat.card("alpha").locator(".handle"), seat.card("gamma"))
    expect(page.locator(".rank-card").first).to_contain_text("alpha")
    seat.card("beta").get_by_role("button", name="Tie").click()
    page.get_by_role("button", name="Submit").click()
    seat.has_sent()
    assert seat.stored_tiers() == [["alpha"], ["gamma"], ["beta", "delta"]]


def test_cards_tapped_best_first_on_a_phone(phone_seat):
    page = phone_seat.open("ranking", TEXTS, order=ORDER)
    for text in ("delta", "alpha"):
        phone_seat.card(text).locator(".text").tap()
    expect(phone_seat.card("alpha").locator(".rank-place")).to_have_text("2")
    page.get_by_role("button", name="Submit").tap()
    expect(page.locator("#answer-status")).to_contain_text("Place the rest")
    phone_seat.card("alpha").locator("h2").tap()
    expect(phone_seat.card("alpha").locator(".rank-place")).to_have_text("")
    phone_seat.card("beta").locator("h2").tap()
    phone_seat.card("alpha").get_by_role("button", name="Tie").tap()
    expect(page.locator(".rank-card").last).to_contain_text("gamma")
    assert _order(page) == ["delta", "beta", "alpha", "gamma"]
    page.get_by_role("button", name="Submit").tap()
    phone_seat.has_sent()
    assert phone_seat.stored_tiers() == [["delta"], ["alpha", "beta"], ["gamma"]]


def test_cards_moved_and_tied_by_keyboard(seat):
    seat.open("ranking", TEXTS, order=ORDER)
    seat.press("4", "Alt+ArrowUp", "Alt+ArrowUp", "=", "3", "Alt+ArrowDown", "Enter")
    seat.has_sent()
    assert seat.stored_tiers() == [["beta", "gamma"], ["alpha"], ["delta"]]


def test_cards_placed_one_by_one_by_keyboard(seat):
    seat.open("ranking", TEXTS, order=ORDER)
    seat.press("p", "3", "1", "4", "Enter")
    seat.has_sent()
    assert seat.stored_tiers() == [["delta"], ["gamma"], ["beta"], ["alpha"]]


def test_an_untouched_ranking_cannot_be_sent(seat):
    page = seat.open("ranking", TEXTS, order=ORDER)
    posts = []
    page.on("request", lambda request: "/submit/" in request.url and posts.append(request.url))
    seat.press("Enter")
    expect(page.locator("#answer-status")).to_contain_text("Move something, or press o")
    seat.press("2", "j", "Enter")
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#answer-status")).to_contain_text("Move something, or press o")
    assert posts == []
    seat.press("o", "Enter")
    seat.has_sent()
    assert seat.stored_tiers() == [["gamma"], ["alpha"], ["delta"], ["beta"]]


def test_capital_letters_select_beyond_nine(seat):
    page = seat.open("ranking", MANY, order=list(reversed(range(16))))
    seat.press("Shift+P")
    expect(seat.card("text 0")).to_be_focused()
    seat.press("Alt+ArrowUp", "Shift+K")
    expect(seat.card("text 5")).to_be_focused()
    page.locator("#item-heading").focus()
    seat.press("Enter")
    seat.has_sent()
    assert seat.stored_tiers()[-2:] == [["text 0"], ["text 1"]]


def test_the_best_and_the_worst_by_mouse(seat):
    page = seat.open("ranking", TEXTS, order=ORDER, **ENDS)
    seat.card("gamma").locator(".end-best").click()
    seat.card("gamma").locator(".end-worst").click()
    expect(seat.card("gamma").get_by_role("radio", name="Best")).not_to_be_checked()
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#answer-status")).to_have_text("Pick the best response.")
    seat.card("beta").locator(".end-best").click()
    page.get_by_role("button", name="Submit").click()
    seat.has_sent()
    stored = {"best": TEXTS.index("beta"), "worst": TEXTS.index("gamma")}
    assert seat.stored() == stored


def test_the_best_and_the_worst_by_touch(phone_seat):
    page = phone_seat.open("ranking", TEXTS, order=ORDER, **ENDS)
    phone_seat.card("alpha").locator(".end-best").tap()
    phone_seat.card("delta").locator(".end-worst").tap()
    page.get_by_role("button", name="Submit").tap()
    phone_seat.has_sent()
    stored = {"best": TEXTS.index("alpha"), "worst": TEXTS.index("delta")}
    assert phone_seat.stored() == stored


def test_the_best_and_the_worst_by_keyboard(seat):
    seat.open("ranking", TEXTS, order=ORDER, **ENDS)
    seat.press("2", "b", "4", "w", "Enter")
    seat.has_sent()
    stored = {"best": TEXTS.index("alpha"), "worst": TEXTS.index("beta")}
    assert seat.stored() == stored
