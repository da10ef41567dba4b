"""An annotator signs in and judges one item of each kind by keyboard alone."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in

pytestmark = pytest.mark.browser

SETUP = """
import json
from annotate.models import User
from tests.factories import ProjectFactory, MembershipFactory, make_item, make_open_round
project = ProjectFactory(slug="keys", scale="llama2", aspects=["helpfulness", "clarity"])
user = User.objects.create_user("kim", password="a long enough password")
MembershipFactory(project=project, user=user)
items = [
    make_item(project, contents=("The **first** answer.", "The second answer.")),
    make_item(project, kind="ranking", contents=("alpha", "beta", "gamma")),
    make_item(project, kind="rating", contents=("A rated answer.",)),
    make_item(project, kind="steps", contents=("a\\n\\nb\\n\\nc",),
              steps=("2 + 2 = 4", "4 + 4 = 9", "so 9")),
    make_item(project, kind="outcome", contents=("The result is 42.",)),
]
make_open_round(project, items)
print(json.dumps("ready"))
"""
STORED = """
import json
from annotate.models import Judgment
print(json.dumps([
    [j.assignment.item.kind, j.latest.answer, j.display_order, j.active_seconds]
    for j in Judgment.objects.filter(assignment__item__project__slug="keys").order_by("pk")
]))
"""


def _kind(page, kind, *, first=False):
    expect(page.locator(f"#item.item-{kind}")).to_be_visible()
    if not first:
        expect(page.locator("#item-heading")).to_be_focused()


def _press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def test_every_kind_is_judged_by_keyboard_alone(installation, page):
    installation.python(SETUP)
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda message: problems.append(message.text) if message.type == "error" else None,
    )
    posts = []
    page.on(
        "request",
        lambda request: (
            posts.append(request.url)
            if request.method == "POST" and "/submit/" in request.url
            else None
        ),
    )
    sign_in(page, installation, "kim")
    page.goto(f"http://127.0.0.1:{installation.port}/p/keys/annotate/")

    _kind(page, "comparison", first=True)
    shown = page.locator(".response .text").first.inner_text()
    _press(page, "2", "Enter")
    _kind(page, "ranking")
    order = [page.locator(".rank-card .text").nth(k).inner_text() for k in range(3)]
    _press(page, "Enter")
    expect(page.locator("#item.item-ranking")).to_be_visible()
    _press(page, "3", "Alt+ArrowUp", "Alt+ArrowUp", "Enter")
    _kind(page, "rating")
    _press(page, "4", "5", "Enter")
    _kind(page, "steps")
    _press(page, "1", "2", "Enter")
    _kind(page, "outcome")
    _press(page, "n", "Enter")
    expect(page.get_by_role("heading", name="Nothing to do right now")).to_be_visible()

    stored = installation.python(STORED)
    assert [row[0] for row in stored] == ["comparison", "ranking", "rating", "steps", "outcome"]
    comparison, ranking, rating, steps, outcome = stored
    assert comparison[1] == {"choice": "left", "strength": 3}
    first = ["The first answer.", "The second answer."][comparison[2][0]]
    assert shown == first
    moved = {"tiers": [[2], [0], [1]]}
    assert ranking[1] == moved
    assert order == [["alpha", "beta", "gamma"][k] for k in ranking[2]]
    assert rating[1] == {"ratings": {"helpfulness": [4.0], "clarity": [5.0]}}
    assert steps[1] == {"labels": [1, -1, None]}
    assert outcome[1] == {"correct": False}
    assert all(row[3] is not None and row[3] >= 0 for row in stored)
    assert len(posts) == 5, "one round trip for each judgment"
    assert problems == []
