"""The recipe editor in a browser: what fits the kind, by keyboard alone, and without scripts."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in

pytestmark = pytest.mark.browser

SETUP = """
import json
from annotate.models import User
from tests.curation.building import judged
from tests.factories import MembershipFactory, ProjectFactory, make_annotator
project = ProjectFactory(slug="{name}", name="Project {name}")
user = User.objects.create_user("{name}", password="a long enough password")
MembershipFactory(project=project, user=user, role="manager")
people = [make_annotator(project, username="{name}-" + each) for each in "ab"]
for question, contents in (("Dogs?", ("They bark.", "They sing.")), ("Cats?", ("Y", "N"))):
    judged(project, question, "left", "left", contents=contents, people=people)
print(json.dumps("ready"))
"""
WORK = """
import json
from annotate.services.runs import execute_run
from curation.models import CurationRun
from curation.services import build
for run in CurationRun.objects.filter(status="pending"):
    execute_run(CurationRun, run.pk, build)
print(json.dumps("done"))
"""


@pytest.fixture
def editor(installation, page, own_name):
    """A manager in front of the editor; returns its address."""
    installation.python(SETUP.format(name=own_name))
    sign_in(page, installation, own_name)
    address = f"http://127.0.0.1:{installation.port}/p/{own_name}/datasets/recipe/"
    page.goto(address)
    return address


def test_only_what_fits_is_shown(page, editor):
    page.get_by_role("heading", name="Balance").click()
    expect(page.get_by_text("So that “the longer one wins” tells nothing")).to_be_visible()
    expect(page.get_by_text("So that every label has the same share")).to_be_hidden()
    expect(page.get_by_label("File of topics")).to_be_hidden()
    page.get_by_label("As many rows for each").select_option("topic")
    expect(page.get_by_label("File of topics")).to_be_visible()
    page.get_by_label("Kind").select_option("stepwise")
    expect(page.get_by_text("So that “the longer one wins” tells nothing")).to_be_hidden()
    expect(page.get_by_text("So that every label has the same share")).to_be_visible()
    expect(page.get_by_text("Made from")).to_be_hidden()
    expect(page.get_by_text("Include programs: verifiers")).to_be_visible()


def test_a_way_of_aggregating_leaves_with_its_kind(page, editor):
    ways = page.get_by_label("Aggregation")
    ways.select_option("crowd_bt")
    page.get_by_label("Kind").select_option("ranking")
    expect(ways).to_have_value("auto")
    offered = ways.locator("option:not([disabled])").evaluate_all("all => all.map(o => o.value)")
    assert offered == ["auto", "mean_rank", "plackett_luce", "kemeny"]
    page.reload()
    assert ways.locator("option[disabled]").count() > 0


def test_a_recipe_is_written_looked_at_and_built_by_keyboard(page, editor, installation):
    page.get_by_label("Kind").focus()
    while page.evaluate("document.activeElement.innerText.trim()") != "Texts":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    while page.evaluate("document.activeElement.name") != "texts.min_chars":
        page.keyboard.press("Tab")
    assert page.evaluate(
        "document.activeElement.getBoundingClientRect().bottom"
        " <= document.querySelector('.sticky-actions').getBoundingClientRect().top"
    )
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Preview of a dataset")).to_be_visible()
    installation.python(WORK)
    expect(page.get_by_text("too short 1")).to_be_visible()
    assert page.url.count("/previews/") == 1
    while page.evaluate("document.activeElement.innerText.trim()") != "Build this":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Dataset build")).to_be_visible()
    installation.python(WORK)
    page.get_by_role("button", name="Show what came of it").press("Enter")
    expect(page.get_by_role("heading", name="What each step did")).to_be_visible()


def test_everything_works_without_scripts(browser, editor, installation, page):
    state = page.context.storage_state()
    plain = browser.new_context(java_script_enabled=False, storage_state=state).new_page()
    plain.goto(editor)
    plain.get_by_role("heading", name="Texts").click()
    plain.get_by_label("Characters of every response at least").fill("3")
    plain.get_by_label("Aggregation").select_option("plackett_luce")
    plain.get_by_role("button", name="Preview").click()
    expect(plain.get_by_text("Rows of this kind are not aggregated in this way.")).to_be_visible()
    expect(plain.get_by_label("Characters of every response at least")).to_have_value("3")
    plain.get_by_label("Aggregation").select_option("majority")
    plain.get_by_role("button", name="Preview").click()
    expect(plain.get_by_role("button", name="Look again")).to_be_visible()
    installation.python(WORK)
    plain.get_by_role("button", name="Look again").click()
    expect(plain.get_by_text("too short 1")).to_be_visible()
    expect(plain.get_by_role("button", name="Build this")).to_be_visible()
    plain.context.close()
