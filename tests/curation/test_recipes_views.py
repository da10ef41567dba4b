"""The recipe editor's pages: edit, look at what each step would drop, build just that."""

from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.urls import reverse
from django.utils import timezone

from annotate.models import Run
from annotate.services.runs import perform
from curation.models import CurationRun, DatasetVersion, ProjectFile
from curation.recipe import Decontaminate, FilterTexts, Recipe
from curation.services import build
from tests.annotate.views.conftest import HTMX, browser, text_of
from tests.curation.building import judged, run_of, version
from tests.curation.saying import say, side
from tests.curation.test_recipe_form import EVERYTHING
from tests.factories import ProjectFactory, UserFactory, make_annotator

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]
EDIT = reverse("curation:recipe-edit", args=["cheer"])


@pytest.fixture
def project():
    return ProjectFactory(slug="cheer", seed=7)


@pytest.fixture
def manager(project):
    return browser(make_annotator(project, "manager"))


def preview_url(run):
    return reverse("curation:recipe-preview", args=[run.public_id])


def build_url(run):
    return reverse("curation:preview-build", args=[run.public_id])


def form_of(page):
    """What a browser sends back of the page's recipe, without JavaScript."""
    found = Fields()
    found.feed(page)
    return {name: each if len(each) > 1 else each[0] for name, each in found.values.items()}


class Fields(HTMLParser):
    """Reads names and values of a page's fields as they are."""

    def __init__(self):
        super().__init__()
        self.values, self.select = {}, None

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "input" and "name" in given and self._counts(given):
            default = "on" if given["type"] == "checkbox" else ""
            self.values.setdefault(given["name"], []).append(given.get("value", default))
        if tag == "select":
            self.select = given["name"]
        if tag == "option" and "selected" in given:
            self.values.setdefault(self.select, []).append(given["value"])

    @staticmethod
    def _counts(given):
        return given["type"] not in ("checkbox", "radio") or "checked" in given


def test_an_editor_begins_with_the_projects_own(manager, project):
    project.include_simulated = True
    project.save()
    fields = form_of(text_of(manager.get(EDIT)))
    assert (fields["kind"], fields["seed"], fields["include_simulated"]) == (
        "preference",
        "7",
        "on",
    )
    assert form_of(text_of(manager.get(f"{EDIT}?kind=stepwise")))["kind"] == "stepwise"
    assert form_of(text_of(manager.get(f"{EDIT}?kind=poem")))["kind"] == "preference"


def test_what_a_browser_sends_back_is_the_recipe_it_was_shown(manager, project):
    for purpose, name in (
        ("evaluation", "exam"),
        ("evaluation", "quiz"),
        ("embeddings", "vectors"),
        ("topics", "themes"),
    ):
        ProjectFile.objects.create(project=project, purpose=purpose, name=name, rows=1)
    run = CurationRun.objects.create(project=project, recipe=EVERYTHING.to_dict())
    page = text_of(manager.get(f"{EDIT}?run={run.public_id}"))
    reply = manager.post(EDIT, form_of(page) | {"preview": "1"})
    asked = CurationRun.objects.first()
    assert reply.url == preview_url(asked)
    assert Recipe.from_dict(asked.recipe) == EVERYTHING


def test_a_preview_makes_no_version_and_a_build_makes_one(manager, project):
    judged(project, "Dogs?", "left")
    fields = form_of(text_of(manager.get(EDIT)))
    manager.post(EDIT, fields | {"preview": "1"})
    preview = perform(CurationRun.objects.get(), build)
    assert preview.is_preview
    assert not DatasetVersion.objects.exists()
    reply = manager.post(EDIT, fields | {"build": "1"})
    run = perform(CurationRun.objects.first(), build)
    assert reply.url == reverse("annotate:run-detail", args=[run.public_id])
    run.refresh_from_db()
    assert run.dataset is not None


def test_enter_in_a_field_only_looks(manager, project):
    """Without a button's name nothing is built."""
    manager.post(EDIT, form_of(text_of(manager.get(EDIT))))
    assert CurationRun.objects.get().is_preview


def test_errors_stand_at_their_fields_and_keep_what_was_typed(manager, project):
    fields = form_of(text_of(manager.get(EDIT)))
    reply = manager.post(EDIT, fields | {"rows.min_votes": "0", "texts.min_chars": "17"})
    page = text_of(reply)
    assert reply.status_code == 422
    assert 'aria-invalid="true"' in page
    assert form_of(page)["texts.min_chars"] == "17"
    assert not CurationRun.objects.exists()


def test_a_preview_tells_what_each_step_would_drop_and_why(manager, project):
    judged(project, "Dogs?", "left", "left", contents=("<b>Yes</b>, dogs.", "No dogs here."))
    short = judged(project, "Cats?", "left", contents=("Y", "N"))
    judged(project, "Cows?", "left", "right", contents=("Cows moo.", "Cows mew."))
    run = run_of(project, texts=FilterTexts(min_chars=3), is_preview=True)
    page = text_of(manager.get(preview_url(run)))
    assert "too short 1" in page
    assert "tie 1" in page
    assert reverse("annotate:item-detail", args=[short.public_id]) in page
    assert "Cats?" in page
    assert "Cows moo. | Cows mew." in page or "Cows mew. | Cows moo." in page
    assert "The longer one is better" in page
    assert "<b>Yes" not in page
    assert "&quot;min_chars&quot;: 3" in page


def test_what_a_preview_showed_is_what_is_built(manager, project):
    """Later judgments do not come in: the preview's moment holds."""
    judged(project, "Dogs?", "left")
    preview = run_of(project, texts=FilterTexts(min_chars=1), is_preview=True)
    late = judged(project, "Cats?", "left")
    reply = manager.post(build_url(preview))
    run = perform(CurationRun.objects.filter(is_preview=False).get(), build)
    assert reply.url == reverse("annotate:run-detail", args=[run.public_id])
    run.refresh_from_db()
    assert run.cutoff_at == preview.cutoff_at
    assert run.recipe == preview.recipe
    shown = preview.result["preview"]["rows"]
    assert run.dataset.row_counts == shown == {"train": 1, "validation": 0, "test": 0}
    assert late.digest not in (run.dataset.directory / "train.jsonl").read_text()


def test_a_preview_that_leaves_nothing_offers_no_build(manager, project):
    judged(project, "Dogs?", "left")
    run = run_of(project, texts=FilterTexts(min_chars=99), is_preview=True)
    page = text_of(manager.get(preview_url(run)))
    assert "Nothing is left" in page
    assert build_url(run) not in page


@pytest.mark.parametrize("status", ["pending", "failed", "cancelled"])
def test_a_preview_under_way_or_failed_says_so(manager, project, status):
    run = CurationRun.objects.create(
        project=project,
        recipe=Recipe("preference").to_dict(),
        is_preview=True,
        status=status,
        message="Waiting.",
        error="Add the file first." if status == "failed" else "",
    )
    page = text_of(manager.get(preview_url(run)))
    assert ("Add the file first." in page) == (status == "failed")
    assert ('hx-trigger="every 1s"' in page) == (status == "pending")
    assert build_url(run) not in page
    part = text_of(manager.get(preview_url(run), **HTMX))
    assert part.lstrip().startswith('<div id="preview"')
    assert "<html" not in part


def test_contradictions_are_announced(manager, project):
    judged(project, "Dogs?", "left")
    judged(project, "Dogs? ", "right")
    run = run_of(project, is_preview=True)
    assert "asked twice and answered differently" in text_of(manager.get(preview_url(run)))


def test_a_recipe_can_be_taken_up_again(manager, project):
    judged(project, "Dogs?", "left")
    dataset = version(project, texts=FilterTexts(min_chars=1))
    for given in (f"run={CurationRun.objects.get().public_id}", f"dataset={dataset.public_id}"):
        assert form_of(text_of(manager.get(f"{EDIT}?{given}")))["texts.min_chars"] == "1"


def test_a_chosen_moment_is_taken_up_again_and_now_is_not(manager, project):
    run = CurationRun.objects.create(
        project=project, recipe=Recipe("preference").to_dict(), cutoff_at=timezone.now()
    )
    page = text_of(manager.get(f"{EDIT}?run={run.public_id}"))
    assert form_of(page)["until"] == ""
    CurationRun.objects.update(cutoff_at=timezone.now() - timedelta(days=400))
    page = text_of(manager.get(f"{EDIT}?run={run.public_id}"))
    assert form_of(page)["until"].startswith("20")


@pytest.mark.parametrize("query", ["run=x", "dataset=x", "run=" + "0" * 32, "dataset=" + "0" * 32])
def test_an_unknown_beginning_is_not_found(manager, project, query):
    assert manager.get(f"{EDIT}?{query}").status_code == 404


def test_recipes_of_other_projects_are_not_shown(manager, project):
    other = ProjectFactory()
    judged(other, "Dogs?", "left")
    dataset = version(other)
    run = CurationRun.objects.get()
    assert manager.get(f"{EDIT}?run={run.public_id}").status_code == 404
    assert manager.get(f"{EDIT}?dataset={dataset.public_id}").status_code == 404


def test_a_file_that_the_project_lacks_is_asked_for_at_once(project):
    from annotate.errors import InvalidInput
    from curation.services import request_dataset

    recipe = Recipe("preference", decontaminate=Decontaminate(against=("exam",)))
    with pytest.raises(InvalidInput, match="evaluation/exam"):
        request_dataset(project, recipe=recipe, by=None)


def test_a_moment_still_to_come_is_refused(project):
    from annotate.errors import InvalidInput
    from curation.services import request_dataset

    later = timezone.now() + timedelta(minutes=1)
    with pytest.raises(InvalidInput, match="still to come"):
        request_dataset(project, recipe=Recipe("preference"), by=None, cutoff=later)


def test_who_may_do_what(project):
    judged(project, "Dogs?", "left")
    preview, whole = run_of(project, is_preview=True), run_of(project)
    people = {
        role: browser(make_annotator(project, role))
        for role in ("annotator", "reviewer", "manager")
    }
    people["outsider"] = browser(UserFactory())
    urls = [
        ("get", EDIT),
        ("post", EDIT),
        ("get", preview_url(preview)),
        ("post", build_url(preview)),
    ]
    statuses = {
        name: [getattr(client, method)(url).status_code for method, url in urls]
        for name, client in people.items()
    }
    assert statuses == {
        "annotator": [403, 403, 403, 403],
        "reviewer": [403, 403, 403, 403],
        "manager": [200, 200, 200, 302],
        "outsider": [404, 404, 404, 404],
    }
    assert people["manager"].get(preview_url(whole)).status_code == 404
    assert people["manager"].get(build_url(preview)).status_code == 405


def test_who_is_not_signed_in_is_sent_to_sign_in(client, project):
    run = CurationRun.objects.create(
        project=project, recipe=Recipe("preference").to_dict(), is_preview=True
    )
    for url in (EDIT, preview_url(run)):
        reply = client.get(url)
        assert reply.status_code == 302
        assert reply.url.startswith(reverse("account_login"))
    assert client.post(build_url(run)).status_code == 302
    assert CurationRun.objects.count() == 1


def test_jobs_lead_to_what_came_of_them(manager, project):
    judged(project, "Dogs?", "left")
    preview, whole = run_of(project, is_preview=True), run_of(project)
    failed = CurationRun.objects.create(
        project=project, recipe=Recipe("preference").to_dict(), status=Run.Status.FAILED
    )

    def page_of(run):
        return text_of(manager.get(reverse("annotate:run-detail", args=[run.public_id])))

    assert preview_url(preview) in page_of(preview)
    assert "Dataset preview" in page_of(preview)
    assert "examples" not in page_of(preview)  # the result is on its own page
    assert reverse("curation:dataset-detail", args=[whole.dataset.public_id]) in page_of(whole)
    assert "Show what came of it" not in page_of(failed)


def test_a_judgment_after_the_preview_changes_the_next_preview(project):
    item = judged(project, "Dogs?", "left")
    before = run_of(project, is_preview=True)
    say(item, make_annotator(project), side("right"))
    after = run_of(project, is_preview=True)
    assert before.result["preview"]["even"] == 0
    assert after.result["preview"]["even"] == 1
