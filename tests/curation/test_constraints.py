"""Every rule that the database states of datasets, with a row that breaks it."""

from collections.abc import Callable

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction

from curation import models
from tests.factories import ProjectFactory, make_item


def make_version(**values):
    values = {
        "project": values.pop("project", None) or ProjectFactory(),
        "number": 1,
        "kind": "preference",
        "recipe": {},
        "content_hash": "a" * 64,
        "path": "x",
    } | values
    return models.DatasetVersion.objects.create(**values)


def number_twice():
    first = make_version()
    make_version(project=first.project, content_hash="b" * 64)


def content_twice():
    first = make_version()
    make_version(project=first.project, number=2)


def make_run(**values):
    return models.CurationRun.objects.create(project=ProjectFactory(), recipe={}, **values)


def make_export(**values):
    dataset = make_version()
    values = {"destination": "x"} | values
    return models.ExportRun.objects.create(project=dataset.project, dataset=dataset, **values)


def make_file(**values):
    values = {"purpose": "evaluation", "name": "exam", "rows": 1} | values
    project = values.pop("project", None) or ProjectFactory()
    return models.ProjectFile.objects.create(project=project, **values)


def file_twice():
    first = make_file()
    make_file(project=first.project)


def contradiction_twice():
    item = make_item()
    for _ in range(2):
        models.Contradiction.objects.create(project=item.project, item=item)


BREACHES: dict[str, list[Callable[[], object]]] = {
    "dataset_number_unique": [number_twice],
    "dataset_content_unique": [content_twice],
    "dataset_kind_known": [lambda: make_version(kind="poem")],
    "curationrun_status_known": [lambda: make_run(status="lost")],
    "curationrun_progress": [lambda: make_run(progress=1.1), lambda: make_run(progress=-0.1)],
    "curationrun_running_has_lease": [lambda: make_run(status="running")],
    "exportrun_status_known": [lambda: make_export(status="lost")],
    "exportrun_progress": [lambda: make_export(progress=2), lambda: make_export(progress=-1)],
    "exportrun_running_has_lease": [lambda: make_export(status="running")],
    "exportrun_target_known": [lambda: make_export(target="moon")],
    "exportrun_has_destination": [
        lambda: make_export(target="folder", destination=""),
        lambda: make_export(target="hub", destination=""),
    ],
    "project_file_name_unique": [file_twice],
    "project_file_purpose_known": [lambda: make_file(purpose="secret")],
}


def test_every_constraint_of_the_models_is_broken_below():
    named = {
        constraint.name
        for model in apps.get_app_config("curation").get_models()
        for constraint in model._meta.constraints
    }
    assert set(BREACHES) == named


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "breach"),
    [(name, breach) for name, breaches in BREACHES.items() for breach in breaches],
)
def test_the_database_refuses(name, breach):
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        breach()
    assert speaks_of(str(refusal.value), name)


def speaks_of(message, name):
    """SQLite names a unique constraint by its columns, and PostgreSQL by its name."""
    if name in message:
        return True
    constraints = {
        constraint.name: (model, constraint)
        for model in apps.get_app_config("curation").get_models()
        for constraint in model._meta.constraints
    }
    model, constraint = constraints[name]
    columns = [model._meta.get_field(field).column for field in constraint.fields]
    return all(f"{model._meta.db_table}.{column}" in message for column in columns)


@pytest.mark.django_db
def test_an_item_stands_for_one_contradiction():
    with pytest.raises(IntegrityError), transaction.atomic():
        contradiction_twice()


@pytest.mark.django_db
def test_what_is_allowed_stays_allowed():
    first = make_version()
    make_version(project=first.project, number=2, content_hash="b" * 64)
    make_version(project=first.project, number=3, kind="outcome")
    make_version()
    make_export(target="download", destination="")
    file = make_file()
    make_file(project=file.project, purpose="topics")
    make_file()
    assert models.DatasetVersion.objects.count() == 5


@pytest.mark.django_db
def test_a_version_cannot_be_changed():
    dataset = make_version()
    dataset.kind = "ranking"
    with pytest.raises(TypeError, match="immutable"):
        dataset.save()
