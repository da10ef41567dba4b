"""WCAG 2.2 AA by axe-core on every page and in every state of the judging page, in three looks."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import sign_in
from tests.browser.models import model_pages
from tests.browser.versions import dataset_pages

pytestmark = pytest.mark.browser

PASSWORD = "tiebreak-demo"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OPTIONS = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
DESKTOP, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
LOOKS = {"light": ("light", DESKTOP), "dark": ("dark", DESKTOP), "phone": ("light", PHONE)}
PUBLIC = ["/accounts/login/", "/accounts/signup/", "/accounts/logout/", "/accounts/inactive/"]
EXPECTED = {
    "",
    "account/",
    "keys/",
    "p/workshop/",
    "p/workshop/settings/",
    "p/workshop/guidelines/",
    "p/workshop/guidelines/1/",
    "p/workshop/members/",
    "p/workshop/items/",
    "p/workshop/annotate/",
    "p/workshop/annotate/history/",
    "p/workshop/adjudication/",
    "p/workshop/quality/",
    "p/workshop/imports/new/",
    "p/workshop/jobs/",
    "p/everyday/overview/",
    "p/everyday/datasets/recipe/",
    "p/everyday/datasets/files/",
    "p/everyday/runs/",
    "p/everyday/runs/new/",
    "p/everyday/models/compare/",
    "p/everyday/models/1/playground/",
}
ROWS = ["/items/", "/datasets/", "/checkpoints/", "/jobs/", "/runs/", "/p/workshop/annotators/"]
ADDRESSES = """
import json
from django.urls import NoReverseMatch, get_resolver, reverse
from annotate.models import Assignment, Item, Judgment, User
from curation.models import CurationRun, DatasetVersion
from modeling.models import Checkpoint, TrainingRun
from tests.addresses import named

def rows():
    workshop = Item.objects.filter(project__slug="workshop", assignments__judgment__isnull=False)
    for kind in ("comparison", "ranking", "rating", "steps", "outcome"):
        yield workshop.filter(kind=kind).first()
    yield Item.objects.filter(known__is_gold=True).first()
    yield Judgment.objects.filter(assignment__annotator__username=NAME).first()
    yield User.objects.filter(memberships__project__slug="workshop", kind="simulated").first()
    yield Assignment.objects.filter(annotator__username=NAME, status="leased").first()
    yield from (DatasetVersion.objects.last(), Checkpoint.objects.last())
    yield from (CurationRun.objects.last(), TrainingRun.objects.last())

ids = [row.public_id for row in rows() if row is not None]
found = {}
for name, converters in named(get_resolver()):
    if name.startswith(("admin:", "api")) or "-api:" in name:
        continue
    slugs = ["workshop", "everyday"] if "slug" in converters else [""]
    uuids = ids if "public_id" in converters else [""]
    for slug in slugs:
        for one in uuids:
            values = {"slug": slug, "public_id": one, "number": 1}
            try:
                given = {key: values[key] for key in converters}
                found[reverse(name, kwargs=given)] = True
            except (KeyError, NoReverseMatch):
                pass
print(json.dumps(list(found)))
"""
SMALL = """
import json
from annotate.models import KnownAnswer, User
from annotate.services import invite
from tests.factories import MembershipFactory, ProjectFactory, make_item, make_open_round
project = ProjectFactory(slug="axe", gold_rate=1, gold_feedback="immediate")
user = User.objects.create_user("axe", password="a long enough password")
MembershipFactory(project=project, user=user)
gold = make_item(project, contents=("Four.", "Five."), known={"choice": "left", "strength": 1})
KnownAnswer.objects.update_or_create(
    item=gold, defaults={"is_gold": True, "explanation": "Two and two are four."}
)
make_open_round(project, [make_item(project, contents=("The one.", "The other."))])
print(json.dumps(invite(project, role="annotator", by=None)[1]))
"""


def failures(page, where):
    """What axe finds on the page as it is, as sentences."""
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [
        f"{where}: {rule['id']} at {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


def in_all_looks(page, where):
    """The same on a light and a dark screen and on a phone."""
    found = []
    for look, (scheme, size) in LOOKS.items():
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size(size)
        found += failures(page, f"{where} ({look})")
    return found


@pytest.fixture(scope="module")
def home(installation):
    installation.manage("load_demo")
    return f"http://127.0.0.1:{installation.port}"


@pytest.fixture(scope="module")
def versions(home, installation):
    return dataset_pages(installation, "everyday")


def enter(page, home, name):
    """Sign in to the demo and make sure that there is something under way."""
    page.goto(f"{home}/accounts/login/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{home}/")
    page.goto(f"{home}/p/workshop/annotate/")


def pages_of(page, home, installation, name):
    """The addresses that answer this person with a page of ours, found from the URL patterns."""
    code = ADDRESSES.replace("NAME", repr(name))
    for path in installation.python(code):
        reply = page.request.get(home + path, max_redirects=0)
        is_html = "text/html" in reply.headers.get("content-type", "")
        if reply.status == 200 and is_html and "<html" in reply.text():
            yield path


@pytest.mark.parametrize("name", ["manager", "annotator"])
def test_every_page_meets_wcag(page, home, installation, name):
    enter(page, home, name)
    paths = list(pages_of(page, home, installation, name))
    if name == "manager":
        assert {f"/{path}" for path in EXPECTED} <= set(paths)
        for start in ROWS:
            assert any(path.startswith(start) for path in paths), start
    found = []
    for path in paths:
        if path != "/accounts/logout/":
            page.goto(home + path)
            found += in_all_looks(page, path)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", ["manager", "reviewer"])
def test_the_pages_of_versions_meet_wcag(page, home, versions, name):
    enter(page, home, name)
    found, seen = [], 0
    for path in versions:
        reply = page.goto(home + path)
        if reply.status == 403:
            continue
        seen += 1
        page.evaluate(
            "document.querySelectorAll('main details').forEach(one => { one.open = true })"
        )
        found += in_all_looks(page, path)
    assert not found, "\n".join(found)
    assert seen == (len(versions) if name == "manager" else len(versions) - 4)


def test_the_pages_of_models_meet_wcag(page, home, installation):
    enter(page, home, "manager")
    found = []
    for path in model_pages(installation, "workshop"):
        page.goto(home + path)
        page.evaluate(
            "document.querySelectorAll('main details').forEach(one => { one.open = true })"
        )
        found += in_all_looks(page, path)
    assert not found, "\n".join(found)


def test_a_training_with_settings_that_make_no_sense_meets_wcag(page, home):
    enter(page, home, "manager")
    page.goto(f"{home}/p/everyday/runs/new/")
    page.get_by_label("More settings, as JSON").fill("{")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_text("is no JSON")).to_be_visible()
    found = in_all_looks(page, "a training with errors")
    assert not found, "\n".join(found)


def skip(page):
    """Go on to the next item as a person would."""
    before = page.locator("#answer").get_attribute("action")
    page.locator("#item-heading").focus()
    for key in ("s", "1", "Enter"):
        page.keyboard.press(key)
    page.wait_for_selector(f'#answer:not([action="{before}"])')


def states(page, kind):
    """Bring the page of an item into each state, by keys; yields what it is called."""
    yield "as it comes"
    page.keyboard.press("Enter")
    yield "asked for what is missing"
    page.keyboard.press("2")
    yield "with an answer begun"
    page.locator("#item-heading").focus()
    page.keyboard.press("?")
    expect(page.locator("#help-dialog")).to_be_visible()
    yield "with its keys"
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(page.locator("#skip-dialog")).to_be_visible()
    yield "being skipped"
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    expect(page.locator("#guidelines")).to_be_visible()
    yield "with the guidelines"
    page.keyboard.press("h")
    if kind in ("comparison", "ranking"):
        page.keyboard.press("d")
        yield "with the differences"
    if kind == "steps":
        page.keyboard.press("g")
        yield "being given up"


@pytest.mark.parametrize(
    ("project", "shapes"),
    [
        ("everyday", {"comparison"}),
        ("reasoning", {"ranking", "rating", "steps", "outcome"}),
        ("workshop", {"comparison", "ranking", "rating", "steps", "turns", "outcome"}),
    ],
)
def test_every_kind_meets_wcag_in_every_state(page, home, project, shapes):
    enter(page, home, "annotator")
    page.goto(f"{home}/p/{project}/annotate/")
    seen, found = set(), []
    while seen != shapes:
        kind = page.locator("#item").get_attribute("data-kind")
        shape = "turns" if page.locator("#steps.is-turns").count() else kind
        if shape not in seen:
            for state in states(page, kind):
                found += in_all_looks(page, f"{project}: {shape} {state}")
            seen.add(shape)
            page.reload()
        skip(page)
    assert not found, "\n".join(found)


def test_feedback_and_the_resting_page_meet_wcag(page, installation):
    secret = installation.python(SMALL)
    sign_in(page, installation, "axe")
    here = f"http://127.0.0.1:{installation.port}"
    page.goto(f"{here}/p/axe/annotate/")
    expect(page.locator(".response", has_text="Four.")).to_be_visible()
    page.get_by_role("radio", name="Tie").check()
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#flash")).to_contain_text("Two and two are four.")
    found = in_all_looks(page, "feedback")
    page.get_by_role("radio", name="Tie").check()
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", name="Nothing to do right now")).to_be_visible()
    found += in_all_looks(page, "resting")
    page.goto(f"{here}/join/{secret}/")
    found += in_all_looks(page, "an invitation to a project one is in")
    page.context.clear_cookies()
    for link in (secret, "nobody-knows-this"):
        page.goto(f"{here}/join/{link}/")
        found += in_all_looks(page, f"the invitation {link}")
    assert not found, "\n".join(found)


def test_public_and_error_pages_meet_wcag(page, home):
    found = []
    for path in [*PUBLIC, "/nothing/", "/p/nothing/"]:
        page.goto(home + path)
        found += in_all_looks(page, path)
    page.goto(f"{home}/accounts/login/")
    page.get_by_label("Username").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    found += in_all_looks(page, "a wrong password")
    page.context.clear_cookies()
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.locator(".notice-code")).to_have_text("403")
    found += in_all_looks(page, "a form from an old page")
    enter(page, home, "annotator")
    page.goto(f"{home}/p/workshop/settings/")
    expect(page.locator(".notice-code")).to_have_text("403")
    found += in_all_looks(page, "a page for managers")
    assert not found, "\n".join(found)


FORMS = {
    "/projects/new/": "Create",
    "/p/workshop/settings/": "Save",
    "/p/workshop/members/": "Make a link",
    "/p/workshop/imports/new/": "Import",
    "/p/workshop/datasets/recipe/": "Preview",
    "/p/workshop/datasets/files/": "Add",
}
EMPTY = """() => {
  for (const form of document.querySelectorAll("main form")) form.noValidate = true;
  for (const field of document.querySelectorAll("main form input, main form textarea")) {
    if (["text", "number"].includes(field.type)) field.value = "";
  }
}"""


@pytest.mark.parametrize("path", FORMS)
def test_forms_with_errors_meet_wcag(page, home, path):
    enter(page, home, "admin")
    page.goto(home + path)
    page.evaluate(EMPTY)
    page.get_by_role("button", name=FORMS[path]).first.click()
    expect(page.locator("[aria-invalid=true], [role=alert]").first).to_be_visible()
    found = in_all_looks(page, f"{path} with errors")
    assert not found, "\n".join(found)
