"""A person in front of the judging page, with items of their own project, for browser tests."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import sign_in

SETUP = """
import json
from annotate.models import User
from tests.factories import (
    MembershipFactory, ProjectFactory, PromptFactory, make_item, make_open_round
)
project = ProjectFactory(slug="{name}", scale="llama2")
user = User.objects.create_user("{name}", password="a long enough password")
MembershipFactory(project=project, user=user)
turns = [[{{"role": "user", "content": f"{name}, question {{k}}"}}] for k in range({n})]
items = [make_item(project, prompt=PromptFactory(messages=messages)) for messages in turns]
make_open_round(project, items)
print(json.dumps("ready"))
"""
REVISIONS = """
import json
from annotate.models import JudgmentRevision
rows = JudgmentRevision.objects.filter(author__username="{name}").order_by("pk")
print(json.dumps([[r.judgment.assignment.item.prompt.messages[0]["content"][-1], r.number, r.answer]
                  for r in rows]))
"""
LEASES = """
import json
from annotate.models import Assignment
mine = Assignment.objects.filter(annotator__username="{name}", status="leased")
print(json.dumps(mine.count()))
"""
EXPIRE = """
import json
from datetime import timedelta
from django.utils import timezone
from annotate.models import Assignment
from annotate.services import expire_leases
mine = Assignment.objects.filter(annotator__username="{name}", status="leased")
ended = mine.update(expires_at=timezone.now() - timedelta(seconds=1))
expire_leases()
print(json.dumps(ended))
"""


class Desk:
    """The page, and what the server knows of its person."""

    def __init__(self, installation, page, name, *, items=4):
        self.installation, self.page, self.name = installation, page, name
        self.url = f"http://127.0.0.1:{installation.port}/p/{name}/annotate/"
        installation.python(SETUP.format(name=name, n=items))
        sign_in(page, installation, name)

    def sit_down(self):
        """Open the page and wait until the item after the first is fetched."""
        with self.page.expect_response("**/prefetch/"):
            self.page.goto(self.url)
        self.page.wait_for_timeout(150)
        return self

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def shows(self, k):
        """Wait until question ``k`` is on screen."""
        question = f"{self.name}, question {k}"
        expect(self.page.locator(".conversation")).to_contain_text(question)

    def has_judged(self, n):
        expect(self.page.locator(".pace")).to_contain_text(f"{n} judged")

    def unsent(self, text):
        expect(self.page.locator("#outbox-status")).to_contain_text(text)

    def all_sent(self):
        expect(self.page.locator("#outbox-status")).to_be_hidden()

    def stored(self):
        """Each revision as question, number and answer."""
        return self.installation.python(REVISIONS.format(name=self.name))

    def leases(self):
        return self.installation.python(LEASES.format(name=self.name))

    def let_expire(self):
        return self.installation.python(EXPIRE.format(name=self.name))
