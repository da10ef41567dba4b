"""A reviewer decides items by keyboard, and a manager ticks items."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in

pytestmark = pytest.mark.browser

SETUP = """
import json
from annotate.answers import ComparisonAnswer, OutcomeAnswer
from annotate.models import User
from annotate.services import claim_assignment
from tests.annotate.queueing import submit
from tests.factories import MembershipFactory, ProjectFactory
from tests.factories import make_annotator, make_item, make_open_round
project = ProjectFactory(slug="review", scale="llama2")
user = User.objects.create_user("rita", password="a long enough password")
MembershipFactory(project=project, user=user, role="manager")
items = [
    make_item(project, contents=("The first $x^2$.", "The second."), overlap=2),
    make_item(project, kind="outcome", contents=("It is 42.",), overlap=2),
]
make_open_round(project, items)
for k, name in enumerate(("one", "two")):
    person = make_annotator(project, username=name)
    for item in items:
        lease = claim_assignment(project, by=person)
        side = "left" if (k == 0) == (lease.display_order == [0, 1]) else "right"
        comparison = item.kind == "comparison"
        answer = ComparisonAnswer(side, 4) if comparison else OutcomeAnswer(k == 0)
        submit(lease, answer=answer, key=name)
print(json.dumps("ready"))
"""
STORED = """
import json
from annotate.models import Judgment
print(json.dumps([
    [j.assignment.item.kind, j.latest.answer]
    for j in Judgment.objects.filter(assignment__purpose="adjudication").order_by("pk")
]))
"""


def test_disagreements_are_decided_by_keyboard(installation, page):
    installation.python(SETUP)
    sign_in(page, installation, "rita")
    page.goto(f"http://127.0.0.1:{installation.port}/p/review/adjudication/")
    expect(page.get_by_text("People disagree on 2 items")).to_be_visible()
    page.get_by_role("button", name="Decide the first one").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#item.item-comparison")).to_be_visible()
    expect(page.locator(".katex")).to_be_visible()
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.locator("#item.item-outcome")).to_be_visible()
    page.wait_for_load_state()  # the keys are there once the scripts are
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing to review")).to_be_visible()
    assert installation.python(STORED) == [
        ["comparison", {"choice": "left", "strength": 3}],
        ["outcome", {"correct": False}],
    ]
    page.goto(f"http://127.0.0.1:{installation.port}/p/review/items/")
    page.get_by_label("Tick all on this page").check()
    page.get_by_label("Action").select_option("withdraw")
    page.get_by_role("button", name=re.compile("Change the ticked ones")).click()
    page.get_by_role("button", name="Change 2 items").click()
    expect(page.get_by_text("2 items changed.")).to_be_visible()
    expect(page.get_by_text("not asked")).to_have_count(2)
