"""Which pages each person of the demo is pictured at, and what they have done there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.sync_api import Page

if TYPE_CHECKING:
    from docs.take_screenshots import Camera

NEXT = "/p/{}/annotate/"
KEYS = {
    "comparison": "2",
    "aspects": "3",
    "ranking": "o",
    "best-worst": "1b4w",
    "rating": "454",
    "steps": "11",
    "likert": "55",
    "turns": "5",
    "outcome": "n",
}
ALIKE = "ten per cent of our brain"  # two responses with much in common
DISPUTED, BUSY = "A colleague always interrupts", "simulated-everyday-0"
MOST_ITEMS = 40


def visitor_tour(camera: Camera) -> None:
    """Before signing in."""
    camera.shoot("sign-in", "/accounts/login/")


def annotator_tour(camera: Camera) -> None:
    """Every kind of item, and what stands around the work."""
    camera.shoot("projects", "/")
    camera.shoot("home", "/p/everyday/")
    camera.shoot("history", NEXT.format("everyday") + "history/")
    camera.shoot("keys", f"/keys/?next={NEXT.format('everyday')}", is_whole=True)
    camera.shoot("guidelines-panel", NEXT.format("everyday"), prepare=_open_guidelines)
    for page in camera.pages.values():
        page.keyboard.press("h")  # the panel is remembered
    _walk(camera, "everyday", {"comparison"})
    _walk(camera, "reasoning", {"ranking", "rating", "steps"})
    _walk(camera, "workshop", {"aspects", "best-worst", "slider", "likert", "turns", "outcome"})


def reviewer_tour(camera: Camera) -> None:
    """What people disagree on, and one decision."""
    camera.shoot("review", "/p/workshop/adjudication/")
    camera.page.goto(f"{camera.url}/p/workshop/adjudication/")
    camera.shoot("decision", _link(camera, "/items/"), is_whole=True)


def manager_tour(camera: Camera) -> None:
    """The pages of people who look after a project."""
    workshop, everyday = "/p/workshop/", "/p/everyday/"
    camera.shoot("items", f"{workshop}items/")
    camera.page.goto(f"{camera.url}{workshop}items/")
    camera.shoot("item", _link(camera, "/items/", DISPUTED), is_whole=True)
    camera.shoot("quality", f"{workshop}quality/", is_whole=True)
    camera.page.goto(f"{camera.url}{everyday}quality/")
    camera.shoot("annotator", _link(camera, f"{everyday}annotators/", BUSY), is_whole=True)
    camera.shoot("members", f"{workshop}members/", is_whole=True)
    camera.shoot("settings", f"{workshop}settings/", is_whole=True)
    editor = f"{workshop}guidelines/"
    camera.shoot("guidelines-editor", editor, prepare=_write_an_edition, is_whole=True)
    camera.shoot("import", f"{workshop}imports/new/")
    camera.shoot("overview", f"{everyday}overview/", is_whole=True)
    for name in ("datasets", "checkpoints", "jobs"):
        camera.page.goto(f"{camera.url}{everyday}overview/")
        camera.shoot(name[:-1], _link(camera, f"/{name}/"), is_whole=True)
    _dataset_tour(camera)
    _model_tour(camera)


def _model_tour(camera: Camera) -> None:
    """Models and runs, the form that starts one, and a model that is tried."""
    runs = "/p/everyday/runs/"
    camera.shoot("models", runs, is_whole=True)
    camera.shoot("training", f"{runs}new/", is_whole=True)
    camera.shoot("playground", "/p/everyday/models/1/playground/", prepare=_try_a_model)


def _try_a_model(page: Page) -> None:
    page.get_by_label("Prompt").fill("A colleague always interrupts me. What can I say?")
    responses = page.get_by_role("textbox", name="Response")
    responses.nth(0).fill("Say calmly: “I would like to finish my thought first.”")
    responses.nth(1).fill("People are like that. Get used to it.")
    page.keyboard.press("Control+Enter")
    page.locator("#score-summary").get_by_text("%").first.wait_for(timeout=60_000)


def _dataset_tour(camera: Camera) -> None:
    """A recipe, what it would do, the version beside the one before, and a row's judgments."""
    editor = "/p/everyday/datasets/recipe/"
    camera.shoot("recipe", editor, prepare=_write_a_recipe, is_whole=True)
    camera.page.goto(camera.url + editor)
    _write_a_recipe(camera.page)
    camera.shoot("preview", _sent(camera, "Preview", "Build this"), is_whole=True)
    camera.page.goto(camera.url + _sent(camera, "Build this", "Show what came of it"))
    camera.page.get_by_role("button", name="Show what came of it").click()
    camera.page.get_by_role("button", name="Compare").click()
    camera.shoot("compare", _here(camera), is_whole=True)
    camera.page.goto(f"{camera.url}/p/workshop/datasets/recipe/")
    camera.page.goto(camera.url + _sent(camera, "Build", "Show what came of it"))
    camera.page.get_by_role("button", name="Show what came of it").click()
    camera.page.get_by_role("link", name="All rows").click()
    row = camera.page.get_by_role("row").filter(has_text=DISPUTED).get_by_role("link").first
    camera.shoot("row", row.get_attribute("href") or "", is_whole=True)


def _write_a_recipe(page: Page) -> None:
    """Short responses out, and lengths that tell nothing."""
    for step in ("Texts", "Balance"):
        page.get_by_role("heading", name=step, exact=True).click()
    page.locator('[name="texts.min_chars"]').fill("40")
    page.locator('[name="balance.max_per_prompt"]').fill("3")
    page.locator('[name="balance.lengths"]').select_option("drop")
    page.evaluate("scrollTo(0, 0)")


def _sent(camera: Camera, button: str, awaited: str) -> str:
    """Press a button and wait until the worker is done; returns where that is shown."""
    camera.page.get_by_role("button", name=button, exact=True).click()
    camera.page.get_by_text(awaited).wait_for()
    return _here(camera)


def _here(camera: Camera) -> str:
    return camera.page.url.removeprefix(camera.url)


def _link(camera: Camera, start: str, text: str = "") -> str:
    """The first address on the page that begins with ``start``, of a link with this text."""
    links = camera.page.locator(f'main a[href^="{start}"]').filter(has_text=text)
    return links.first.get_attribute("href") or ""


def _write_an_edition(page: Page) -> None:
    page.get_by_text("Write a new edition").click()
    page.locator("#preview h1").wait_for()
    page.evaluate("scrollTo(0, 0)")


def _open_guidelines(page: Page) -> None:
    page.locator("[data-panel-opens]").click()
    page.locator("#guidelines .guidelines-text h1").wait_for()


def _walk(camera: Camera, project: str, wanted: set[str]) -> None:
    """Go from item to item and take the first of each kind, as it is while somebody answers."""
    for _ in range(MOST_ITEMS):
        camera.page.goto(camera.url + NEXT.format(project))
        name = _name_of(camera.page, project)
        if name in wanted:
            camera.shoot(name, NEXT.format(project), prepare=_answering(name))
            wanted = wanted - {name}
        if name == "aspects":
            camera.shoot("differences", NEXT.format(project), prepare=_mark_differences)
        if not wanted:
            return
        _skip(camera.page)


def _name_of(page: Page, project: str) -> str:
    """What the picture of the item on screen is called; empty for one that is not pictured."""
    kind = page.locator("#item").get_attribute("data-kind") or ""
    if project != "workshop":
        return kind
    if kind == "comparison":
        return "aspects" if page.get_by_text(ALIKE).count() else ""
    if kind == "steps":
        return "turns" if page.locator("#steps.is-turns").count() else "likert"
    return {"ranking": "best-worst", "rating": "slider"}.get(kind, kind)


def _answering(name: str) -> Callable[[Page], None]:
    """Do what somebody has done in the middle of an answer, and look at the top of the page."""

    def act(page: Page) -> None:
        page.locator("#item-heading").focus()
        for key in KEYS.get(name, ""):
            page.keyboard.press(key)
        if name == "slider":
            page.locator(".rating-slider input[type=number]").first.fill("85")
        page.evaluate("scrollTo(0, 0)")

    return act


def _mark_differences(page: Page) -> None:
    page.get_by_role("button", name="Differences").click()
    page.locator(".text mark").first.wait_for(state="attached")


def _skip(page: Page) -> None:
    """Go on to the next item as a person would."""
    before = page.locator("#answer").get_attribute("action")
    page.locator("#item-heading").focus()
    for key in ("s", "1", "Enter"):
        page.keyboard.press(key)
    page.wait_for_selector(f'#answer:not([action="{before}"])')
