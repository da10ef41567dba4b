"""Texts that try to act, on every page that shows texts: nothing of them runs, asks or stays."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in
from tests.browser.versions import dataset_pages
from tests.injected import HTML, STORABLE, SVG_AND_MATHML

pytestmark = pytest.mark.browser

KINDS = ["comparison", "ranking", "rating", "steps", "outcome"]
NAME = '"><img src=x onerror=alert(1)>'
SETUP = """
import json
from annotate.answers import ComparisonAnswer
from annotate.models import GuidelineVersion, ResponseSource, User
from annotate.services import claim_assignment, submit_judgment
from django.urls import reverse
from tests.factories import (
    MembershipFactory, ProjectFactory, PromptFactory, make_item, make_open_round
)
from tests.injected import STORABLE
NAME, KINDS = {name!r}, {kinds!r}
SHORT = [text for text in STORABLE if len(text) <= 60][:5]
ALL = "\\n\\n".join(STORABLE)
PARTS = ["\\n\\n".join(STORABLE[k::16]) for k in range(16)]
CONTENTS = {{"comparison": (ALL, "\\n\\n".join(reversed(STORABLE))), "ranking": PARTS}}

user = User.objects.create_user(NAME, password="a long enough password")
other = User.objects.create_user("<svg onload=alert(1)>")
slugs = {{}}
for kind in KINDS:
    project = ProjectFactory(
        slug=f"injected-{{kind}}", name="<script>alert(1)</script>" + kind, description=ALL,
        aspects=SHORT, rating_anchors={{"*": {{"1": SHORT[0], "5": SHORT[1]}}}},
        comparison_aspects=SHORT, asks_aspects=True,
    )
    GuidelineVersion.objects.create(project=project, number=1, text=ALL)
    MembershipFactory(project=project, user=user, role="manager")
    MembershipFactory(project=project, user=other)
    items = []
    for k in range(2 if kind == "comparison" else 1):
        turns = [{{"role": "user" if k else SHORT[0], "content": t}} for t in STORABLE]
        prompt = PromptFactory(messages=[*turns, {{"role": "user", "content": f"{{kind}} {{k}}"}}])
        prompt.reference = ALL
        prompt.save()
        items.append(make_item(
            project, kind=kind, contents=CONTENTS.get(kind, (ALL,)), prompt=prompt, overlap=2,
            steps=STORABLE if kind == "steps" else None, category=SHORT[2],
        ))
    project.items.update(source=SHORT[3])
    for link in items[0].links.all():
        ResponseSource.objects.create(response=link.response, name=SHORT[4])
    make_open_round(project, items)
    if kind == "comparison":
        for k in range(2):
            held = claim_assignment(project, by=other)
            answer = ComparisonAnswer("left", 2, rationale=ALL[:5000])
            submit_judgment(
                held, answer=answer, by=other, fence=held.fence, idempotency_key=f"key-{{k}}"
            )
print(json.dumps("ready"))
"""
PAGES = """
import json
from django.urls import get_resolver, NoReverseMatch, reverse
from annotate.models import Project
from curation.models import DatasetVersion
from tests.addresses import named

project = Project.objects.get(slug="injected-comparison")
item = project.items.first()
datasets = DatasetVersion.objects.filter(project=project)
found = [reverse("curation:dataset-detail", args=[each.public_id]) for each in datasets]
found.append(reverse("annotate:item-detail", args=[item.public_id]))
for name, converters in named(get_resolver()):
    if name.split(":")[0] not in ("annotate", "curation", "modeling") or "slug" not in converters:
        continue
    values = {{"slug": project.slug, "number": 1, "kind": "comparison"}}
    given = {{key: values.get(key, item.public_id) for key in converters}}
    try:
        found.append(reverse(name, kwargs=given))
    except NoReverseMatch:
        pass
print(json.dumps(found))
""".replace("{{", "{").replace("}}", "}")
RECORD = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""
ACTING = """() => {
  const isActing = ({ name, value }) =>
    /^on|^srcdoc$/.test(name) || /^\\s*(javascript|vbscript|data):/i.test(value);
  const isOwn = (script) => /^\\/(static|jsi18n)/.test(script.getAttribute("src") ?? "");
  const isWired = (name) => /^(data-)?hx-/.test(name) && name !== "hx-disable";
  const isForeign = (element) => element.matches("iframe, object, embed, base, style")
    || (element.matches("script") && !isOwn(element));
  const isStray = (element) => element.parentElement?.closest(".text, .prose")
    && (element.matches("form, input, img, button, link, meta, script, [id], [name]")
      || element.getAttributeNames().some(isWired));
  return [...document.querySelectorAll("*")]
    .filter((e) => [...e.attributes].some(isActing) || isForeign(e) || isStray(e))
    .map((e) => e.outerHTML.slice(0, 200));
}"""
TOUCH = """() => {
  for (const element of document.querySelectorAll("main *, .text *, .prose *")) {
    if (element.closest("a, button, summary, form, dialog")) continue;
    for (const type of ["mouseover", "focus", "click", "toggle", "load", "error", "animationend"]) {
      element.dispatchEvent(new Event(type, { bubbles: true }));
    }
  }
}"""


class Watch:
    """Everything that a text could do on a page, as sentences."""

    def __init__(self, page, home):
        self.page, self.home = page, home
        self.seen = []
        page.add_init_script(RECORD)
        page.on("dialog", self._refuse)
        page.on("popup", lambda popup: self.seen.append(f"popup {popup.url}"))
        page.on("pageerror", lambda error: self.seen.append(f"error {error}"))
        page.on("request", self._note)
        page.on("requestfailed", self._forget_if_blocked)

    def _note(self, request):
        if not request.url.startswith((self.home, "data:")):
            self.seen.append(f"request {request.url}")

    def _forget_if_blocked(self, request):
        """What the policy blocked is no request; it is told as a violation."""
        if request.failure == "csp":
            self.seen.remove(f"request {request.url}")

    def _refuse(self, dialog):
        self.seen.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def found(self):
        """What was seen since the page was opened, after every element was touched."""
        self.page.evaluate(TOUCH)
        self.page.wait_for_timeout(200)
        frames = [f"frame {frame.url}" for frame in self.page.frames[1:]]
        violations = self.page.evaluate("window.violations")
        return [*self.seen, *frames, *violations]


@pytest.fixture
def home(installation):
    return f"http://127.0.0.1:{installation.port}"


@pytest.fixture
def watch(page, home):
    return Watch(page, home)


@pytest.fixture(scope="module")
def campaign(installation):
    """Projects, one a kind, in which every text tries to act, and a dataset of one of them."""
    installation.python(SETUP.format(name=NAME, kinds=KINDS))
    built = installation.manage("build_dataset", "injected-comparison", "--kind", "preference")
    assert sum(built["rows"].values()) > 0
    return installation


@pytest.fixture(scope="module")
def versions(campaign):
    """The pages of versions of that project."""
    return dataset_pages(campaign, "injected-comparison")


@pytest.fixture
def manager(campaign, page):
    """The browser of a manager whose own name tries to act."""
    sign_in(page, campaign, NAME)
    return page


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_in_an_item_acts(watch, manager, home, kind):
    manager.goto(f"{home}/p/injected-{kind}/annotate/")
    expect(manager.locator(f"#item.item-{kind}")).to_be_visible()
    expect(manager.locator(".conversation .turn")).to_have_count(len(STORABLE) + 1)
    expect(manager.locator(".conversation .katex").first).to_be_visible()
    manager.keyboard.press("d")
    manager.keyboard.press("?")
    expect(manager.locator("#help-dialog")).to_be_visible()
    assert watch.found() == []
    assert manager.evaluate(ACTING) == []
    shown = manager.locator(".conversation").inner_text()
    assert "<script>alert(1)</script>" in shown
    assert "{{ request.user.password }} {% debug %}" in shown


def test_nothing_acts_on_any_page_of_a_project(watch, manager, home, campaign):
    visited = []
    for path in campaign.python(PAGES):
        reply = manager.request.get(home + path)
        if reply.status != 200 or "text/html" not in reply.headers["content-type"]:
            continue
        manager.goto(home + path)
        assert [path, *watch.found(), *manager.evaluate(ACTING)] == [path]
        visited.append(path.removeprefix("/p/injected-comparison/"))
    assert {"", "guidelines/", "settings/", "members/", "items/", "annotate/"} <= set(visited)
    assert any(path.startswith("/datasets/") for path in visited)
    assert any(path.startswith("/items/") for path in visited)


def test_nothing_acts_on_any_page_of_a_version(watch, manager, home, versions):
    for path in versions:
        reply = manager.goto(home + path)
        assert reply.status == 200, path
        assert [path, *watch.found(), *manager.evaluate(ACTING)] == [path]


def test_a_reason_that_tries_to_act_comes_back_as_it_was_typed(watch, manager, home):
    reason = "</textarea><script>alert(1)</script><img src=x onerror=alert(1)>"
    manager.goto(f"{home}/p/injected-outcome/annotate/")
    manager.keyboard.press("r")
    with manager.expect_response("**/draft"):
        manager.keyboard.type(reason)
    manager.reload()
    expect(manager.locator("textarea[name=rationale]")).to_have_value(reason)
    assert watch.found() == []


@pytest.mark.parametrize("path", ["/", "/projects/new/", "/account/", "/accounts/logout/"])
def test_ordinary_pages_keep_to_the_policy(watch, manager, home, path):
    manager.goto(home + path)
    assert watch.found() == []
    assert manager.evaluate(ACTING) == []


def test_the_policy_stops_what_would_get_past_the_sanitiser(watch, manager, home):
    manager.goto(f"{home}/p/injected-rating/guidelines/")
    policy = manager.request.get(manager.url).headers["content-security-policy"]
    assert "unsafe" not in policy
    for payload in [*HTML, *SVG_AND_MATHML]:
        if "refresh" not in payload:  # no policy knows of it; the sanitiser alone stops that
            manager.evaluate(
                "html => { const box = document.createElement('div');"
                " document.body.append(box); box.innerHTML = html; box.remove(); }",
                payload.encode(errors="replace").decode(),
            )
    assert any("script-src" in violation for violation in watch.found())
    assert watch.seen == []


def test_the_watch_sees_what_acts(watch, page, home):
    page.goto("about:blank")
    page.set_content("<img src=x onerror=alert(1)><iframe srcdoc='x'></iframe>")
    found = watch.found()
    assert "dialog 1" in found
    assert any(entry.startswith("frame") for entry in found)
    assert len(page.evaluate(ACTING)) == 2


def test_formulas_that_try_to_act_are_shown_as_they_are(watch, manager, home):
    manager.goto(f"{home}/p/injected-rating/annotate/")
    expect(manager.locator(".conversation .katex").first).to_be_visible()
    assert manager.locator(".katex a, .katex img, .katex [data-hx-get], .katex [id]").count() == 0
    expect(manager.locator(".conversation .math, .conversation .math-block")).not_to_have_count(0)
    assert watch.found() == []
