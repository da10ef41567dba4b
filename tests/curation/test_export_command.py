"""export_dataset: a folder or the Hub, from the command line."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from curation.models import ExportRun
from tests.curation.datasets import make_dataset
from tests.fake_hub import WRITE

# how huggingface_hub hands files to its HTTP library
IGNORED = pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent"), IGNORED]


@pytest.fixture
def dataset():
    return make_dataset()


def run(*words):
    """The command's JSON, and everything it said."""
    out, err = io.StringIO(), io.StringIO()
    call_command("export_dataset", *map(str, words), "--json", stdout=out, stderr=err)
    return json.loads(out.getvalue().splitlines()[-1]), out.getvalue() + err.getvalue()


def test_a_folder(dataset, tmp_path):
    done, _ = run(dataset.public_id, "--to", tmp_path / "own")
    assert len(done["files"]) == len(dataset.files)
    done, _ = run(dataset, "--to", tmp_path / "trl", "--format", "trl", "--form", "jsonl")
    assert str(tmp_path / "trl" / "trl" / "train.jsonl") in done["files"]


def test_the_hub_with_the_installations_token(dataset, fake_hub, settings, tmp_path):
    settings.HF_TOKEN = WRITE
    card = tmp_path / "card.json"
    card.write_text('{"languages": ["de"], "about_people": "Nurses."}')
    words = ("--hub", "org/cheer", "--license", "mit", "--card", card)
    done, said = run(dataset.public_id, *words)
    assert done == {
        "url": f"{fake_hub.endpoint}/datasets/org/cheer",
        "commit": fake_hub.repos["org/cheer"].head.oid,
        "tag": "v3",
        "private": True,
    }
    assert WRITE not in said
    readme = fake_hub.repos["org/cheer"].head.tree["README.md"].content.decode()
    assert "license: mit" in readme
    assert "- de" in readme
    assert "Nurses." in readme


def test_a_token_that_is_asked_for_is_read_from_standard_input(dataset, fake_hub, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{WRITE}\n"))
    done, said = run(dataset.public_id, "--hub", "org/cheer", "--public", "--ask-token")
    assert (done["tag"], done["private"]) == ("v3", False)
    assert WRITE not in said
    assert WRITE not in repr(vars(ExportRun.objects.get()))


def test_a_token_that_is_typed_is_not_shown(dataset, fake_hub, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", lambda prompt: WRITE)
    assert run(dataset.public_id, "--hub", "org/cheer", "--ask-token")[0]["tag"] == "v3"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "One of the arguments --to --hub is required"),
        (("--hub", "cheer"), "ORG/NAME"),
        (("--hub", "org/cheer"), "takes a token"),
        (("--hub", "org/cheer", "--private", "--public"), "not allowed with argument"),
        (("--to", "x", "--format", "nectar"), "no format 'nectar'"),
        (("--to", "x", "--format", "odd"), "invalid choice"),
        (("--to", "x", "--card", "nowhere.json"), "no readable JSON file"),
        (("--to", "x", "--license", "my own licence"), "Write the licence"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(dataset, words, sentence):
    with pytest.raises(CommandError, match=sentence):
        run(dataset.public_id, *words)


@pytest.mark.parametrize(
    "content", ["[]", '{"colour": "red"}', '{"languages": "en"}', '{"license": 1}', "{"]
)
def test_a_card_file_of_another_form_is_refused(dataset, content, tmp_path):
    card = tmp_path / "card.json"
    card.write_text(content)
    with pytest.raises(CommandError, match="JSON"):
        run(dataset.public_id, "--to", tmp_path / "out", "--card", card)
