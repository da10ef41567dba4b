"""Exports as runs: folders, downloads and the Hub; and where a token is not."""

from __future__ import annotations

import json
import logging
import zipfile

import pytest
from django.apps import apps
from django.core import serializers
from django.db import IntegrityError, connection, transaction

from annotate.errors import InvalidInput
from annotate.models import AuditEvent, GuidelineVersion, Run
from annotate.services.runs import RunFailed, claim_run, perform, request_cancel
from curation.card_facts import CardWords, card_facts
from curation.exporting import HubRequest, download_path, export, request_export
from curation.models import ExportRun
from curation.tasks import run_export
from tests.curation.datasets import make_dataset
from tests.curation.saying import say, side
from tests.factories import make_annotator, make_item
from tests.fake_hub import READ, WRITE

# how huggingface_hub hands files to its HTTP library
IGNORED = pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent"), IGNORED]
REPO = "org/cheer"


@pytest.fixture
def dataset():
    return make_dataset()


def to_hub(dataset, *, token=WRITE, **options):
    return request_export(dataset, by=None, hub=HubRequest(REPO, token=token), **options)


def test_a_folder_gets_the_versions_own_files(dataset, tmp_path):
    run = perform(request_export(dataset, destination=tmp_path / "out", by=None), export)
    assert len(run.result["files"]) == len(dataset.files)
    train = (tmp_path / "out" / "train.jsonl").read_bytes()
    assert train == (dataset.directory / "train.jsonl").read_bytes()
    assert AuditEvent.objects.filter(action="dataset.export").exists()


def test_a_folder_gets_a_format_that_is_asked_for_with_its_card(dataset, tmp_path):
    asked = request_export(
        dataset,
        destination=tmp_path / "out",
        by=None,
        format_name="trl",
        form="jsonl",
        words=CardWords(license="cc-by-4.0"),
    )
    files = perform(asked, export).result["files"]
    assert str(tmp_path / "out" / "trl" / "train.jsonl") in files
    card = (tmp_path / "out" / "README.md").read_text()
    assert "license: cc-by-4.0" in card
    assert "path: trl/train.jsonl" in card


def test_a_folder_that_holds_something_is_left_alone(dataset, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    asked = request_export(dataset, destination=tmp_path / "out", by=None, format_name="trl")
    with pytest.raises(RunFailed, match="never overwritten"):
        perform(asked, export)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_a_download_is_one_file_and_the_same_each_time(dataset):
    first = perform(request_export(dataset, by=None, format_name="kto"), export)
    path = download_path(first)
    content = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == first.result["files"]
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["content_hash"] == dataset.content_hash
    second = perform(request_export(dataset, by=None, format_name="kto"), export)
    assert download_path(second).read_bytes() == content
    assert not path.exists()
    assert not list(path.parent.glob("*.part"))
    assert not any((path.parent / "work").iterdir())


def test_the_hub_gets_a_private_repository_with_a_tag(fake_hub, dataset):
    run = perform(to_hub(dataset), export)
    repo = fake_hub.repos[REPO]
    assert repo.private
    assert run.result == {
        "url": f"{fake_hub.endpoint}/datasets/{REPO}",
        "commit": repo.head.oid,
        "tag": "v3",
        "private": True,
    }
    assert repo.tags == {"v3": repo.head.oid}
    assert (run.status, run.progress) == ("succeeded", 1.0)
    event = AuditEvent.objects.get(action="dataset.export")
    assert event.detail == {"target": "hub", "destination": REPO, "private": True}


def test_the_hubs_card_says_what_the_database_knows(fake_hub, dataset):
    dataset.project.overlap = 4
    dataset.project.description = "What cheers people up?"
    dataset.project.save()
    words = CardWords("cc0-1.0", ("en",), "Nurses.", "Only tea.")
    perform(to_hub(dataset, words=words), export)
    card = fake_hub.repos[REPO].head.tree["README.md"].content.decode()
    for part in (
        "license: cc0-1.0",
        "- en",
        "Nurses.",
        "Only tea.",
        "wanted of each item: 4",
        "cheers",
    ):
        assert part in card, part


def test_a_card_names_the_guidelines_and_scales_that_judgments_were_given_under(dataset):
    project = dataset.project
    old = GuidelineVersion.objects.create(project=project, number=1, text="One")
    new = GuidelineVersion.objects.create(project=project, number=2, text="Two")
    item, other = make_item(project), make_item(project, kind="outcome", contents=("x",))
    judgments = [
        say(item, make_annotator(project), side("left")),
        say(item, make_annotator(project), side("left"), scale="binary"),
        say(other, make_annotator(project), {"correct": True}),
        say(item, make_annotator(project), side("left"), purpose="gold"),
    ]
    type(judgments[0]).objects.update(created_at=dataset.created_at)
    for judgment, guideline in zip(judgments, (old, old, new, new), strict=True):
        type(judgment).objects.filter(pk=judgment.pk).update(guideline=guideline)
    facts = card_facts(dataset, CardWords())
    assert facts.guidelines == (1,)
    assert facts.scales == ("binary", "llama2")
    assert facts.origins == {"person": 2}
    assert (facts.version, facts.title) == ("v3", "Cheer")


def test_judgments_after_the_cutoff_are_not_in_the_card(dataset):
    item = make_item(dataset.project)
    say(item, make_annotator(dataset.project), side("left"))  # later than the version
    assert card_facts(dataset, CardWords()).scales == ()


def test_the_installations_token_is_used_where_none_is_given(fake_hub, dataset, settings):
    settings.HF_TOKEN = WRITE
    run = to_hub(dataset, token="")
    assert run.token_handle == ""
    assert perform(run, export).result["tag"] == "v3"


def test_a_token_that_is_given_wins_over_the_installations(fake_hub, dataset, settings):
    settings.HF_TOKEN = READ
    perform(to_hub(dataset), export)
    shown = {each.headers.get("authorization") for each in fake_hub.asked("repos/create")}
    assert shown == {f"Bearer {WRITE}"}


def test_without_any_token_nothing_is_queued(dataset):
    with pytest.raises(InvalidInput, match="takes a token") as refused:
        to_hub(dataset, token="")
    assert refused.value.field == "token"
    assert not ExportRun.objects.exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"format_name": "nectar"}, "no format 'nectar'"),
        ({"form": "csv"}, "parquet or jsonl"),
        ({"hub": HubRequest("cheer", token="x")}, "ORG/NAME"),
        ({"hub": HubRequest(REPO, token="x"), "form": "jsonl"}, "Parquet"),
    ],
)
def test_what_cannot_be_exported_is_refused_at_once(dataset, options, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        request_export(dataset, by=None, **options)
    assert not ExportRun.objects.exists()


def test_a_wrong_token_fails_with_a_sentence(fake_hub, dataset):
    run = to_hub(dataset, token="hf_TheWrongTokenOfTheTests0123")
    with pytest.raises(RunFailed, match="does not accept the token"):
        perform(run, export)
    run.refresh_from_db()
    assert (run.status, run.log) == ("failed", "")


def test_a_broken_connection_is_tried_again_and_completes(fake_hub, dataset, settings, no_waiting):
    settings.HF_TOKEN = WRITE
    fake_hub.break_on("POST .*/commit/")
    with pytest.raises(RunFailed, match="broke"):
        perform(to_hub(dataset, token=""), export)
    sent = len(fake_hub.asked("PUT /lfs/"))
    assert sent
    fake_hub.mend()
    perform(to_hub(dataset, token=""), export)
    assert len(fake_hub.asked("PUT /lfs/")) == sent
    assert len(fake_hub.repos[REPO].commits) == 2


def test_a_token_given_once_serves_one_try(fake_hub, dataset, no_waiting):
    run = to_hub(dataset)
    fake_hub.break_on("POST .*/commit/")
    with pytest.raises(RunFailed, match="broke"):
        perform(run, export)
    ExportRun.objects.update(status="pending", attempts=0)
    with pytest.raises(RunFailed, match="given once and is used up"):
        perform(run, export)
    fake_hub.mend()
    perform(to_hub(dataset), export)
    assert len(fake_hub.repos[REPO].commits) == 2


def test_a_run_that_is_cancelled_stops_and_leaves_no_files(fake_hub, dataset, monkeypatch):
    monkeypatch.setattr("curation.exporting.SECONDS_BETWEEN_REPORTS", 0)
    run = to_hub(dataset)
    claimed = claim_run(ExportRun, run.pk)
    request_cancel(claimed, by=None)
    ExportRun.objects.update(lease_until=run.created_at)
    run_export(run.pk)
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert fake_hub.repos == {}


def test_what_a_killed_try_left_behind_is_no_hindrance(fake_hub, dataset, settings):
    run = to_hub(dataset)
    left = settings.EXPORT_DIR / "work" / str(run.public_id)
    left.mkdir(parents=True)
    (left / "half.parquet").write_bytes(b"half")
    perform(run, export)
    assert not left.exists()


def test_the_same_version_on_the_hub_twice_is_one_commit(fake_hub, dataset):
    first, second = (perform(to_hub(dataset), export) for _ in range(2))
    assert first.result == second.result
    assert len(fake_hub.repos[REPO].commits) == 2


def test_progress_is_told_while_it_runs(fake_hub, dataset, monkeypatch):
    monkeypatch.setattr("curation.exporting.SECONDS_BETWEEN_REPORTS", 0)
    told = []

    def report(share, message=""):
        told.append((share, message))

    export(to_hub(dataset), report)
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] < 1
    assert {"Writing files.", "Committing."} <= {message for _, message in told}


def test_a_version_whose_files_are_gone_fails_with_a_sentence(dataset):
    for path in dataset.directory.iterdir():
        path.unlink()
    with pytest.raises(RunFailed, match=r"no readable manifest.json on this machine"):
        perform(request_export(dataset, by=None), export)


def everything_stored():
    """Every row of every table, as text."""
    rows = [
        serializers.serialize("json", model._default_manager.all())
        for model in apps.get_models()
        if model._meta.managed
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key, value FROM tiebreak_cache")
        rows += map(str, cursor.fetchall())
    return "\n".join(rows)


@pytest.mark.parametrize("good", [True, False])
def test_a_token_is_in_no_row_no_message_and_no_log(
    fake_hub, dataset, sent, caplog, tmp_path, settings, good
):
    token = WRITE if good else "hf_TheWrongTokenOfTheTests0123"
    caplog.set_level(logging.DEBUG)
    with transaction.atomic():
        run = to_hub(dataset, token=token)
    before = everything_stored()
    if good:
        perform(run, export)
    else:
        with pytest.raises(RunFailed):
            perform(run, export)
    shown = {request.headers.get("authorization") for request in fake_hub.requests}
    assert f"Bearer {token}" in shown
    for text in (before, everything_stored(), repr(sent), caplog.text, repr(vars(run))):
        assert token not in text
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or token.encode() not in path.read_bytes()


def test_the_message_to_the_worker_is_an_id(dataset, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        run = to_hub(dataset)
    assert sent == [("curation.run_export", run.pk, "default")]


def test_the_database_knows_the_targets(dataset):
    common = {"project": dataset.project, "dataset": dataset}
    with pytest.raises(IntegrityError), transaction.atomic():
        ExportRun.objects.create(target="moon", destination="x", **common)
    with pytest.raises(IntegrityError), transaction.atomic():
        ExportRun.objects.create(target="hub", destination="", **common)
    assert isinstance(ExportRun.objects.create(target="download", **common), Run)
