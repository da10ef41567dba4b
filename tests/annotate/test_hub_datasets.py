"""Datasets on the Hub: which of their files hold the rows, and importing them."""

from __future__ import annotations

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from annotate.errors import InvalidInput
from annotate.hub import Hub, HubError
from annotate.hub_datasets import HubReference, downloaded, find_files
from annotate.models import ImportRun, Item, Project, User
from annotate.services.hub_imports import request_hub_import
from annotate.tasks import run_import
from tests.clients import client_for
from tests.factories import ProjectFactory, make_annotator
from tests.fake_hub import READ, Blob, Commit

REPO = "org/pairs"
CARD = """---
configs:
- config_name: small
  data_files: small/*.jsonl
- config_name: large
  default: true
  data_files:
  - split: train
    path: large/train-*.parquet
  - split: test
    path: [large/test.parquet]
- config_name: folder
  data_dir: deep
- config_name: deep
  data_files:
    train: "**/nested.jsonl"
---
# Pairs
"""


def pairs(*names):
    return [{"prompt": f"Q {k}?", "chosen": f"good {k}", "rejected": f"bad {k}"} for k in names]


def jsonl(*names):
    return "".join(json.dumps(row) + "\n" for row in pairs(*names)).encode()


def parquet(*names):
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(pairs(*names)), buffer)
    return buffer.getvalue()


def with_card(hub, **more):
    files = {
        "README.md": CARD.encode(),
        "small/a.jsonl": jsonl("a"),
        "small/deeper/b.jsonl": jsonl("b"),
        "large/train-00000-of-00001.parquet": parquet("c", "d"),
        "large/test.parquet": parquet("e"),
        "large/other.parquet": parquet("f"),
        "deep/down/nested.jsonl": jsonl("g"),
        "deep/down/same.csv": b"prompt,chosen,rejected\nQ,a,b\n",
    }
    return hub.add_repo(REPO, files | more)


def found(hub, text, token=""):
    return find_files(HubReference.parse(text), hub=Hub(hub.endpoint, token))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("hub:org/name", ("org/name", "", "")),
        ("org/name", ("org/name", "", "")),
        ("hub:org/name:small", ("org/name", "small", "")),
        ("hub:org/name@v3", ("org/name", "", "v3")),
        (" hub:org/na.me-1_x:ab@v3 ", ("org/na.me-1_x", "ab", "v3")),
        ("hub:org/name:c@refs/convert/parquet", ("org/name", "c", "refs/convert/parquet")),
    ],
)
def test_references_are_read(text, parts):
    reference = HubReference.parse(text)
    assert (reference.repo_id, reference.config, reference.revision) == parts
    assert HubReference.parse(str(reference)) == reference


@pytest.mark.parametrize("text", ["", "hub:", "name", "a/b/c", "org/name:", "org/na me", "../x/y"])
def test_what_names_no_dataset_is_explained(text):
    with pytest.raises(InvalidInput, match="ORG/NAME"):
        HubReference.parse(text)


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        (REPO, ["large/test.parquet", "large/train-00000-of-00001.parquet"]),
        (f"{REPO}:small", ["small/a.jsonl"]),
        (f"{REPO}:folder", ["deep/down/nested.jsonl"]),
        (f"{REPO}:deep", ["deep/down/nested.jsonl"]),
    ],
)
def test_files_are_those_that_the_card_names(fake_hub, text, paths):
    with_card(fake_hub)
    assert list(found(fake_hub, text).paths) == paths


def test_a_config_that_is_not_there_names_those_that_are(fake_hub):
    with_card(fake_hub)
    with pytest.raises(InvalidInput, match=r"no config 'odd'; it has deep, folder, large, small"):
        found(fake_hub, f"{REPO}:odd")


def test_without_a_card_the_best_form_is_taken_and_nothing_twice(fake_hub):
    files = {
        "data/train.parquet": parquet("a"),
        "data/train.jsonl": jsonl("a"),
        "dataset_infos.json": b"{}",
        ".hidden/x.parquet": b"x",
        "script.py": b"",
    }
    fake_hub.add_repo(REPO, files)
    assert list(found(fake_hub, REPO).paths) == ["data/train.parquet"]
    assert list(found(fake_hub, f"{REPO}:data").paths) == ["data/train.parquet"]
    with pytest.raises(InvalidInput, match="it has data"):
        found(fake_hub, f"{REPO}:other")


@pytest.mark.parametrize("card", ["---\n- list\n---\n", "---\nconfigs: 7\n---\n", "plain"])
def test_a_card_that_says_nothing_of_files_is_passed_over(fake_hub, card):
    fake_hub.add_repo(REPO, {"README.md": card.encode(), "a.jsonl": jsonl("a")})
    assert list(found(fake_hub, REPO).paths) == ["a.jsonl"]


def test_what_the_hub_converted_is_taken_where_there_is_nothing_else(fake_hub):
    repo = fake_hub.add_repo(REPO, {"script.py": b"print()"})
    with pytest.raises(HubError, match="holds no file that can be read"):
        found(fake_hub, REPO)
    tree = {
        "default/train/0000.parquet": Blob(parquet("a"), is_lfs=True),
        "default/partial-test/0000.parquet": Blob(parquet("b"), is_lfs=True),
        "other/train/0000.parquet": Blob(parquet("c"), is_lfs=True),
    }
    repo.converts["refs/convert/parquet"] = Commit("b" * 40, "converted", tree)
    assert list(found(fake_hub, REPO).paths) == ["default/train/0000.parquet"]
    assert list(found(fake_hub, f"{REPO}:other").paths) == ["other/train/0000.parquet"]
    with pytest.raises(InvalidInput, match="it has default, other"):
        found(fake_hub, f"{REPO}:odd")


def test_a_revision_is_pinned_to_its_commit(fake_hub, tmp_path):
    repo = fake_hub.add_repo(REPO, {"a.jsonl": jsonl("a")})
    repo.tags["v1"] = repo.head.oid
    files = found(fake_hub, f"{REPO}@v1")
    repo.add("more", {"a.jsonl": Blob(jsonl("a", "b"))})
    hub = Hub(fake_hub.endpoint)
    (content,) = [path.read_bytes() for path in downloaded(files, hub=hub, below=tmp_path)]
    assert content == jsonl("a")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("revision", ["", "@v9"])
def test_what_is_not_there_is_a_sentence(fake_hub, revision):
    if revision:
        fake_hub.add_repo(REPO, {})
    with pytest.raises(HubError, match="no such dataset org/pairs"):
        found(fake_hub, REPO + revision)


def test_a_private_dataset_takes_a_token(fake_hub):
    fake_hub.add_repo(REPO, {"a.jsonl": jsonl("a")}, private=True)
    with pytest.raises(HubError, match="or the token may not see it"):
        found(fake_hub, REPO)
    assert found(fake_hub, REPO, token=READ).paths == ("a.jsonl",)
    with pytest.raises(HubError, match="does not accept the token"):
        found(fake_hub, REPO, token="hf_wrong")


def test_a_connection_that_breaks_is_a_sentence(fake_hub, tmp_path, no_waiting):
    fake_hub.add_repo(REPO, {"a.jsonl": jsonl("a")})
    files = found(fake_hub, REPO)
    fake_hub.break_on("/resolve/")
    with pytest.raises(HubError, match="connection to the Hub broke"):
        list(downloaded(files, hub=Hub(fake_hub.endpoint), below=tmp_path))
    assert list(tmp_path.iterdir()) == []


# --- importing --------------------------------------------------------------------------------


def command(*words):
    out, err = io.StringIO(), io.StringIO()
    call_command("import_items", *words, "--json", stdout=out, stderr=err)
    return json.loads(out.getvalue().splitlines()[-1]), err.getvalue()


@pytest.mark.django_db
def test_the_command_imports_a_dataset_by_its_id(fake_hub, settings):
    with_card(fake_hub)
    report, said = command("tea", f"hub:{REPO}", "--create")
    assert (report["items"], report["judgments"], report["errors"]) == (3, 3, [])
    assert Project.objects.get(slug="tea").kinds == ["comparison"]
    assert fake_hub.repos[REPO].head.oid in said
    again, _ = command("tea", f"hub:{REPO}:large@main")
    assert (again["items"], again["duplicates"]) == (0, 3)
    assert not any((settings.CACHE_DIR / "hub").iterdir())


@pytest.mark.django_db
def test_all_files_share_their_annotators(fake_hub):
    with_card(fake_hub)
    command("tea", f"hub:{REPO}", "--create")
    people = User.objects.filter(kind="imported")
    assert [REPO in person.username or REPO in str(vars(person)) for person in people] == [True]


@pytest.mark.django_db
def test_rows_that_cannot_be_read_name_their_file(fake_hub):
    fake_hub.add_repo(REPO, {"a.jsonl": jsonl("a") + b"broken\n"})
    report, _ = command("tea", f"hub:{REPO}", "--create")
    assert [(bad["file"], bad["line"]) for bad in report["errors"]] == [("org/pairs/a.jsonl", 2)]


@pytest.mark.django_db
def test_the_command_shows_the_installations_token_and_the_page_nobodys(fake_hub, settings, sent):
    settings.HF_TOKEN = READ
    fake_hub.add_repo(REPO, {"a.jsonl": jsonl("a")}, private=True)
    command("tea", f"hub:{REPO}", "--create")
    assert Item.objects.count() == 1
    project = Project.objects.get(slug="tea")
    run = request_hub_import(
        project, HubReference.parse(REPO), by=make_annotator(project, "manager")
    )
    run_import(run.pk)
    run.refresh_from_db()
    assert run.status == "failed"
    assert "token may not see it" in run.error


@pytest.mark.django_db
def test_what_cannot_be_imported_is_one_sentence(fake_hub):
    with pytest.raises(CommandError, match="no such dataset org/nowhere"):
        command("tea", "hub:org/nowhere", "--create")
    with pytest.raises(CommandError, match="write it as ORG/NAME"):
        command("tea", "hub:nowhere", "--create")
    assert not Project.objects.exists()


@pytest.mark.django_db
def test_a_run_imports_and_says_from_which_commit(fake_hub, sent):
    with_card(fake_hub)
    project = ProjectFactory(slug="tea")
    manager = make_annotator(project, "manager")
    reference = HubReference.parse(f"{REPO}:small")
    run = request_hub_import(project, reference, by=manager, opens_round=True)
    run_import(run.pk)
    run.refresh_from_db()
    assert (run.status, run.filename) == ("succeeded", "hub:org/pairs:small")
    assert run.result["items"] == 1
    assert run.result["commit"] == fake_hub.repos[REPO].head.oid
    assert project.rounds.get().status == "open"


@pytest.mark.django_db
def test_a_run_refuses_a_dataset_that_is_too_large(fake_hub, sent, settings):
    with_card(fake_hub)
    settings.MAX_UPLOAD_BYTES = 100
    project = ProjectFactory(slug="tea")
    run = request_hub_import(
        project, HubReference.parse(REPO), by=make_annotator(project, "manager")
    )
    run_import(run.pk)
    run.refresh_from_db()
    assert "import it by command" in run.error
    assert not Item.objects.exists()


@pytest.mark.django_db
def test_a_manager_names_a_dataset_on_the_import_page(client, sent):
    project = ProjectFactory(slug="tea")
    client.force_login(make_annotator(project, "manager"))
    url = reverse("annotate:import-create", args=["tea"])
    reply = client.post(url, {"hub": "org/pairs:small", "kind": "comparison"})
    run = ImportRun.objects.get()
    assert reply.url == reverse("annotate:run-detail", args=[run.public_id])
    assert (run.filename, run.kind, run.file.name) == ("hub:org/pairs:small", "comparison", "")
    assert "hub:org/pairs:small" in client.get(reply.url).content.decode()
    for fields, sentence in (({}, "Choose files, or name"), ({"hub": "pairs"}, "ORG/NAME")):
        wrong = client.post(url, fields)
        assert wrong.status_code == 422
        assert sentence in wrong.content.decode()
    assert ImportRun.objects.count() == 1


@pytest.mark.django_db
def test_a_manager_names_a_dataset_over_the_api(sent):
    project = ProjectFactory(slug="tea")
    manager = client_for(make_annotator(project, "manager"))
    reply = manager.call("post", "projects/tea/hub-imports", {"dataset": REPO, "oracle": True})
    assert reply.status_code == 202
    run = ImportRun.objects.get(public_id=reply.json()["run"])
    assert (run.filename, run.oracle, run.open_round) == ("hub:org/pairs", True, False)
    for body in ({}, {"dataset": "pairs"}, {"dataset": REPO, "kind": "odd"}):
        assert manager.call("post", "projects/tea/hub-imports", body).status_code == 400
    reviewer = client_for(make_annotator(project, "reviewer"))
    assert reviewer.call("post", "projects/tea/hub-imports", {"dataset": REPO}).status_code == 403
