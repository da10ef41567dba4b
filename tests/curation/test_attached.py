"""Files of a project that recipes name: kept once, never changed, read when they are named."""

import hashlib

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from annotate.errors import Conflict, InvalidInput, TooLarge
from annotate.models import AuditEvent
from curation.attached import add_file, missing_files, project_inputs
from curation.models import ProjectFile
from curation.recipe import Balance, Decontaminate, Dedupe, Recipe
from tests.factories import ProjectFactory, make_annotator

pytestmark = pytest.mark.django_db

ROWS = b'{"text": "One?"}\n{"text": "Two?"}\n'
TOPICS = b'{"group": "g", "topic": "sport"}\n'


@pytest.fixture
def project():
    return ProjectFactory(slug="cheer")


@pytest.fixture
def vectors(tmp_path):
    path = tmp_path / "vectors.npz"
    np.savez(path, ids=np.array(["g"]), embeddings=np.ones((1, 2)))
    return path.read_bytes()


def add(project, content=ROWS, *, purpose="evaluation", name="mine", filename="e.jsonl", by=None):
    upload = SimpleUploadedFile(filename, content)
    return add_file(project, purpose=purpose, name=name, content=upload, by=by)


def kept():
    from django.core.files.storage import default_storage

    folder = "curation/cheer"
    return default_storage.listdir(folder)[1] if default_storage.exists(folder) else []


def test_a_file_is_kept_with_its_hash_and_its_size(project):
    manager = make_annotator(project, "manager")
    row = add(project, by=manager)
    assert (row.rows, str(row)) == (2, "evaluation mine")
    assert row.sha256 == hashlib.sha256(ROWS).hexdigest()
    with row.file.open() as stored:
        assert stored.read() == ROWS
    assert AuditEvent.objects.filter(action="curation_file.add", actor=manager).exists()


def test_the_uploaded_name_is_no_path(project):
    row = add(project, filename="../../etc/passwd.jsonl")
    assert row.file.name.startswith("curation/cheer/")
    assert ".." not in row.file.name
    assert "passwd" not in row.file.name


def test_a_name_is_taken_once_for_each_purpose_and_project(project):
    add(project)
    with pytest.raises(Conflict, match="already"):
        add(project, b'{"text": "Three?"}\n')
    add(project, TOPICS, purpose="topics")
    add(ProjectFactory(slug="tea"))
    assert ProjectFile.objects.count() == 3


def test_two_at_once_leave_one_and_no_litter(project, monkeypatch):
    add(project)
    monkeypatch.setattr("curation.attached._check", lambda *args: None)  # both looked before
    with pytest.raises(Conflict):
        add(project)
    assert len(kept()) == 1


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"content": b""}, "is empty"),
        ({"content": b"\x00\x01 junk"}, "row 1"),
        ({"content": b'{"other": 1}\n'}, "one of the columns"),
        ({"filename": "e.exe"}, "must end in one of"),
        ({"filename": "e"}, "must end in one of"),
        ({"purpose": "secret"}, "no such purpose"),
        ({"name": "../x"}, "letters, digits"),
        ({"name": ""}, "letters, digits"),
        ({"name": "a" * 61}, "letters, digits"),
        ({"purpose": "embeddings"}, r"\.npz or a \.parquet"),
        ({"purpose": "topics"}, "under group and under topic"),
    ],
)
def test_a_file_that_cannot_be_used_leaves_nothing(project, given, why):
    with pytest.raises(InvalidInput, match=why):
        add(project, given.pop("content", ROWS), **given)
    assert not ProjectFile.objects.exists()
    assert not kept()


def test_errors_call_a_file_what_its_owner_calls_it(project):
    with pytest.raises(InvalidInput) as error:
        add(project, b"", filename="holiday questions.jsonl")
    assert str(error.value) == "holiday questions.jsonl is empty."


def test_a_file_over_the_installations_limit_is_refused(project, settings):
    settings.MAX_UPLOAD_BYTES = len(ROWS) - 1
    with pytest.raises(TooLarge):
        add(project)


def test_a_recipe_reads_the_files_it_names_and_no_others(project, vectors):
    add(project)
    add(project, b'{"text": "Three?"}\n', name="other")
    add(project, TOPICS, purpose="topics", name="mine")
    add(project, vectors, purpose="embeddings", name="mine", filename="v.npz")
    recipe = Recipe(
        "preference",
        decontaminate=Decontaminate(against=("mine",)),
        dedupe=Dedupe(embeddings="mine"),
        balance=Balance(by="topic", topics="mine"),
    )
    inputs = project_inputs(project, recipe)
    assert inputs.evaluations == {"mine": ["One?", "Two?"]}
    assert inputs.topics == {"mine": {"g": "sport"}}
    assert inputs.embeddings["mine"].ids.tolist() == ["g"]
    assert set(inputs.digests) == {"evaluation/mine", "topics/mine", "embeddings/mine"}
    assert not missing_files(project, recipe)
    assert not project_inputs(project, Recipe("preference")).digests


def test_what_a_recipe_lacks_is_named(project):
    add(project, name="here")
    recipe = Recipe(
        "preference",
        decontaminate=Decontaminate(against=("here", "gone")),
        dedupe=Dedupe(embeddings="here"),
    )
    assert missing_files(project, recipe) == ["embeddings/here", "evaluation/gone"]
