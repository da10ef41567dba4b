"""One person in front of one item of any kind, shown in an order that the test chooses."""

import json

from playwright.sync_api import expect

PHONE = {"has_touch": True, "is_mobile": True, "viewport": {"width": 390, "height": 844}}
SETUP = """
import json
from annotate.models import Assignment, User, Verdict
from annotate.services import claim_assignment
from tests.factories import (
    MembershipFactory, ProjectFactory, PromptFactory, ResponseFactory, make_item, make_open_round
)
spec = json.loads({spec!r})
project = ProjectFactory(slug=spec["name"], **spec["settings"])
user = User.objects.create_user(spec["name"], password="a long enough password")
MembershipFactory(project=project, user=user)
messages = [{{"role": "user", "content": spec["name"]}}]
prompt = PromptFactory(messages=messages, reference=spec["reference"])
item = make_item(
    project, kind=spec["kind"], contents=spec["contents"], steps=spec["steps"], prompt=prompt
)
responses = item.ordered_responses()
for content in spec["contents"][len(responses):] if spec["kind"] == "rating" else ():
    item.responses.add(
        ResponseFactory(prompt=prompt, content=content),
        through_defaults={{"position": item.responses.count()}},
    )
if spec["turns"]:
    responses[0].turns = spec["turns"]
    responses[0].save()
if spec["verdict"] is not None:
    Verdict.objects.create(item=item, verifier="math", correct=spec["verdict"])
make_open_round(project, [item])
lease = claim_assignment(project, by=user)
Assignment.objects.filter(pk=lease.pk).update(display_order=spec["order"])
print(json.dumps("ready"))
"""
STORED = """
import json
from annotate.answers import answer_to_json, parse_answer, to_stored
from annotate.models import Judgment
judgment = Judgment.objects.get(assignment__annotator__username={name!r})
shape = judgment.assignment.item.shape_on(judgment.assignment.scale)
answer = to_stored(parse_answer(judgment.latest.answer, shape), judgment.display_order)
print(json.dumps([judgment.display_order, answer_to_json(answer)]))
"""


class Seat:
    """A person at the page of one item; the item's responses stand in ``order`` on the screen."""

    def __init__(self, installation, page, name, *, sign_in):
        self.installation, self.page, self.name = installation, page, name
        self.sign_in = sign_in
        self.problems = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    def open(self, kind, contents=("one",), *, order=None, **more):
        """Make a project with this one item and sign in to its page; returns the page."""
        texts = {key: more.pop(key, None) for key in ("steps", "turns", "verdict")}
        self.contents, self.order = list(contents), order or list(range(len(contents)))
        spec = {
            "name": self.name,
            "kind": kind,
            "contents": self.contents,
            "order": self.order,
            "reference": more.pop("reference", ""),
            "settings": more,
            **texts,
        }
        self.installation.python(SETUP.format(spec=json.dumps(spec)))
        self.sign_in(self.page, self.installation, self.name)
        self.page.goto(f"http://127.0.0.1:{self.installation.port}/p/{self.name}/annotate/")
        expect(self.page.locator(f"#item.item-{kind}")).to_be_visible()
        return self.page

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def letters(self):
        """The letter on the screen of each text."""
        return {self.contents[k]: "ABCDEFGHIJKLMNOP"[n] for n, k in enumerate(self.order)}

    def card(self, text):
        """The card of a ranking that shows a text."""
        return self.page.locator(f".rank-card[data-letter={self.letters()[text]}]")

    def has_sent(self):
        """Wait until the answer is taken and nothing is left to do."""
        heading = self.page.get_by_role("heading", name="Nothing to do right now")
        expect(heading).to_be_visible()
        assert not self.problems, self.problems

    def stored(self):
        """The answer with the display order undone; the order must be the one that was shown."""
        order, answer = self.installation.python(STORED.format(name=self.name))
        assert order == self.order
        return answer

    def stored_tiers(self):
        """The tie groups of a stored ranking as texts, best first."""
        return [[self.contents[k] for k in tier] for tier in self.stored()["tiers"]]
