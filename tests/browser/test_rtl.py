"""The pages in a language that is written from right to left: mirrored, and nothing sticks out."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in
from tests.installation import Installation

pytestmark = pytest.mark.browser

SETUP = """
import json
from annotate.models import User
from annotate.services import invite, publish_guidelines
from tests.factories import (
    MembershipFactory, ProjectFactory, PromptFactory, UserFactory, make_item, make_open_round
)
project = ProjectFactory(slug="mirrored", scale="llama2", asks_aspects=True)
for name, role in (("judge", "annotator"), ("leader", "manager")):
    user = User.objects.create_user(
        name, password="a long enough password", preferences={"language": "ar"}
    )
    MembershipFactory(project=project, user=user, role=role)
for text in ("First\\n\\n- one", "Second\\n\\n- two"):
    publish_guidelines(project, text=text, by=user)
invite(project, role="annotator", by=user)
prompt = PromptFactory(messages=[{"role": "user", "content": "أيهما أفضل؟"}])
texts = ("الجواب الأول، وهو طويل قليلا. " * 20, "The second answer. " * 30)
make_open_round(project, [make_item(project, contents=texts, prompt=prompt)])
print(json.dumps("ready"))
"""
MANAGERS_PAGES = (
    "",
    "settings/",
    "members/",
    "guidelines/",
    "guidelines/2/changes/",
    "items/",
    "jobs/",
    "imports/new/",
    "overview/",
)
SIZES = pytest.mark.parametrize("width", [1280, 390])


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory):
    """A server that offers Arabic too, with a project."""
    folder = tmp_path_factory.mktemp("rtl") / "var"
    found = Installation(folder, DJANGO_SETTINGS_MODULE="tests.rtl_settings")
    found.python(SETUP)
    found.start_server()
    yield found
    found.stop()


def open_page(page, installation, path):
    page.goto(f"http://127.0.0.1:{installation.port}/p/mirrored/{path}")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")


def sticks_out(page):
    """How many pixels of the page lie beyond the window."""
    return page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


@SIZES
def test_the_page_where_people_judge_stays_within_the_window(page, mirrored, width):
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, mirrored, "judge")
    open_page(page, mirrored, "annotate/")
    expect(page.locator('[data-letter="A"]').first).to_be_visible()
    assert sticks_out(page) == 0


def test_response_a_stands_on_the_side_where_reading_starts(page, mirrored):
    page.set_viewport_size({"width": 1280, "height": 900})
    sign_in(page, mirrored, "judge")
    open_page(page, mirrored, "annotate/")
    first = page.locator('.response[data-letter="A"]').bounding_box()
    second = page.locator('.response[data-letter="B"]').bounding_box()
    assert first["x"] > second["x"] + second["width"] - 1


def test_the_grades_for_a_stand_on_the_side_of_a(page, mirrored):
    page.set_viewport_size({"width": 1280, "height": 900})
    sign_in(page, mirrored, "judge")
    open_page(page, mirrored, "annotate/")
    for_a = page.locator('.grades [data-side="left"]').first.bounding_box()
    for_b = page.locator('.grades [data-side="right"]').last.bounding_box()
    assert for_a["x"] > for_b["x"]


@SIZES
def test_the_managers_pages_stay_within_the_window(page, mirrored, width):
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, mirrored, "leader")
    for path in MANAGERS_PAGES:
        open_page(page, mirrored, path)
        assert sticks_out(page) == 0, path
