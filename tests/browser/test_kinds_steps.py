"""Steps and turns, and whether a result is right, by mouse, touch and keyboard."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
STEPS = {"steps": ["2 + 2 = 4", "4 + 4 = 9", "9 + 1 = 10", "so 10"]}
TURNS = {
    "turns": [
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "What is the mean?"},
        {"role": "assistant", "content": "The middle."},
        {"role": "user", "content": "Really?"},
        {"role": "assistant", "content": "No, the sum over the count."},
    ]
}


def _label(page, step, word):
    return page.locator("[data-step]").nth(step).locator("label", has_text=word)


def test_steps_stop_at_the_first_error_by_mouse(seat):
    page = seat.open("steps", **STEPS)
    _label(page, 0, "good").click()
    _label(page, 1, "bad").click()
    expect(_label(page, 2, "good").locator("input")).to_be_disabled()
    page.get_by_label("Why is step 2 wrong?").fill("It is 8.")
    page.get_by_role("button", name="Submit").click()
    seat.has_sent()
    assert seat.stored() == {"labels": [1, -1, None, None], "rationale": "It is 8."}


def test_labels_after_an_error_come_back_when_it_is_taken_back(seat):
    page = seat.open("steps", **STEPS)
    seat.press("1", "1", "0", "1")
    for _ in range(3):
        seat.press("ArrowUp")
    expect(page.locator("[data-step].is-current")).to_contain_text("2 + 2")
    seat.press("2")
    expect(page.locator("#answer-status")).to_contain_text("Later labels are set aside")
    expect(page.locator("[data-step] input[value='']:checked")).to_have_count(3)
    seat.press("1", "2")
    expect(page.locator("[data-step] input[value='']:checked")).to_have_count(2)
    seat.press("0", "Enter")
    seat.has_sent()
    assert seat.stored() == {"labels": [1, 0, 0, 1]}


def test_steps_tapped_on_a_phone(phone_seat):
    page = phone_seat.open("steps", **STEPS)
    _label(page, 0, "good").tap()
    _label(page, 1, "neutral").tap()
    _label(page, 2, "bad").tap()
    page.get_by_role("button", name="Submit").tap()
    phone_seat.has_sent()
    assert phone_seat.stored() == {"labels": [1, 0, -1, None]}


def test_a_step_without_a_label_is_asked_for(seat):
    page = seat.open("steps", **STEPS)
    seat.press("1", "j", "1", "Enter")
    expect(page.locator("#answer-status")).to_have_text("Step 2 has no label yet.")
    seat.press("2", "Enter")
    seat.has_sent()
    assert seat.stored() == {"labels": [1, -1, None, None]}


def test_a_project_that_asks_for_all_steps_goes_on_after_an_error(seat):
    page = seat.open("steps", steps_mode="all", **STEPS)
    seat.press("1", "2", "0", "Enter")
    expect(page.locator("#answer-status")).to_have_text("Step 4 has no label yet.")
    seat.press("2", "Enter")
    seat.has_sent()
    assert seat.stored() == {"labels": [1, -1, 0, -1]}


def test_a_scale_for_each_step_by_keyboard(seat):
    page = seat.open("steps", step_points=10, **STEPS)
    seat.press("7", "0", "x", "3", "Enter")
    expect(page.locator("#answer-status")).to_have_text("Step 4 has no label yet.")
    seat.press("1", "Enter")
    seat.has_sent()
    assert seat.stored() == {"labels": [7, 10, 3, 1]}


def test_a_scale_for_each_step_by_touch(phone_seat):
    page = phone_seat.open("steps", step_points=5, **STEPS)
    for step, value in enumerate("5142"):
        _label(page, step, value).tap()
    page.get_by_role("button", name="Submit").tap()
    phone_seat.has_sent()
    assert phone_seat.stored() == {"labels": [5, 1, 4, 2]}


def test_turns_of_the_assistant_are_labelled_between_the_users(seat):
    page = seat.open("steps", **TURNS)
    expect(page.get_by_role("heading", name="Label each turn")).to_be_visible()
    shown = page.locator("#steps > li .text")
    expect(shown).to_have_text([turn["content"] for turn in TURNS["turns"]])
    expect(page.locator("[data-step]")).to_have_count(3)
    seat.press("1", "2")
    expect(page.get_by_label("Why is turn 2 wrong?")).to_be_visible()
    seat.press("Enter")
    seat.has_sent()
    assert seat.stored() == {"labels": [1, -1, None]}


def test_turns_tapped_on_a_phone(phone_seat):
    page = phone_seat.open("steps", **TURNS)
    for step, word in enumerate(("good", "neutral", "good")):
        _label(page, step, word).tap()
    page.get_by_role("button", name="Submit").tap()
    phone_seat.has_sent()
    assert phone_seat.stored() == {"labels": [1, 0, 1]}


def test_giving_up_by_keyboard(seat):
    page = seat.open("steps", **STEPS)
    seat.press("g")
    expect(page.locator("input[name=stop_reason]")).to_be_focused()
    page.keyboard.type("It never ends.")
    seat.press("Enter")
    expect(page.get_by_role("button", name="Give up")).to_be_focused()
    seat.press("Enter")
    seat.has_sent()
    assert seat.stored() == {"give_up": "It never ends."}


def test_a_bad_problem_by_touch(phone_seat):
    page = phone_seat.open("steps", **STEPS)
    page.get_by_text("I cannot label this solution").tap()
    page.locator("input[name=stop_reason]").fill("There is no question.")
    page.get_by_role("button", name="Bad problem").tap()
    phone_seat.has_sent()
    assert phone_seat.stored() == {"bad_problem": "There is no question."}


OUTCOME = {"contents": ("The result is 42.",), "reference": "It is 41."}


@pytest.mark.parametrize(("key", "correct"), [("y", True), ("2", False)])
def test_an_outcome_by_keyboard(seat, key, correct):
    seat.open("outcome", **OUTCOME)
    seat.press(key, "Enter")
    seat.has_sent()
    assert seat.stored() == {"correct": correct}


def test_an_outcome_by_mouse_against_what_the_checker_suggests(seat):
    page = seat.open("outcome", verifier="math", shows_verdict=True, verdict=True, **OUTCOME)
    expect(page.locator("#suggestion")).to_contain_text("The checker says: right.")
    expect(page.locator("input[name=correct]:checked")).to_have_count(0)
    page.locator("label", has_text="wrong").click()
    page.get_by_role("button", name="Submit").click()
    seat.has_sent()
    assert seat.stored() == {"correct": False}


def test_an_outcome_by_touch(phone_seat):
    page = phone_seat.open("outcome", verifier="math", verdict=False, **OUTCOME)
    expect(page.locator("#suggestion")).to_have_count(0)
    page.locator("label", has_text="right").tap()
    page.get_by_role("button", name="Submit").tap()
    phone_seat.has_sent()
    assert phone_seat.stored() == {"correct": True}
