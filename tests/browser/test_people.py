"""Managers' pages in a browser: invitations, the guidelines' preview, settings by kind."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in

pytestmark = pytest.mark.browser

SETUP = """
import json
from annotate.models import User
from tests.factories import MembershipFactory, ProjectFactory
project = ProjectFactory(slug="{name}", name="Project {name}")
user = User.objects.create_user("{name}", password="a long enough password", is_staff=True)
MembershipFactory(project=project, user=user, role="manager")
print(json.dumps("ready"))
"""


@pytest.fixture
def office(installation, page, own_name):
    """A manager who is signed in; returns the address of their project."""
    installation.python(SETUP.format(name=own_name))
    sign_in(page, installation, own_name)
    return f"http://127.0.0.1:{installation.port}/p/{own_name}/"


def test_somebody_joins_by_a_link_that_was_copied(page, browser, office):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{office}members/")
    page.get_by_role("button", name="Make a link").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    guest = browser.new_context().new_page()
    guest.goto(link)
    guest.get_by_label("Username").fill("guest")
    guest.get_by_label("Password", exact=True).fill("a long enough password")
    guest.get_by_label("Password confirmation").fill("a long enough password")
    guest.get_by_role("button", name="Make my account and join").click()
    expect(guest).to_have_url(office)
    guest.context.close()
    page.reload()
    expect(page.get_by_text("guest", exact=True)).to_be_visible()


def test_guidelines_are_previewed_while_they_are_typed(page, office):
    page.goto(f"{office}guidelines/")
    page.get_by_label("Guidelines", exact=True).fill("Be **fair** <script>alert(1)</script>")
    expect(page.locator("#preview strong")).to_have_text("fair")
    assert page.locator("#preview script").count() == 0


def test_a_new_project_shows_the_settings_of_the_ticked_kinds(page, office):
    page.goto(re.sub(r"/p/.*", "/projects/new/", office))
    expect(page.get_by_label("Grades of a comparison")).to_be_visible()
    expect(page.get_by_label("Lowest rating")).to_be_hidden()
    page.get_by_role("checkbox", name="Comparison").uncheck()
    page.get_by_role("checkbox", name="Rating").check()
    expect(page.get_by_label("Lowest rating")).to_be_visible()
    expect(page.get_by_label("Grades of a comparison")).to_be_hidden()
