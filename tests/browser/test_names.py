"""Each kind done by what a screen reader tells: roles, names, and keys on what has the focus."""

import pytest
from playwright.sync_api import expect

from tests.browser.desks import Desk

pytestmark = pytest.mark.browser
STEPS = {"steps": ["2 + 2 = 4", "4 + 4 = 9", "so 9"]}
TURNS = {
    "turns": [
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "What is 2 + 2?"},
        {"role": "assistant", "content": "4."},
    ]
}


def press(place, role, name, key="Space", *, exact=False):
    """Go to what has this role and name, and press a key there."""
    target = place.get_by_role(role, name=name, exact=exact)
    target.focus()
    expect(target).to_be_focused()
    target.page.keyboard.press(key)


def within(page, name):
    return page.get_by_role("group", name=name, exact=True)


def submit(seat):
    press(seat.page, "button", "Submit", "Enter")
    seat.has_sent()


def told(page, text):
    """Wait until a status region says this."""
    expect(page.get_by_role("status").filter(has_text=text)).to_be_visible()


def test_a_comparison_by_names(seat):
    page = seat.open("comparison", ("one", "two"), order=[1, 0], scale="llama2")
    expect(page.get_by_role("heading", name="Response A")).to_be_attached()
    press(within(page, "Which response is better?"), "radio", "A better")
    submit(seat)
    assert seat.stored() == {"choice": "right", "strength": 3}


def test_the_aspects_of_a_comparison_by_names(seat):
    page = seat.open("comparison", ("one", "two"), scale="binary", asks_aspects=True)
    press(within(page, "Which response is better?"), "radio", "tie")
    press(within(page, "helpful"), "radio", "B better")
    submit(seat)
    assert seat.stored() == {"choice": "tie", "aspects": {"helpful": "right"}}


def test_a_ranking_by_names(seat):
    page = seat.open("ranking", ("one", "two", "three"), order=[2, 0, 1])
    press(page, "button", "Move B up", "Enter")
    told(page, "B: place 1")
    press(page, "button", "Tie A with the one above", "Enter")
    told(page, "A: place 1, tied")
    submit(seat)
    assert seat.stored_tiers() == [["one", "three"], ["two"]] or seat.stored_tiers() == [
        ["three", "one"],
        ["two"],
    ]


def test_placing_in_order_by_names(seat):
    page = seat.open("ranking", ("one", "two", "three"))
    press(page, "button", "Place in order", "Enter")
    for name, key in (("Response C", "3"), ("Response A", "1")):
        press(page, "listitem", name, key)
    told(page, "In order: C, A, B")
    submit(seat)
    assert seat.stored_tiers() == [["three"], ["one"], ["two"]]


def test_the_best_and_the_worst_by_names(seat):
    page = seat.open("ranking", ("one", "two", "three"), ranking_mode="best_worst")
    press(within(page, "Response C"), "radio", "Best")
    press(within(page, "Response A"), "radio", "Worst")
    submit(seat)
    assert seat.stored() == {"best": 2, "worst": 0}


def test_a_rating_by_names(seat):
    page = seat.open("rating", aspects=["helpfulness", "honesty"])
    press(within(page, "helpfulness"), "radio", "4")
    press(within(page, "honesty"), "radio", "2")
    submit(seat)
    assert seat.stored() == {"ratings": {"helpfulness": [4], "honesty": [2]}}


def test_a_slider_by_names(seat):
    page = seat.open("rating", rating_min=0, rating_max=100, rating_style="slider")
    press(page, "slider", "helpfulness", "End")
    press(page, "slider", "helpfulness", "ArrowLeft")
    expect(page.get_by_label("helpfulness, a whole number from 0 to 100")).to_have_value("99")
    submit(seat)
    assert seat.stored() == {"ratings": {"helpfulness": [99]}}


def test_steps_by_names(seat):
    page = seat.open("steps", **STEPS)
    press(within(page, "Step 1"), "radio", "good")
    told(page, "Step 1: good.")
    press(within(page, "Step 2"), "radio", "bad")
    page.get_by_label("Why is step 2 wrong?").fill("It is 8.")
    submit(seat)
    assert seat.stored() == {"labels": [1, -1, None], "rationale": "It is 8."}


def test_steps_of_five_points_by_names(seat):
    page = seat.open("steps", step_points=5, **STEPS)
    for step, point in (("Step 1", "5"), ("Step 2", "1"), ("Step 3", "3")):
        press(within(page, step), "radio", point)
    submit(seat)
    assert seat.stored() == {"labels": [5, 1, 3]}


def test_turns_by_names(seat):
    page = seat.open("steps", **TURNS)
    press(within(page, "Turn 1"), "radio", "neutral")
    press(within(page, "Turn 2"), "radio", "good")
    submit(seat)
    assert seat.stored() == {"labels": [0, 1]}


def test_an_outcome_by_names(seat):
    page = seat.open("outcome", ("It is 42.",), reference="42")
    expect(page.get_by_role("heading", name="Reference")).to_be_visible()
    press(within(page, "Is the final result right?"), "radio", "right")
    submit(seat)
    assert seat.stored() == {"correct": True}


def test_giving_up_by_names(seat):
    page = seat.open("steps", **STEPS)
    summary = page.get_by_text("I cannot label this solution")
    summary.focus()
    page.keyboard.press("Enter")
    page.get_by_label("Why", exact=True).fill("It never ends.")
    press(page, "button", "Give up", "Enter")
    seat.has_sent()
    assert seat.stored() == {"give_up": "It never ends."}


@pytest.mark.parametrize(
    ("kind", "contents", "more"),
    [
        ("comparison", ("one", "two"), {}),
        ("ranking", ("one", "two"), {}),
        ("rating", ("one",), {}),
        ("steps", ("one",), STEPS),
        ("outcome", ("one",), {}),
    ],
)
def test_what_is_missing_is_announced(seat, kind, contents, more):
    page = seat.open(kind, contents, **more)
    press(page, "button", "Submit", "Enter")
    expect(page.locator("#answer-status")).not_to_be_empty()
    words = page.locator("#answer-status").inner_text()
    told(page, words)


def test_skipping_by_names(installation, page):
    desk = Desk(installation, page, "names-skip", items=2).sit_down()
    press(page, "button", "Skip", "Enter")
    dialog = page.get_by_role("dialog", name="Skip this item")
    expect(dialog).to_be_visible()
    press(dialog, "button", "Skip", "Enter")
    expect(dialog.get_by_role("alert")).to_have_text("Choose a reason or write one.")
    dialog.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    press(dialog, "button", "Skip", "Enter")
    desk.shows(1)
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_the_guidelines_and_the_keys_are_found_by_names(seat):
    page = seat.open("outcome")
    press(page, "button", "Guidelines", "Enter")
    panel = page.get_by_role("complementary", name="Guidelines")
    expect(panel).to_contain_text("No guidelines are published yet.")
    press(panel, "button", "Close", "Enter")
    expect(panel).to_be_hidden()
    expect(page.get_by_role("button", name="Guidelines")).to_be_focused()
    press(page, "button", "Keys", "Enter")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    press(page, "button", "Close", "Enter")
    expect(page.get_by_role("button", name="Keys")).to_be_focused()
