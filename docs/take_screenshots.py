"""Take the pictures of the documentation from a running demo.

make demo                                  # in one terminal
.venv/bin/python -m docs.take_screenshots  # in another; needs chromium
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = Path(__file__).parent / "screenshots"
PASSWORD = "tiebreak-demo"  # noqa: S105 - the demo's own
LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 860}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 860}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
}
KINDS = ("ranking", "rating", "steps", "outcome")


def main() -> None:
    """Every page in every look."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for look in LOOKS:
            _annotator(browser, look, arguments.url, arguments.folder)
            _manager(browser, look, arguments.url, arguments.folder)
        browser.close()


def _page(browser: Browser, look: str) -> Page:
    return browser.new_context(**LOOKS[look]).new_page()  # type: ignore[arg-type]


def _sign_in(page: Page, url: str, username: str) -> None:
    page.goto(f"{url}/accounts/login/")
    page.fill("input[name=login]", username)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{url}/")


def _annotator(browser: Browser, look: str, url: str, folder: Path) -> None:
    page = _page(browser, look)
    page.goto(f"{url}/accounts/login/")
    page.screenshot(path=folder / f"sign-in-{look}.png")
    _sign_in(page, url, "annotator")
    page.screenshot(path=folder / f"projects-{look}.png")
    for name, path in (("home", "/p/everyday/"), ("comparison", "/p/everyday/annotate/")):
        page.goto(url + path)
        page.screenshot(path=folder / f"{name}-{look}.png", full_page=look == "phone")
    page.goto(f"{url}/p/reasoning/annotate/")
    seen: set[str] = set()
    while len(seen) < len(KINDS):
        kind = page.locator("#item").get_attribute("data-kind") or ""
        if kind not in seen:
            page.screenshot(path=folder / f"{kind}-{look}.png", full_page=look == "phone")
            seen.add(kind)
        _skip(page)
    page.context.close()


def _skip(page: Page) -> None:
    """Go on to the next item as a person would."""
    before = page.locator("#answer").get_attribute("action")
    page.keyboard.press("s")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.wait_for_selector(f'#answer:not([action="{before}"])')


def _manager(browser: Browser, look: str, url: str, folder: Path) -> None:
    page = _page(browser, look)
    _sign_in(page, url, "manager")
    page.goto(f"{url}/p/everyday/overview/")
    page.screenshot(path=folder / f"overview-{look}.png", full_page=True)
    for name in ("datasets", "checkpoints", "jobs"):
        page.goto(f"{url}/p/everyday/overview/")
        page.goto(
            url + (page.locator(f'main a[href^="/{name}/"]').first.get_attribute("href") or "")
        )
        page.screenshot(path=folder / f"{name[:-1]}-{look}.png", full_page=True)
    page.context.close()


if __name__ == "__main__":
    main()
