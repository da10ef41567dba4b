"""Debian's Chromium against a real server."""

import re
import shutil

import pytest
from playwright.sync_api import expect

from tests.browser.kinds import PHONE, Seat
from tests.installation import Installation

expect.set_options(timeout=20_000)  # a busy machine is no failure


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("install Debian's chromium for the browser tests")
    return browser_type_launch_args | {
        "executable_path": path,
        "args": [
            "--no-sandbox",
            "--disable-quic",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }


@pytest.fixture(scope="session")
def installation(tmp_path_factory):
    """One server for all browser tests; each test makes a project of its own."""
    found = Installation(tmp_path_factory.mktemp("browser") / "var")
    found.start_server()
    yield found
    found.stop()


def sign_in(page, installation, name):
    """Sign in by keyboard as a person whose password is ``a long enough password``."""
    page.goto(f"http://127.0.0.1:{installation.port}/")
    page.locator("input[name=login]").focus()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type("a long enough password")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"^http://[^/]+/$"))


@pytest.fixture
def own_name(request):
    """A name for the person and the project of this test alone: installations are shared."""
    return re.sub(r"\W+", "-", request.node.name.removeprefix("test_"))[-60:].strip("-").lower()


@pytest.fixture
def seat(installation, page, own_name):
    """A person with mouse and keyboard in front of one item of any kind."""
    return Seat(installation, page, own_name, sign_in=sign_in)


@pytest.fixture
def phone_seat(installation, new_context, own_name):
    """The same with a phone that is touched."""
    page = new_context(**PHONE).new_page()
    return Seat(installation, page, own_name, sign_in=sign_in)
