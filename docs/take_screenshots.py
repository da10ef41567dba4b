"""Take the pictures of the documentation from a running demo.

make demo                                  # in one terminal
.venv/bin/python -m docs.take_screenshots  # in another; needs chromium

Each page is taken light, dark and on a phone: docs/screenshots/<name>-<look>.png. The annotator's
tour skips items to reach every kind, so take the pictures from a fresh demo.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from docs.screenshot_tours import annotator_tour, manager_tour, reviewer_tour, visitor_tour

FOLDER = Path(__file__).parent / "screenshots"
PASSWORD = "tiebreak-demo"  # noqa: S105 - the demo's own
SCREEN = {"viewport": {"width": 1280, "height": 860}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
LOOKS = {
    "light": {"color_scheme": "light", **SCREEN},
    "dark": {"color_scheme": "dark", **SCREEN},
    "phone": {"color_scheme": "light", **PHONE},
}
TOURS = {
    "": visitor_tour,
    "annotator": annotator_tour,
    "reviewer": reviewer_tour,
    "manager": manager_tour,
}
MAX_HEIGHT = 1_800


class Camera:
    """The same person in front of a light screen, a dark screen and a phone."""

    def __init__(
        self, browser: Browser, url: str, folder: Path, name: str, only: Collection[str]
    ) -> None:
        self.url, self.folder, self.only = url, folder, only
        self.pages = {look: _enter(browser, look, url, name) for look in LOOKS}

    @property
    def page(self) -> Page:
        """The page to find one's way with."""
        return self.pages["light"]

    def shoot(
        self,
        name: str,
        path: str,
        *,
        prepare: Callable[[Page], None] | None = None,
        is_whole: bool = False,
    ) -> None:
        """Take one page in every look, to its end within reason on a phone or if ``is_whole``."""
        if self.only and name not in self.only:
            return
        for look, page in self.pages.items():
            page.goto(self.url + path)
            if prepare is not None:
                prepare(page)
            page.evaluate("document.fonts.ready")
            with _as_long_as(page, MAX_HEIGHT if is_whole or look == "phone" else 0):
                page.screenshot(path=self.folder / f"{name}-{look}.png")

    def close(self) -> None:
        """Leave, in every look."""
        for page in self.pages.values():
            page.context.close()


def main() -> None:
    """Every page in every look."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--only", nargs="*", default=[], help="names of pictures")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for name, tour in TOURS.items():
            camera = Camera(browser, arguments.url, arguments.folder, name, arguments.only)
            tour(camera)
            camera.close()
        browser.close()


@contextmanager
def _as_long_as(page: Page, most: int) -> Iterator[None]:
    """A screen that shows the page to its end, up to ``most`` pixels, and is then as before."""
    size = page.viewport_size
    assert size is not None  # noqa: S101 - every look has one
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size(
        {"width": size["width"], "height": max(size["height"], min(height, most))}
    )
    yield
    page.set_viewport_size(size)


def _enter(browser: Browser, look: str, url: str, name: str) -> Page:
    """A page of this look, signed in where there is a name; drafts are not kept."""
    context = browser.new_context(reduced_motion="reduce", **LOOKS[look])  # type: ignore[arg-type]
    context.route("**/draft", lambda route: route.fulfill(status=200, json={}))
    page = context.new_page()
    if name:
        page.goto(f"{url}/accounts/login/")
        page.fill("input[name=login]", name)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(f"{url}/")
    return page


if __name__ == "__main__":
    main()
