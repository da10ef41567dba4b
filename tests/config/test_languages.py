"""Which language a page is in, and that the one translation is whole."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import polib
import pytest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from annotate import words
from annotate.models import (
    Assignment,
    ImportRun,
    Item,
    Membership,
    Project,
    Round,
    RoundItem,
    Run,
    User,
)
from annotate.services import claim_assignment, invite, publish_guidelines
from annotate.services.people import choose_language
from annotate.templatetags.tiebreak import TABS
from curation.recipe import Balance, SelectJudgments
from tests.annotate.queueing import submit
from tests.annotate.views.conftest import browser, comparison, open_project, text_of
from tests.curation.building import judged, row_ids, run_of, version
from tests.factories import make_annotator, make_item
from tests.modeling.figures import make_trained, measured

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = sorted((ROOT / "locale").rglob("*.po"))
GERMAN = {"HTTP_ACCEPT_LANGUAGE": "de"}
ENGLISH_WORDS = re.compile(
    r"\b(the|and|of|with|this|your|you|are|from|yet|when|which|been|only|nothing|every|is|has|have"
    r"|not|to|for|it|its|or|at|any|more|if|there|they|were|who|how|what|one|judged|items?)\b",
    re.IGNORECASE,
)
OF_A_PROJECT = (
    "annotate:project-home",
    "annotate:project-settings",
    "annotate:guidelines",
    "annotate:members",
    "annotate:item-next",
    "annotate:import-create",
    "annotate:run-list",
    "annotate:item-list",
    "annotate:history",
    "curation:quality",
    "curation:adjudication",
    "curation:recipe-edit",
    "curation:file-list",
    "modeling:project-overview",
    "modeling:run-list",
    "modeling:run-create",
    "modeling:checkpoint-compare",
)
OF_A_VERSION = ("detail", "rows", "left-out")
OF_A_PERSON = (
    "annotate:project-list",
    "annotate:project-create",
    "annotate:account",
    "annotate:keys",
    "account_change_password",
    "account_logout",
    "mfa_index",
)


@pytest.fixture(autouse=True)
def _english_again():
    yield
    translation.activate("en")


def seen(response):
    """What a reader sees of a page: no tags, no scripts, no code, nothing said to be English."""
    page = re.sub(r"(?s)<(script|style|pre|code|textarea|kbd)\b.*?</\1>", " ", text_of(response))
    page = re.sub(r'(?s)<(\w+)[^>]* lang="en"[^>]*>.*?</\1>', " ", page)
    attributes = " ".join(re.findall(r'(?:aria-label|title|placeholder)="([^"]*)"', page))
    return unescape(re.sub(r"(?s)<[^>]*>", " ", page) + " " + attributes)


def english_in(response):
    """The lines of a page in which English words are left."""
    lines = [" ".join(line.split()) for line in seen(response).splitlines()]
    return [line for line in lines if ENGLISH_WORDS.search(line)]


@pytest.fixture
def project(db):
    project = open_project(
        comparison("Ja.", "Nein."), name="Probe", rating_max=7, qualification_size=2, overlap=2
    )
    publish_guidelines(project, text="Bitte gerecht urteilen.", by=None)
    return project


@pytest.fixture
def manager(project):
    return make_annotator(project, role="manager", is_staff=True, username="leiterin")


@pytest.mark.parametrize("name", OF_A_PROJECT)
def test_the_pages_of_a_project_are_in_german(project, manager, name):
    make_annotator(project, username="ada")
    invite(project, role="annotator", by=manager)
    Project.objects.update(qualification_size=0)
    response = browser(manager).get(reverse(name, args=[project.slug]), **GERMAN)
    assert response.status_code == 200
    assert '<html lang="de" dir="ltr">' in text_of(response)
    assert english_in(response) == []


@pytest.mark.parametrize("name", OF_A_PERSON)
def test_the_pages_of_a_person_are_in_german(project, manager, name):
    response = browser(manager).get(reverse(name), **GERMAN)
    assert response.status_code == 200
    assert english_in(response) == []


@pytest.mark.parametrize("kind", Item.Kind.values)
def test_each_kind_is_asked_in_german(db, kind):
    steps = ["Eins.", "Zwei."] if kind == "steps" else None
    project = open_project(lambda project: make_item(project, kind=kind, steps=steps), name="Probe")
    annotator = make_annotator(project, username="ada")
    response = browser(annotator).get(reverse("annotate:item-next", args=[project.slug]), **GERMAN)
    assert response.status_code == 200
    assert english_in(response) == []


def test_a_job_is_told_in_german(project, manager):
    run = ImportRun.objects.create(project=project, message="Waiting.")
    path = reverse("annotate:run-detail", args=[run.public_id])
    response = browser(manager).get(path, **GERMAN)
    assert "Wartet." in text_of(response)
    assert english_in(response) == []


def test_the_pages_about_one_thing_are_in_german(project, manager, sent):
    Project.objects.update(qualification_size=0)
    lease = claim_assignment(project, by=make_annotator(project, username="ada"))
    submit(lease)
    model = make_trained(project, metrics=measured())
    for path in (
        reverse("annotate:item-detail", args=[lease.item.public_id]),
        reverse("curation:annotator-detail", args=[project.slug, lease.annotator.public_id]),
        reverse("curation:dataset-detail", args=[model.run.dataset.public_id]),
        reverse("modeling:checkpoint-detail", args=[model.public_id]),
        reverse("modeling:checkpoint-promote", args=[model.public_id]),
        reverse("modeling:run-detail", args=[model.run.public_id]),
        reverse("modeling:playground", args=[project.slug, model.number]),
    ):
        response = browser(manager).get(path, **GERMAN)
        assert response.status_code == 200
        assert english_in(response) == [], path


def test_the_pages_of_a_version_are_in_german(project, manager, sent):
    everything = {"select": SelectJudgments(min_seconds=1), "balance": Balance(lengths="weight")}
    for asked, choices in (("Hunde?", ["left", "right"]), ("Katzen?", ["left"]), ("A?", ["left"])):
        judged(project, asked, *choices, contents=("Miau miau.", "Wau."))
    before, after = version(project), version(project, balance=Balance(subsample=1))
    preview = run_of(project, is_preview=True, **everything)
    for path in (
        *(reverse(f"curation:dataset-{name}", args=[after.public_id]) for name in OF_A_VERSION),
        reverse("curation:dataset-row", args=[after.public_id, row_ids(after)[0]]),
        reverse("curation:dataset-compare", args=[after.public_id]) + f"?with={before.public_id}",
        reverse("curation:recipe-preview", args=[preview.public_id]),
        reverse("curation:recipe-edit", args=[project.slug]) + f"?run={preview.public_id}",
    ):
        response = browser(manager).get(path, **GERMAN)
        assert response.status_code == 200
        assert english_in(response) == [], path


def test_the_page_for_a_reason_to_skip_is_in_german(project):
    annotator = make_annotator(project, username="ada")
    Project.objects.update(qualification_size=0)
    lease = claim_assignment(project, by=annotator)
    path = reverse("annotate:assignment-skip", args=[lease.public_id])
    assert english_in(browser(annotator).get(path, **GERMAN)) == []


def test_the_pages_for_people_outside_are_in_german(project, client):
    _invitation, secret = invite(project, role="annotator", by=None)
    for path in (reverse("account_login"), reverse("annotate:join", args=[secret])):
        assert english_in(client.get(path, **GERMAN)) == []


@pytest.mark.parametrize("status", ["400", "403", "403_csrf", "404", "500"])
def test_error_pages_speak_the_language_too(status):
    with translation.override("de"):
        page = render_to_string(f"{status}.html")
    assert '<html lang="de" dir="ltr">' in page
    assert "Zu den Projekten" in page


def test_pages_are_in_english_where_nothing_else_is_asked(project, manager):
    shown = text_of(browser(manager).get("/", HTTP_ACCEPT_LANGUAGE="fr"))
    assert '<html lang="en" dir="ltr">' in shown
    assert "Projects" in shown


def test_a_persons_choice_wins_over_the_browser(project, manager):
    choose_language(manager, language="de")
    response = browser(manager).get("/", HTTP_ACCEPT_LANGUAGE="en")
    assert "Projekte" in text_of(response)
    assert response["Content-Language"] == "de"


def test_a_language_is_chosen_on_the_account_page(manager):
    client = browser(manager)
    shown = text_of(client.post(reverse("annotate:account"), {"language": "de"}, follow=True))
    assert "Die Sprache ist gespeichert." in shown
    client.post(reverse("annotate:account"), {"language": ""})
    assert "Projects" in text_of(client.get("/"))


def test_a_choice_of_language_leaves_the_other_preferences(manager):
    User.objects.filter(pk=manager.pk).update(preferences={"keys": {"submit": "x"}})
    choose_language(User.objects.get(pk=manager.pk), language="de")
    kept = User.objects.get(pk=manager.pk).preferences
    assert kept == {"keys": {"submit": "x"}, "language": "de"}


def test_a_language_that_is_not_offered_is_refused(manager):
    response = browser(manager).post(reverse("annotate:account"), {"language": "xx"})
    assert response.status_code == 422


@pytest.mark.parametrize("stored", ["xx", 7, None, ["de"], {}])
def test_a_stored_language_that_makes_no_sense_is_passed_over(manager, stored):
    User.objects.filter(pk=manager.pk).update(preferences={"language": stored})
    assert "Projects" in text_of(browser(User.objects.get(pk=manager.pk)).get("/"))


def test_a_language_from_right_to_left_turns_the_page(settings, manager):
    settings.LANGUAGES = [*settings.LANGUAGES, ("ar", "العربية")]
    response = browser(manager).get("/", HTTP_ACCEPT_LANGUAGE="ar")
    assert '<html lang="ar" dir="rtl">' in text_of(response)


def test_the_texts_of_the_scripts_come_as_a_script(client, db):
    response = client.get("/jsi18n/de/")
    assert response["Content-Type"].startswith("text/javascript")
    assert "max-age" in response["Cache-Control"]
    assert "Kopiert." in text_of(response)
    assert client.get("/jsi18n/xx/").status_code == 404


def test_only_pages_in_another_language_load_the_texts_of_the_scripts(project, manager):
    path = reverse("annotate:project-home", args=[project.slug])
    assert "jsi18n" not in text_of(browser(manager).get(path))
    assert 'src="/jsi18n/de/"' in text_of(browser(manager).get(path, **GERMAN))


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.name)
def test_the_translation_is_whole(path):
    left = [entry.msgid for entry in polib.pofile(str(path)) if not _is_done(entry)]
    assert left == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.name)
def test_a_translation_keeps_what_is_filled_in(path):
    holes = re.compile(r"%\(\w+\)[sdr]|\{\w+\}|<[^>]+>")
    for entry in polib.pofile(str(path)):
        source = entry.msgid_plural or entry.msgid
        last = entry.msgstr_plural[1] if entry.msgid_plural else entry.msgstr
        assert sorted(holes.findall(last)) == sorted(holes.findall(source)), entry.msgid


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.name)
def test_what_is_compiled_is_what_is_written(path):
    def texts(entries):
        return {(e.msgctxt, e.msgid): (e.msgstr, dict(e.msgstr_plural)) for e in entries}

    compiled = polib.mofile(str(path.with_suffix(".mo")))
    assert texts(compiled) == texts(polib.pofile(str(path)))


def _is_done(entry):
    return entry.translated() and not entry.fuzzy and not entry.obsolete


@pytest.mark.parametrize(
    "choices",
    [
        Membership.Role,
        User.Kind,
        Item.Kind,
        Run.Status,
        Round.Status,
        RoundItem.Arm,
        Assignment.Status,
        Project.Scale,
        Project.RankingMode,
        Project.RatingStyle,
        Project.StepsMode,
        Project.QueueOrder,
        Project.GoldFeedback,
        Project.Verifier,
    ],
)
def test_every_word_that_a_row_stores_can_be_translated(choices):
    known = {word for group in vars(words).values() if isinstance(group, tuple) for word in group}
    assert {str(label) for label in choices.labels} <= known


def test_tabs_are_named_in_the_language_of_the_reader():
    with translation.override("de"):
        assert "Mitglieder" in [str(tab.label) for tab in TABS]
