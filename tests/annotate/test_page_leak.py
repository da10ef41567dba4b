"""What an annotator gets tells gold from work in nothing, one display order from the other in
nothing but the texts, and never what is hidden: compared byte for byte, headers and lengths too.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from itertools import count

import pytest
from django.db.models import F
from django.test import Client

from annotate.models import Assignment, Judgment, JudgmentRevision, ResponseSource, RoundItem
from tests.clients import client_for
from tests.factories import (
    MembershipFactory,
    ProjectFactory,
    PromptFactory,
    UserFactory,
    make_item,
    make_open_round,
)

pytestmark = pytest.mark.django_db
KINDS = ["comparison", "ranking", "rating", "steps", "outcome"]
ANSWERS = {
    "comparison": {"choice": "left", "strength": 1},
    "ranking": {"tiers": [[0], [1], [2]]},
    "rating": {"ratings": {"helpfulness": [3]}},
    "steps": {"labels": [1, 1, -1]},
    "outcome": {"correct": True},
}
FORMS = {
    "comparison": {"grade": "left-1"},
    "ranking": {"rank-0": "1", "rank-1": "2", "rank-2": "3"},
    "rating": {"rating-0-0": "3"},
    "steps": {"label-0": "1", "label-1": "1", "label-2": "-1"},
    "outcome": {"correct": "yes"},
}
HIDDEN = (
    "undisclosed",
    "gold",
    "purpose",
    "similarity",
    "qualif",
    "replicate",
    "surplus",
    "known",
    "category",
    "0.1234321",
    "0.9876789",
    "0.7775333",
    "0.5556667",
    "12321",
)
RANDOM = [
    re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)"),
    re.compile(r"(?<=csrfmiddlewaretoken\" value=\")\w+"),
    re.compile(r"(?<=Expires: )[^\n]+"),
    re.compile(r"(?<=csrftoken=)\w+|expires=[^;]+"),
    re.compile(r"\bw\d{4}|\bt\d{6}\b"),  # names of a world, and of a text
]
NUMBERS = count(100_000)
WORLDS = count(1_000)


def _text():
    """A text of the same length as any other."""
    return f"t{next(NUMBERS)} says something."


def _blank(text):
    for pattern in RANDOM:
        text = pattern.sub("*", text)
    return text


class World:
    """A project with its own annotator, in which everything hidden has a name that is looked for.

    With ``gold`` the first item that the annotator gets is a check, without it is work; all else
    is the same, to the lengths of the names.
    """

    def __init__(self, kind, *, gold):
        self.kind, self.name, self.log = kind, f"w{next(WORLDS)}", []
        self.project = ProjectFactory(slug=self.name, gold_rate=1.0 if gold else 0.0)
        self.user = UserFactory(username=f"{self.name}-kim")
        MembershipFactory(project=self.project, user=self.user)
        items = [self._item() for _ in range(4)]
        if gold:
            check = self._item()
            check.known.is_gold = True
            check.known.save()
        self._hide(make_open_round(self.project, items))
        self.browser, self.api = Client(), client_for(self.user)
        self.browser.force_login(self.user)

    def _item(self):
        messages = [{"role": "user", "content": _text()}]
        steps = [_text() for _ in range(3)] if self.kind == "steps" else None
        item = make_item(
            self.project,
            kind=self.kind,
            contents=[_text() for _ in range(3 if self.kind == "ranking" else 2)],
            steps=steps,
            prompt=PromptFactory(messages=messages),
            overlap=3,
            known=ANSWERS[self.kind],
            gap=0.5556667,
            category="undisclosed-category",
        )
        item.source, item.similarity, item.priority = "undisclosed-file", 0.7775333, 12321
        item.save()
        item.known.explanation = "undisclosed-explanation"
        item.known.save()
        for link in item.links.all():
            ResponseSource.objects.create(response=link.response, name="undisclosed-model-7b")
        return item

    def _hide(self, round_):
        """What the round knows of its items, and what somebody else said of them."""
        RoundItem.objects.filter(round=round_).update(gain=0.1234321, margin=0.9876789)
        other = UserFactory(username=f"undisclosed-{self.name}")
        MembershipFactory(project=self.project, user=other)
        for slot in round_.assignments.filter(slot=2):
            slot.status, slot.annotator = "submitted", other
            slot.display_order = list(range(slot.item.links.count()))
            slot.save()
            judgment = Judgment.objects.create(
                assignment=slot, display_order=slot.display_order, idempotency_key=str(slot.pk)
            )
            answer = ANSWERS[self.kind] | {"rationale": "undisclosed-rationale"}
            JudgmentRevision.objects.create(judgment=judgment, answer=answer, author=other)

    def note(self, reply):
        """Keep a reply as it looks without texts, ids and times."""
        request, body = reply.request, reply.content.decode()
        headers = "\n".join(f"{name}: {value}" for name, value in sorted(reply.headers.items()))
        cookies = reply.cookies.output()
        self.log.append(
            {
                "request": f"{request['REQUEST_METHOD']} {_blank(request['PATH_INFO'])}",
                "status": reply.status_code,
                "headers": _blank(headers),
                "cookies": _blank(cookies),
                "body": _blank(body),
                "length": len(reply.content),
                "raw": headers + cookies + body,
            }
        )
        return reply

    def lease(self):
        return Assignment.objects.get(annotator=self.user, status="leased")

    def page(self, path, method="get", data=None, **extra):
        return self.note(getattr(self.browser, method)(path, data or {}, **extra))

    def call(self, method, path, body=None):
        return self.note(self.api.call(method, path, body))

    def seen(self):
        """The log without what is random."""
        return [{name: row[name] for name in row if name != "raw"} for row in self.log]


def _in_the_browser(world):
    """Sit down, look around, judge three items and look back."""
    home = f"/p/{world.name}/"
    htmx = {"HTTP_HX_REQUEST": "true"}
    world.page("/")
    for k in range(3):
        world.page(home)
        world.page(f"{home}annotate/")
        held = world.lease()
        beside = {"fence": held.fence, "idempotency_key": f"{held.public_id}", "holding": []}
        world.page(f"/assignments/{held.public_id}/skip/")
        world.page(f"/assignments/{held.public_id}/submit/", "post", beside, **htmx)
        form = beside | FORMS[world.kind] | {"next": "none"}
        world.page(f"/assignments/{held.public_id}/submit/", "post", form, **htmx)
        if k == 0:
            world.page(f"{home}annotate/prefetch/", "post", {"holding": []}, **htmx)
    an_hour_ago = F("ended_at") - timedelta(hours=1)  # "now" would be "1 second ago" in a moment
    Assignment.objects.filter(annotator=world.user).update(ended_at=an_hour_ago)
    world.page(f"{home}annotate/history/")
    world.page(f"{home}annotate/history/last/")
    first = Judgment.objects.filter(assignment__annotator=world.user).earliest("pk")
    world.page(f"/judgments/{first.public_id}/edit/")
    world.page(home)
    world.page("/")


def _through_the_api(world):
    """Claim, draft, renew, judge with the next in the same reply, revise and skip."""
    answer = ANSWERS[world.kind]
    world.call("get", f"projects/{world.name}/progress")
    claim = world.call("post", f"projects/{world.name}/claims").json()
    world.call("get", f"projects/{world.name}/progress")
    path, fence = f"assignments/{claim['assignment']}", claim["fence"]
    world.call("put", f"{path}/draft", {"fence": fence, "version": 1, "answer": answer})
    world.call("put", f"{path}/draft", {"fence": fence, "version": 1, "answer": {}})
    world.call("post", f"{path}/renew", {"fence": fence})
    world.call("post", f"{path}/renew", {"fence": 99})
    body = {"fence": fence, "idempotency_key": "key", "answer": answer, "claim_next": True}
    done = world.call("post", f"{path}/judgments", body).json()
    world.call("post", f"{path}/judgments", body)
    world.call("post", f"{path}/skip", {"fence": fence, "reason": "too late"})
    world.call("get", f"projects/{world.name}/progress")
    world.call("patch", f"judgments/{done['judgment']}", {"answer": answer})
    following = done["next"]
    skip = {"fence": following["fence"], "reason": "unclear", "claim_next": True}
    world.call("post", f"assignments/{following['assignment']}/skip", skip)
    world.call("get", f"projects/{world.name}/progress")


def _skip_first(world):
    """The first item is passed on."""
    claim = world.call("post", f"projects/{world.name}/claims").json()
    skip = {"fence": claim["fence"], "reason": "unclear", "claim_next": True}
    world.call("post", f"assignments/{claim['assignment']}/skip", skip)
    world.call("get", f"projects/{world.name}/progress")
    world.page(f"/p/{world.name}/")


SESSIONS = [_in_the_browser, _through_the_api, _skip_first]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("session", SESSIONS)
def test_gold_looks_and_answers_as_work_does(kind, session):
    worlds = [World(kind, gold=gold) for gold in (False, True)]
    for world in worlds:
        session(world)
    plain, gold = worlds
    purposes = [
        Assignment.objects.filter(annotator=world.user).earliest("leased_at").purpose
        for world in worlds
    ]
    assert purposes == ["work", "gold"]
    assert len(plain.log) == len(gold.log)
    for ordinary, checked in zip(plain.seen(), gold.seen(), strict=True):
        assert ordinary == checked


@pytest.mark.parametrize("kind", KINDS)
def test_the_display_order_shows_in_the_texts_alone(kind):
    world = World(kind, gold=False)
    world.page(f"/p/{world.name}/annotate/")
    held = world.lease()
    for order in (held.display_order, held.display_order[::-1]):
        Assignment.objects.filter(pk=held.pk).update(display_order=order)
        world.page(f"/p/{world.name}/annotate/")
        world.call("post", f"projects/{world.name}/claims")
    first, second = world.seen()[1:3], world.seen()[3:5]
    assert first == second
    if len(held.display_order) > 1:
        assert world.log[1]["raw"] != world.log[3]["raw"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("gold", [False, True])
def test_nothing_hidden_is_in_any_reply(kind, session, gold):
    world = World(kind, gold=gold)
    session(world)
    assert len(world.log) >= 4
    for row in world.log:
        text = _blank(row["raw"]).lower()
        assert [word for word in HIDDEN if word in text] == [], row["request"]


def test_what_is_hidden_would_be_found():
    world = World("comparison", gold=True)
    world.log.append({"raw": json.dumps(str(world.project.items.values()))})
    assert "undisclosed-category" in world.log[0]["raw"]
    assert "0.7775333" in world.log[0]["raw"]
