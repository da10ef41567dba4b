"""Watching a training, its plots, trying a model, and choosing what to train, in the browser."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in

pytestmark = pytest.mark.browser

SETUP = """
import json
from django.utils import timezone
from annotate.models import User
from modeling.models import TrainingRun
from tests.factories import MembershipFactory, ProjectFactory
from tests.modeling.factories import make_dataset
from tests.modeling.gallery import curve, make_gallery
project = ProjectFactory(slug="{name}")
user = User.objects.create_user("{name}", password="a long enough password")
MembershipFactory(project=project, user=user, role="manager")
models = make_gallery(project)
run = TrainingRun.objects.create(
    project=project, dataset=make_dataset(project, kind="stepwise"), status="running",
    progress=0.4, message="Step 40 of 200", config={{"objective": "prm", "frozen": False}},
    lease_until=timezone.now() + timezone.timedelta(hours=5), curve=curve()[:4],
)
print(json.dumps({{"run": str(run.public_id), **{{k: m.number for k, m in models.items()}},
                  "model": str(models["preference"].public_id)}}))
"""
GO_ON = """
import json
from modeling.models import TrainingRun
from tests.modeling.gallery import curve
rows = TrainingRun.objects.filter(public_id="{run}")
rows.update(curve=curve(), progress=0.9, message="Step 190 of 200")
print(json.dumps("on"))
"""
END = """
import json
from modeling.models import TrainingRun
TrainingRun.objects.filter(public_id="{run}").update(status="succeeded", message="Done.")
print(json.dumps("ended"))
"""


@pytest.fixture
def made(installation, page, own_name):
    """A project with a model of each kind and a training that runs; the page of its manager."""
    found = installation.python(SETUP.format(name=own_name))
    sign_in(page, installation, own_name)
    home = f"http://127.0.0.1:{installation.port}"
    return found | {"home": home, "project": f"{home}/p/{own_name}"}


def test_a_training_is_watched_as_it_goes(page, installation, made):
    page.goto(f"{made['home']}/runs/{made['run']}/")
    loss = page.locator('.curve[data-name="loss"]')
    expect(loss.locator("canvas")).to_be_visible()
    expect(page.locator('.curve[data-name="validation-accuracy"]')).to_be_hidden()
    loss.get_by_text("The figures").click()
    expect(loss.locator("tbody tr")).to_have_count(4)
    installation.python(GO_ON.format(**made))
    expect(page.get_by_text("Step 190 of 200")).to_be_visible()
    expect(loss.locator("tbody tr")).to_have_count(19)
    expect(page.locator('.curve[data-name="validation-accuracy"] canvas')).to_be_visible()
    installation.python(END.format(**made))
    expect(page.locator("#run-status")).to_have_text("succeeded")
    expect(page.locator("#run-progress")).to_have_count(0)


def test_plots_are_drawn_told_and_drawn_anew_in_another_theme(page, made):
    page.goto(f"{made['home']}/checkpoints/{made['model']}/")
    margins = page.locator("figure", has=page.get_by_role("img", name="predicted margin"))
    expect(margins.locator("canvas")).to_be_visible()
    expect(page.locator("figure svg.chart")).to_have_count(0)
    margins.locator(".u-over").hover(position={"x": 20, "y": 60})
    expect(margins.locator(".plot-tip")).to_contain_text("0 – 0.5: wrong order 2, right order 3")
    pixels = "node => node.toDataURL()"
    before = margins.locator("canvas").evaluate(pixels)
    page.emulate_media(color_scheme="dark")
    page.locator("#theme-toggle").click()
    page.locator("#theme-toggle").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert margins.locator("canvas").evaluate(pixels) != before


def test_without_scripts_plots_are_pictures_with_tables(installation, new_context, made, page):
    cookies = page.context.cookies()
    context = new_context(java_script_enabled=False)
    context.add_cookies(cookies)
    plain = context.new_page()
    plain.goto(f"{made['home']}/checkpoints/{made['model']}/")
    expect(plain.locator("figure svg.chart").first).to_be_visible()
    assert plain.locator("figure svg.chart").count() == plain.locator("figure table").count()


def test_responses_are_scored_by_keyboard(page, made):
    asked = []

    def answer(route):
        asked.append(json.loads(route.request.post_data))
        if len(asked) == 1:
            route.fulfill(
                status=503, json={"error": {"code": "not_ready", "message": "It is loading."}}
            )
            return
        told = [{"reward": 1.25, "truncated": False}, {"reward": -0.5, "truncated": True}]
        shares = [[0.5, 0.852], [0.148, 0.5]]
        details = {"responses": told, "order": [0, 1], "best": 0, "probabilities": shares}
        route.fulfill(json={"calibrated": True, "rewards": [[1.25, -0.5]], "details": [details]})

    page.route("**/api/v1/checkpoints/*/score", answer)
    page.goto(f"{made['project']}/models/{made['preference']}/playground/")
    page.get_by_label("Prompt").focus()
    page.keyboard.type("Why?")
    page.keyboard.press("Tab")
    page.keyboard.type("Because.")
    page.keyboard.press("Tab")
    page.keyboard.type("No.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status")).to_have_text("It is loading.")
    expect(page.get_by_role("status")).to_have_text("Scored.")
    assert asked[-1] == {"inputs": [{"prompt": "Why?", "responses": ["Because.", "No."]}]}
    first, second = page.locator(".response").all()
    expect(first).to_contain_text("Best of them")
    expect(first).to_contain_text("1.250")
    expect(second).to_contain_text("−0.500")
    expect(second).to_contain_text("only part of it was read")
    expect(page.get_by_role("heading", name="Calibrated probability")).to_be_visible()
    expect(page.locator("#score-summary")).to_contain_text("85.2 %")
    page.get_by_role("button", name="One more response").click()
    expect(page.get_by_label("Response 3")).to_be_focused()


def test_steps_are_scored_one_by_one(page, made):
    def answer(route):
        (one,) = json.loads(route.request.post_data)["inputs"]
        steps = [0.9, 0.2, None][: len(one["steps"])]
        details = {"steps": steps, "pruned_at": 1, "truncated": False}
        route.fulfill(json={"calibrated": False, "rewards": [0.2], "details": [details]})

    page.route("**/api/v1/checkpoints/*/score", answer)
    page.goto(f"{made['project']}/models/{made['stepwise']}/playground/")
    page.get_by_label("Prompt").fill("2 + 2?")
    page.get_by_label("Solution").fill("It is 4.\n\nSo it is 5.\n\nThe end.")
    page.get_by_role("button", name=re.compile("Score")).click()
    steps = page.locator(".step-scores li")
    expect(steps).to_have_count(3)
    expect(steps.nth(1)).to_have_class("is-wrong")
    expect(steps.nth(1)).to_contain_text("20.0 %")
    expect(steps.nth(2)).to_contain_text("–")


def test_only_objectives_that_fit_the_dataset_are_offered(page, made):
    page.goto(f"{made['project']}/runs/new/")
    objective = page.get_by_label("Objective")

    def offered(kind):
        option = page.locator(f'#run-dataset option[data-kinds="{kind}"]').first
        page.get_by_label("Dataset").select_option(option.get_attribute("value"))
        fitting = objective.locator("option:not([disabled])").evaluate_all(
            "options => options.map(option => option.value).filter(Boolean)"
        )
        return set(fitting)

    assert "bradley_terry" in offered("preference")
    assert "prm" in offered("stepwise")
    objective.select_option("prm")
    assert "prm" not in offered("ranking")
    expect(objective).to_have_value("")


def test_ticked_models_are_compared(page, made):
    page.goto(f"{made['project']}/runs/")
    for number in (made["preference"], made["outcome"]):
        page.get_by_label(f"Compare model {number}").check()
    page.get_by_role("button", name="Compare the ticked ones").click()
    expect(page.get_by_role("heading", name="On the same rows")).to_be_visible()
    expect(page.get_by_text("different kinds of rows")).to_be_visible()
