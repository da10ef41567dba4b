"""How long after the key press is the next item readable?

Serves a fresh installation as ``manage.py serve`` would, signs one annotator in with headless
Chromium and judges comparisons by keyboard. For each one it measures, inside the page, the time
from the key press that submits to the first frame painted after the next item's heading stands
there, and prints median and 95th percentile. The texts are as long as usual answers are.

    python -m bench.page
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.installation import Installation

SETUP = """
import json
from annotate.models import User
from tests.factories import (
    MembershipFactory, ProjectFactory, PromptFactory, make_item, make_open_round
)
project = ProjectFactory(slug="page", scale="llama2")
user = User.objects.create_user("page", password="a long enough password")
MembershipFactory(project=project, user=user)
part = "A **sentence** of an answer with `code` in it, as models write them.\\n\\n"
items = [
    make_item(
        project,
        contents=(f"First {{k}}.\\n\\n" + part * 12, f"Second {{k}}.\\n\\n" + part * 15),
        prompt=PromptFactory(messages=[{{"role": "user", "content": f"Question {{k}}?"}}]),
    )
    for k in range({n})
]
make_open_round(project, items)
print(json.dumps("ready"))
"""
WATCH = """
() => {
  window.waits = [];
  let pressed = 0;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter") pressed = event.timeStamp;
  }, { capture: true });
  new MutationObserver(() => {
    const heading = document.getElementById("item-heading");
    if (!pressed || document.getElementById("item").inert || heading === window.seen) return;
    window.seen = heading;
    const from = pressed;
    pressed = 0;
    requestAnimationFrame(() => setTimeout(() => window.waits.push(performance.now() - from)));
  }).observe(document.getElementById("desk"), { childList: true, subtree: true });
}
"""


def main() -> None:
    """Print one Markdown row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=30)
    parser.add_argument("--thinking", type=float, default=0.5, help="seconds before each answer")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tiebreak-bench-") as folder:
        found = Installation(Path(folder) / "var")
        found.folder.mkdir(exist_ok=True)
        try:
            found.python(SETUP.format(n=arguments.items + 2))
            found.start_server()
            waits = _measure(found.port, arguments.items, arguments.thinking)
        finally:
            found.stop()
    _report(waits)


def _measure(port: int, items: int, thinking: float) -> list[float]:
    """Milliseconds from key press to readable item, one for each judgment."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        _sign_in(page, f"http://127.0.0.1:{port}")
        page.evaluate(WATCH)
        for done in range(items):
            page.wait_for_timeout(thinking * 1000)
            page.keyboard.press("2")
            page.keyboard.press("Enter")
            while page.evaluate("window.waits.length") <= done:
                page.wait_for_timeout(20)
        waits: list[float] = page.evaluate("window.waits")
        browser.close()
    return waits


def _sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}/accounts/login/?next=/p/page/annotate/")
    page.fill("input[name=login]", "page")
    page.fill("input[name=password]", "a long enough password")
    page.keyboard.press("Enter")
    page.wait_for_selector("#item[data-kind]")


def _report(waits: list[float]) -> None:
    cuts = statistics.quantiles(waits, n=20, method="inclusive")
    machine, python = platform.machine(), platform.python_version()
    print(f"Machine: {machine}, {os.cpu_count()} cores, Python {python}.\n")
    print("| judgments | median ms | p95 ms | slowest ms |")
    print("|---|---|---|---|")
    print(f"| {len(waits)} | {statistics.median(waits):.0f} | {cuts[18]:.0f} | {max(waits):.0f} |")


if __name__ == "__main__":
    main()
