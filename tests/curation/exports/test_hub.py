"""Pushing to the Hub, against one of our own: create, commit, resume, refuse, update, tag."""

from __future__ import annotations

import logging
import re

import pytest

from annotate.errors import InvalidInput
from annotate.hub import Hub, HubError
from curation.exports.card import CardFacts, write_card
from curation.exports.hub import push_export
from curation.exports.shards import Limits
from curation.exports.write import write_export
from tests.curation.exports.test_write import many
from tests.curation.exports.versions import write_version
from tests.fake_hub import READ, WRITE, Blob

# how huggingface_hub hands files to its HTTP library
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")
REPO = "org/cheer"


@pytest.fixture
def export(tmp_path):
    source = write_version(tmp_path / "v", "preference", many(9))
    limits = Limits(rows=3)
    return write_export(source, tmp_path / "out", format_name="tiebreak", limits=limits)


@pytest.fixture
def push(fake_hub, tmp_path, export):
    """Push the export with what a test changes."""

    def push(given=export, *, token=WRITE, tag="v3", repo_id=REPO, told=None, **options):
        facts = CardFacts(title="Cheer", name=f"cheer-{tag}", version=tag, repo_id=repo_id)
        version = write_version(tmp_path / f"card{len(list(tmp_path.iterdir()))}", "preference")
        return push_export(
            given,
            repo_id,
            hub=Hub(fake_hub.endpoint, token),
            tag=tag,
            kind="preference",
            card=lambda existing: write_card(version, facts, given.tables, existing=existing),
            progress=lambda share, message: (
                told.append((share, message)) if told is not None else 0
            ),
            **options,
        )

    return push


def stored(hub, repo_id=REPO, revision="main"):
    return {path: blob.content for path, blob in hub.repos[repo_id].at(revision).tree.items()}


def test_a_repository_is_made_private_and_holds_everything_in_one_commit(fake_hub, push, export):
    pushed = push()
    repo = fake_hub.repos[REPO]
    assert repo.private
    assert pushed.private
    assert [commit.title for commit in repo.commits] == ["initial commit", "v3: tiebreak"]
    files = stored(fake_hub)
    for file in export.files[:-1]:
        assert files[file.name] == (export.directory / file.name).read_bytes()
    assert b'"tiebreak-export"' in files["tiebreak/preference.json"]
    assert b"## Preference rows, v3" in files["README.md"]


def test_the_version_is_a_tag_on_that_commit(fake_hub, push):
    pushed = push()
    assert fake_hub.repos[REPO].tags == {"v3": pushed.commit}
    assert pushed.commit == fake_hub.repos[REPO].head.oid
    assert pushed.url == f"{fake_hub.endpoint}/datasets/{REPO}"
    assert pushed.is_new


def test_publishing_takes_a_word(fake_hub, push):
    assert not push(private=False).private
    assert not fake_hub.repos[REPO].private


def test_a_public_repository_is_not_taken_for_a_private_one(fake_hub, push):
    fake_hub.add_repo(REPO, {"README.md": b"# Here"})
    with pytest.raises(HubError, match="there already and public"):
        push()
    assert set(stored(fake_hub)) == {".gitattributes", "README.md"}
    assert not push(private=False).private


def test_a_private_repository_stays_private(fake_hub, push):
    fake_hub.add_repo(REPO, {}, private=True)
    assert push(private=False).private


def test_an_existing_card_is_updated_and_other_files_stay(fake_hub, push):
    card = b"---\nlicense: mit\ntags:\n- poems\n---\n\n# My poems\n\nBy hand.\n"
    fake_hub.add_repo(REPO, {"README.md": card, "poems.csv": b"a,b\n"}, private=True)
    push()
    files = stored(fake_hub)
    assert files["poems.csv"] == b"a,b\n"
    text = files["README.md"].decode()
    assert "# My poems\n\nBy hand." in text
    assert "license: mit" in text
    assert "## Preference rows, v3" in text


def test_pushing_the_same_again_changes_nothing(fake_hub, push):
    first = push()
    again = push()
    assert again == type(first)(**{**_fields(first), "is_new": False})
    assert len(fake_hub.repos[REPO].commits) == 2
    assert len(fake_hub.asked("PUT /lfs/")) == len(set(fake_hub.stored))


def _fields(pushed):
    return {name: getattr(pushed, name) for name in pushed.__slots__}


def test_a_tag_with_other_files_is_left_alone(fake_hub, push, tmp_path):
    push()
    other = write_version(tmp_path / "w", "preference", many(7))
    export = write_export(other, tmp_path / "out2", format_name="tiebreak")
    with pytest.raises(HubError, match="tag v3 with other files"):
        push(export)
    assert len(fake_hub.repos[REPO].commits) == 2


def test_a_new_version_takes_the_old_shards_out_and_leaves_the_old_tag(fake_hub, push, tmp_path):
    push()
    before = stored(fake_hub, revision="v3")
    other = write_version(tmp_path / "w", "preference", many(7))
    push(write_export(other, tmp_path / "out2", format_name="tiebreak"), tag="v4")
    assert stored(fake_hub, revision="v3") == before
    names = set(stored(fake_hub))
    assert {name for name in names if name.startswith("bt/")} == {"bt/train-00000-of-00001.parquet"}


def test_files_that_are_not_ours_are_never_deleted(fake_hub, push):
    theirs = {
        "bt/notes.md": b"1",
        "data/train-00000-of-00009.parquet": b"2",
        "bt/deep/train-00000-of-00009.parquet": b"3",
    }
    fake_hub.add_repo(REPO, theirs | {"bt/train-00000-of-00009.parquet": b"4"}, private=True)
    push()
    files = stored(fake_hub)
    assert theirs.items() <= files.items()
    assert "bt/train-00000-of-00009.parquet" not in files


def test_a_broken_upload_goes_on_where_it_broke(fake_hub, push, export, no_waiting):
    last = next(file.sha256 for file in export.files if file.name.startswith("votes/train-00002"))
    fake_hub.break_on(f"PUT /lfs/{last}")
    with pytest.raises(HubError, match="connection to the Hub broke"):
        push()
    kept = set(fake_hub.stored)
    assert kept
    assert len(fake_hub.repos[REPO].commits) == 1
    fake_hub.mend()
    fake_hub.requests.clear()
    push()
    sent = {request.path.rpartition("/")[2] for request in fake_hub.asked("PUT /lfs/")}
    assert sent.isdisjoint(kept)
    assert last in sent
    assert len(fake_hub.repos[REPO].commits) == 2
    assert fake_hub.repos[REPO].tags


def test_a_commit_whose_answer_was_lost_is_not_made_twice(fake_hub, push, no_waiting):
    fake_hub.break_on("POST .*/tag/")
    with pytest.raises(HubError, match="broke"):
        push()
    assert not fake_hub.repos[REPO].tags
    fake_hub.mend()
    pushed = push()
    assert len(fake_hub.repos[REPO].commits) == 2
    assert fake_hub.repos[REPO].tags == {"v3": pushed.commit}


@pytest.mark.parametrize("call", ["POST /api/repos/create", "GET .*/tree/", "POST .*/commit/"])
def test_wherever_the_connection_breaks_trying_again_ends_well(fake_hub, push, call, no_waiting):
    fake_hub.break_on(call)
    with pytest.raises(HubError, match="broke"):
        push()
    fake_hub.mend()
    push()
    assert len(fake_hub.repos[REPO].commits) == 2


def test_a_hub_that_cannot_be_reached_is_a_sentence(export, no_waiting):
    with pytest.raises(HubError, match="connection to the Hub broke"):
        push_export(
            export,
            REPO,
            hub=Hub("http://127.0.0.1:9", WRITE),
            tag="v3",
            kind="preference",
            card=str,
        )


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        ("hf_wrong", "does not accept the token"),
        (READ, "may not do this with org/cheer"),
        ("", "takes a token: set HF_TOKEN"),
    ],
)
def test_a_token_that_will_not_do_is_a_sentence_without_the_token(
    fake_hub, push, token, sentence, caplog
):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(HubError, match=sentence) as refused:
        push(token=token)
    assert fake_hub.repos == {}
    if token:
        assert token not in str(refused.value) + repr(Hub("x", token)) + caplog.text


def test_a_token_is_nowhere_in_the_log(fake_hub, push, caplog):
    caplog.set_level(logging.DEBUG)
    push()
    assert "preupload" in caplog.text
    assert WRITE not in caplog.text


def test_no_other_token_of_the_machine_is_shown(fake_hub, push, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", READ)
    push()
    shown = {request.headers.get("authorization") for request in fake_hub.requests}
    assert shown <= {f"Bearer {WRITE}", None}
    assert all("authorization" not in each.headers for each in fake_hub.asked("PUT /lfs/"))


def test_somebody_elses_commit_in_between_is_not_lost(fake_hub, push):
    fake_hub.before_commit = lambda repo: (
        repo.add("theirs", {"theirs.txt": Blob(b"x")}) if len(repo.commits) == 1 else None
    )
    with pytest.raises(HubError, match="changed by somebody else"):
        push()
    push()
    assert stored(fake_hub)["theirs.txt"] == b"x"


def test_a_repository_that_ignores_our_files_is_found_out(fake_hub, push):
    fake_hub.add_repo(REPO, {".gitignore": b"*.parquet"}, private=True)
    with pytest.raises(HubError, match="did not take all files"):
        push()
    assert not fake_hub.repos[REPO].tags


def test_progress_runs_to_the_end(push):
    told = []
    push(told=told)
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert told[-1] == (1.0, "Committing.")
    assert re.fullmatch(r"Sent 4 of \d+ files\.", told[1][1])


@pytest.mark.parametrize("repo_id", ["cheer", "a/b/c", "../cheer", "org/che er", "org/", "o..g/x"])
def test_a_name_that_is_no_id_is_refused(push, repo_id):
    with pytest.raises(InvalidInput, match="write it as ORG/NAME"):
        push(repo_id=repo_id)


def test_a_card_that_the_hub_refuses_stops_before_anything_is_sent(fake_hub, export):
    with pytest.raises(HubError, match="does not accept what was sent"):
        push_export(
            export,
            REPO,
            hub=Hub(fake_hub.endpoint, WRITE),
            tag="v3",
            kind="preference",
            card=lambda existing: "---\nlicense: not a licence\n---\n",
        )
    assert len(fake_hub.repos[REPO].commits) == 1
