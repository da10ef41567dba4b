"""Checkpoints for other programs: folders, what the scorer serves, and the Hub."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from annotate.hub import Hub, HubError
from modeling import runner
from modeling.core.export.card import CardWords, model_card
from modeling.core.files import write_json
from modeling.pushing import push_model
from modeling.scoring_service import served_directory
from tests.factories import ProjectFactory
from tests.fake_hub import READ, WRITE
from tests.modeling.factories import make_checkpoint

# how huggingface_hub hands files to its HTTP library
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")
REPO = "org/cheer-rm"
MANIFEST = {
    "format": 1,
    "config": {"objective": "bradley_terry", "backbone": "minilm", "frozen": True},
    "dataset": {"kind": "preference", "content_hash": "abc123", "rows": {"train": 8, "test": 2}},
    "metrics": {
        "test": {
            "n": 20,
            "accuracy": 0.65,
            "interval": [0.55, 0.75],
            "baselines": {"length": {"accuracy": 0.6}, "bag_of_words": None},
        }
    },
    "template": {"name": "turns", "version": 1},
}


@pytest.fixture
def folder(tmp_path):
    found = tmp_path / "model"
    found.mkdir()
    write_json(found / "manifest.json", MANIFEST)
    (found / "head.safetensors").write_bytes(b"weights")
    return found


def push(hub, folder, *, token=WRITE, tag="v1", **options):
    return push_model(folder, REPO, hub=Hub(hub.endpoint, token), tag=tag, card="# A", **options)


def test_a_model_repository_is_made_private_in_one_tagged_commit(fake_hub, folder):
    done = push(fake_hub, folder)
    repo = fake_hub.repos[REPO]
    assert (done.url, done.private, done.is_new) == (f"{fake_hub.endpoint}/{REPO}", True, True)
    assert repo.private
    assert repo.tags == {"v1": done.commit}
    assert repo.head.tree["head.safetensors"].content == b"weights"
    assert repo.head.tree["README.md"].content == b"# A"
    assert len(repo.commits) == 2


def test_the_same_version_is_not_sent_twice_and_no_other_takes_its_tag(fake_hub, folder):
    push(fake_hub, folder)
    assert push(fake_hub, folder).is_new is False
    (folder / "head.safetensors").write_bytes(b"other")
    with pytest.raises(HubError, match="has a tag v1 with other files"):
        push(fake_hub, folder)


def test_a_new_version_takes_the_place_of_the_old_files(fake_hub, folder):
    push(fake_hub, folder)
    (folder / "head.safetensors").rename(folder / "model.onnx")
    push(fake_hub, folder, tag="v2")
    tree = fake_hub.repos[REPO].head.tree
    assert {"manifest.json", "model.onnx", "README.md", ".gitattributes"} == set(tree)


def test_who_may_not_write_is_told(fake_hub, folder):
    with pytest.raises(HubError, match="takes a token"):
        push(fake_hub, folder, token="")
    with pytest.raises(HubError, match="may not do this"):
        push(fake_hub, folder, token=READ)


def test_a_public_repository_is_not_taken_for_a_private_one(fake_hub, folder):
    fake_hub.add_repo(REPO, {})
    with pytest.raises(HubError, match="public"):
        push(fake_hub, folder)
    assert push(fake_hub, folder, private=False).private is False


def test_the_card_tells_what_how_good_from_what_and_how_to_load():
    words = CardWords(license="mit", languages=("en",))
    card = model_card(MANIFEST, title="cheer-rm-1", repo_id=REPO, words=words)
    for part in (
        'license: "mit"',
        "# cheer-rm-1",
        "σ of the difference",
        f'snapshot_download("{REPO}"',
        "| accuracy | 0.6500 |",
        "between 0.550 and 0.750",
        "length 0.600",
        "`abc123`",
        "8 train, 2 test",
        "## What it cannot tell",
    ):
        assert part in card
    export = {**MANIFEST, "target": "transformers", "objective": "bradley_terry"}
    assert "AutoModelForSequenceClassification" in model_card(export, title="x", repo_id=REPO)


def test_a_model_without_figures_says_so():
    card = model_card({**MANIFEST, "metrics": {}}, title="x", repo_id=REPO)
    assert "nothing was measured" in card


@pytest.fixture
def checkpoint(db, settings, tmp_path):
    settings.SERVED_DIR = tmp_path / "served"
    found = make_checkpoint(ProjectFactory(slug="cheer"))
    found.directory.mkdir(parents=True)
    write_json(found.directory / "manifest.json", MANIFEST)
    return found


@pytest.fixture
def jobs(monkeypatch):
    """The jobs that would have run, each with a manifest for a result."""
    asked = []

    def run_job(folder, kind, job, report, **options):
        asked.append((kind, job))
        return {"target": job["target"], "files": {"part-0.onnx": "hash"}, "agreement": {"n": 2}}

    monkeypatch.setattr(runner, "run_job", run_job)
    return asked


def run(*words):
    """The command's JSON, and everything it said."""
    out, err = io.StringIO(), io.StringIO()
    call_command("export_checkpoint", *map(str, words), "--json", stdout=out, stderr=err)
    return json.loads(out.getvalue().splitlines()[-1]), out.getvalue() + err.getvalue()


def test_without_a_folder_the_int8_model_goes_where_the_scorer_looks(checkpoint, jobs):
    done, _ = run(checkpoint.public_id)
    place = str(served_directory(checkpoint).resolve())
    assert done == {
        "to": place,
        "target": "onnx-int8",
        "agreement": {"n": 2},
        "files": ["part-0.onnx"],
    }
    ((kind, job),) = jobs
    assert (kind, job["output"], job["checkpoint"]) == ("export", place, str(checkpoint.directory))
    assert job["dataset"] == str(checkpoint.run.dataset.directory)


def test_a_folder_and_a_form_are_as_asked(checkpoint, jobs, tmp_path):
    done, _ = run(checkpoint.public_id, "--to", tmp_path / "out", "--format", "torchscript")
    assert (done["to"], done["target"]) == (str(tmp_path / "out"), "torchscript")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("none",), "There is no checkpoint"),
        (("ID", "--format", "torchscript"), "--to"),
        (("ID", "--format", "checkpoint"), "format must be"),
        (("ID", "--hub", "cheer"), "ORG/NAME"),
        (("ID", "--hub", REPO), "takes a token"),
        (("ID", "--hub", REPO, "--card", "nowhere.json"), "must hold a JSON object"),
    ],
)
def test_bad_input_is_a_sentence(checkpoint, jobs, words, sentence):
    given = [checkpoint.public_id if word == "ID" else word for word in words]
    with pytest.raises(CommandError, match=sentence):
        run(*given)


def test_a_checkpoint_goes_to_the_hub_and_the_token_stays_unsaid(
    checkpoint, fake_hub, settings, tmp_path
):
    settings.HF_TOKEN = WRITE
    card = tmp_path / "card.json"
    card.write_text('{"license": "mit", "limitations": "Only nurses judged."}')
    done, said = run(checkpoint.public_id, "--hub", REPO, "--public", "--card", card)
    assert (done["tag"], done["private"]) == ("v1", False)
    assert WRITE not in said
    tree = fake_hub.repos[REPO].head.tree
    assert "Only nurses judged." in tree["README.md"].content.decode()
    assert json.loads(tree["manifest.json"].content) == MANIFEST


def test_what_people_wrote_stays_here(checkpoint, fake_hub, settings):
    settings.HF_TOKEN = WRITE
    failures = {"near_failures": [{"row": 1, "text": {"prompt": "My diagnosis"}}]}
    test = {**MANIFEST["metrics"]["test"], **failures}
    write_json(checkpoint.directory / "manifest.json", {**MANIFEST, "metrics": {"test": test}})
    (checkpoint.directory / "backbone").mkdir()
    (checkpoint.directory / "backbone" / "config.json").write_text("{}")
    run(checkpoint.public_id, "--hub", REPO)
    tree = fake_hub.repos[REPO].head.tree
    assert json.loads(tree["manifest.json"].content) == MANIFEST
    assert tree["backbone/config.json"].content == b"{}"
    kept = json.loads((checkpoint.directory / "manifest.json").read_text())
    assert kept["metrics"]["test"] == test


def test_a_token_that_is_asked_for_is_read_from_standard_input(checkpoint, fake_hub, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{WRITE}\n"))
    done, said = run(checkpoint.public_id, "--hub", REPO, "--ask-token")
    assert done["private"] is True
    assert WRITE not in said
