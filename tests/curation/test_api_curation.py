"""Recipes, previews, files, rows and comparisons over the API."""

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from annotate.services.runs import perform
from curation.models import CurationRun, DatasetVersion, ProjectFile
from curation.recipe import Recipe
from curation.services import build
from tests.clients import BASE, Client, client_for, error_of
from tests.curation.building import judged, row_ids, version
from tests.curation.saying import say, side
from tests.curation.test_recipe_form import EVERYTHING
from tests.factories import ProjectFactory, UserFactory, make_annotator

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]
DATASETS, PREVIEW, FILES = (
    "projects/helpful/datasets",
    "projects/helpful/datasets/preview",
    "projects/helpful/curation-files",
)
ROWS = b'{"text": "One?"}\n'


@pytest.fixture
def project():
    return ProjectFactory(slug="helpful")


@pytest.fixture
def people(project):
    """A client for each role, and for strangers."""
    roles = {
        role: client_for(make_annotator(project, role=role))
        for role in ("annotator", "reviewer", "manager")
    }
    return roles | {"outsider": client_for(UserFactory()), "anonymous": Client()}


def upload(client, content=ROWS, *, filename="e.jsonl", **fields):
    body = {"purpose": "evaluation", "name": "exam"} | fields
    if content is not None:
        body["file"] = SimpleUploadedFile(filename, content)
    return client.post(f"{BASE}/{FILES}", body, format="multipart")


def test_a_preview_is_a_run_whose_result_tells_what_would_go(people, project):
    judged(project, "Dogs?", "left", contents=("Y", "N"))
    judged(project, "Cats?", "left", contents=("Purr.", "Bark."))
    recipe = {"kind": "preference", "aggregate": "majority", "texts": {"min_chars": 3}}
    reply = people["manager"].call("post", PREVIEW, recipe)
    assert reply.status_code == 202
    run = CurationRun.objects.get(public_id=reply.json()["run"])
    perform(run, build)
    shown = people["reviewer"].call("get", f"runs/{run.public_id}").json()
    assert shown["work"] == "Dataset preview"
    preview = shown["result"]["preview"]
    assert preview["rows"] == {"train": 1, "validation": 0, "test": 0}
    (texts,) = [step for step in preview["steps"] if step["step"] == "texts"]
    assert (texts["before"], texts["after"], texts["unit"]) == (2, 1, "items")
    assert texts["dropped"] == {"too_short": 1}
    assert len(texts["examples"]) == 1
    assert not DatasetVersion.objects.exists()


def test_every_setting_can_be_asked_for(people, project):
    for purpose, name in (
        ("evaluation", "exam"),
        ("evaluation", "quiz"),
        ("embeddings", "vectors"),
        ("topics", "themes"),
    ):
        ProjectFile.objects.create(project=project, purpose=purpose, name=name, rows=1)
    reply = people["manager"].call("post", DATASETS, EVERYTHING.to_dict())
    assert reply.status_code == 202
    assert Recipe.from_dict(CurationRun.objects.get().recipe) == EVERYTHING


def test_a_moment_may_be_named_until_when_judgments_are_read(people):
    moment = "2026-01-02T03:04:05+00:00"
    for until in (moment, None):
        people["manager"].call("post", DATASETS, {"kind": "preference", "until": until})
    now, then = CurationRun.objects.all()
    assert then.cutoff_at.isoformat() == moment
    assert timezone.now() >= now.cutoff_at > then.cutoff_at
    assert "until" not in then.recipe


@pytest.mark.parametrize("path", [DATASETS, PREVIEW])
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"until": "2999-01-01T00:00:00Z"}, "until"),
        ({"until": "soon"}, "until"),
        ({"texts": 3}, "texts"),
        ({"texts": {"min_chars": "3"}}, "recipe"),
        ({"texts": {"colour": "red"}}, "recipe"),
        ({"rows": {"min_votes": 0}}, "recipe"),
        ({"sources": ["poem"]}, "sources"),
        ({"decontaminate": {"against": ["exam"]}}, "recipe"),
        ({"balance": {"topics": "themes"}}, "recipe"),
    ],
)
def test_what_no_recipe_has_is_refused_at_once(people, path, change, field):
    reply = people["manager"].call("post", path, {"kind": "preference"} | change)
    assert reply.status_code == 400
    assert error_of(reply)["field"].startswith(field)
    assert not CurationRun.objects.exists()


def test_a_file_is_added_and_listed(people):
    reply = upload(people["manager"])
    assert reply.status_code == 201
    assert (reply.json()["name"], reply.json()["entries"]) == ("exam", 1)
    listed = people["manager"].call("get", FILES).json()["files"]
    assert listed == [reply.json()]
    assert set(listed[0]) == {"file", "purpose", "name", "entries", "sha256", "created_at"}


@pytest.mark.parametrize(
    ("fields", "status", "field"),
    [
        ({"content": None}, 400, "file"),
        ({"content": b""}, 400, "file"),
        ({"content": b"\x00junk"}, 400, "file"),
        ({"filename": "e.exe"}, 400, "file"),
        ({"filename": "../../e"}, 400, "file"),
        ({"name": "../x"}, 400, "name"),
        ({"name": "a" * 61}, 400, "name"),
        ({"purpose": "secret"}, 400, "purpose"),
        ({"purpose": "embeddings"}, 400, "file"),
    ],
)
def test_a_file_that_cannot_be_used_is_explained(people, fields, status, field):
    reply = upload(people["manager"], fields.pop("content", ROWS), **fields)
    assert reply.status_code == status
    assert error_of(reply)["field"] == field
    assert not ProjectFile.objects.exists()


def test_a_name_that_is_taken_is_409(people):
    upload(people["manager"])
    reply = upload(people["manager"], b'{"text": "Two?"}\n')
    assert (reply.status_code, error_of(reply)["field"]) == (409, "name")


def test_a_file_over_the_limit_is_413(people, settings):
    settings.MAX_UPLOAD_BYTES = 5
    reply = upload(people["manager"])
    assert (reply.status_code, error_of(reply)["code"]) == (413, "too_large")


def test_a_large_body_comes_in_here_alone(people):
    big = {"CONTENT_LENGTH": "40000000", "content_type": "text/plain"}
    assert Client().post(f"{BASE}/{FILES}", b"x", **big).status_code == 401
    assert Client().post(f"{BASE}/{PREVIEW}", b"x", **big).status_code == 413


def two(project):
    """Versions between which one row changed its answer and one came."""
    dogs = judged(project, "Dogs?", "left")
    judged(project, "Cats?", "left")
    before = version(project)
    for _ in range(2):
        say(dogs, make_annotator(project), side("right"))
    judged(project, "Cows?", "left")
    return before, version(project)


def compare(client, before, after, **query):
    query = "&".join(f"{name}={value}" for name, value in query.items())
    return client.call("get", f"datasets/{after.public_id}/compare?with={before.public_id}&{query}")


def test_two_versions_are_compared(people, project):
    before, after = two(project)
    told = compare(people["reviewer"], before, after, change="answer").json()
    assert (told["before"], told["after"]) == (str(before.public_id), str(after.public_id))
    assert told["same"] == 1
    assert {name: n for name, n in told["counts"].items() if n} == {"added": 1, "answer": 1}
    (row,) = told["rows"]
    assert row["row"] in row_ids(after)
    assert row["before"]["chosen_id"] == row["after"]["rejected_id"]
    assert (told["page"], told["pages"], told["change"]) == (1, 1, "answer")
    figures = {one["name"]: (one["before"], one["after"]) for one in told["figures"]}
    assert figures["rows.train"] == (2, 3)
    assert told["recipe"] == []
    assert compare(people["reviewer"], before, after).json()["rows"] == []
    (added,) = compare(people["reviewer"], before, after, change="added").json()["rows"]
    assert added["before"] is None


def test_a_comparison_that_cannot_be_made_is_explained(people, project):
    before, after = two(project)
    reviewer, address = people["reviewer"], f"datasets/{after.public_id}/compare"
    for query, status in (
        ("", 400),
        ("?with=x", 400),
        (f"?with={uuid4()}", 404),
        (f"?with={before.public_id}&change=poem", 400),
    ):
        reply = reviewer.call("get", address + query)
        assert reply.status_code == status
        error_of(reply)


def test_a_row_is_traced(people, project):
    person = make_annotator(project, username="ann")
    item = judged(project, "Dogs?", "right", people=[person])
    dataset = version(project)
    (name,) = row_ids(dataset)
    told = people["reviewer"].call("get", f"datasets/{dataset.public_id}/rows/{name}").json()
    assert (told["split"], told["row"]["id"], told["missing"]) == ("train", name, [])
    (judgment,) = told["judgments"]
    assert judgment["annotator"] == "ann"
    assert judgment["item"] == str(item.public_id)
    assert judgment["answer"] == {"choice": "left", "strength": 1}
    assert (judgment["revision"], judgment["is_decision"]) == (1, False)


def test_a_reviewer_sees_numbers_in_place_of_names(people, project):
    project.hide_names = True
    project.save()
    judged(project, "Dogs?", "left", people=[make_annotator(project, username="very-secret-name")])
    dataset = version(project)
    address = f"datasets/{dataset.public_id}/rows/{row_ids(dataset)[0]}"
    assert "very-secret-name" not in people["reviewer"].call("get", address).content.decode()
    assert "very-secret-name" in people["manager"].call("get", address).content.decode()


def test_rows_that_are_not_there_are_404(people, project):
    judged(project, "Dogs?", "left")
    dataset = version(project)
    for name in ("0" * 24, "x"):
        reply = people["reviewer"].call("get", f"datasets/{dataset.public_id}/rows/{name}")
        assert reply.status_code == 404
        error_of(reply)


def test_parents_and_moment_are_told(people, project):
    before, after = two(project)
    shown = people["reviewer"].call("get", f"datasets/{after.public_id}").json()
    assert shown["parents"] == [str(before.public_id)]
    assert shown["cutoff_at"]
    listed = people["reviewer"].call("get", DATASETS).json()["datasets"]
    assert [one["parents"] for one in listed] == [[str(before.public_id)], []]


def test_listing_many_versions_takes_few_queries(people, project, django_assert_max_num_queries):
    two(project)
    with django_assert_max_num_queries(6):
        people["manager"].call("get", DATASETS)


def test_who_may_do_what(people, project):
    before, after = two(project)
    row = row_ids(after)[0]
    calls = [
        lambda client: client.call("post", PREVIEW, {"kind": "preference"}),
        lambda client: client.call("get", FILES),
        lambda client: upload(client),
        lambda client: compare(client, before, after),
        lambda client: client.call("get", f"datasets/{after.public_id}/rows/{row}"),
    ]
    statuses = {
        name: [call(client).status_code for call in calls] for name, client in people.items()
    }
    assert statuses == {
        "annotator": [403, 403, 403, 403, 403],
        "reviewer": [403, 403, 403, 200, 200],
        "manager": [202, 200, 201, 200, 200],
        "outsider": [404, 404, 404, 404, 404],
        "anonymous": [401, 401, 401, 401, 401],
    }


def test_the_description_names_every_setting_of_a_recipe():
    from drf_spectacular.generators import SchemaGenerator

    from curation.recipe_settings import settings

    schema = SchemaGenerator().get_schema(request=None, public=True)
    described = schema["components"]["schemas"]["RecipeAskedInputRequest"]["properties"]
    for name in settings():
        step, _, key = name.rpartition(".")
        part = described[step]["properties"] if step else described
        assert key in part, name
    assert described["rows"]["properties"]["min_votes"] == {
        "type": "integer",
        "default": 1,
        "minimum": 1,
    }
    assert described["select"]["properties"]["min_reliability"]["nullable"]
    assert described["balance"]["properties"]["lengths"]["enum"] == ["off", "drop", "weight"]
