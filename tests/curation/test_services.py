"""Building dataset versions from a project's judgments."""

import json

import pytest
from django.db import IntegrityError, transaction

from annotate.models import Prompt
from annotate.services import simulate_annotators
from annotate.services.runs import RunFailed, perform
from annotate.services.simulate import Behaviour
from curation.exporting import export_files
from curation.models import DatasetVersion
from curation.recipe import Recipe
from curation.services import build, request_dataset
from tests.factories import ProjectFactory, make_item, make_open_round

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]
RECIPE = Recipe(kind="preference", include_simulated=True)
KNOWN = {"choice": "left", "strength": 2}


def _judged_project(n=12, **settings):
    project = ProjectFactory(**settings)
    items = [make_item(project, contents=(f"good {k}", f"bad {k}"), known=KNOWN) for k in range(n)]
    make_open_round(project, items)
    simulate_annotators(project, behaviours=[Behaviour(1.0)])
    return project


def _build(project, recipe=RECIPE):
    run = perform(request_dataset(project, recipe=recipe, by=None), build)
    return DatasetVersion.objects.get(public_id=run.result["dataset"])


def _rows(dataset, split):
    path = dataset.directory / f"{split}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_chosen_is_what_the_annotators_preferred_whatever_side_it_was_shown_on():
    dataset = _build(_judged_project(30))
    rows = [row for split in ("train", "validation", "test") for row in _rows(dataset, split)]
    assert len(rows) == 30
    assert all(row["chosen"][0]["content"].startswith("good") for row in rows)
    assert all(row["rejected"][0]["content"].startswith("bad") for row in rows)


def test_the_same_judgments_give_the_same_version():
    project = _judged_project()
    first, second = _build(project), _build(project)
    assert first == second
    assert DatasetVersion.objects.count() == 1
    assert len(list(first.directory.parent.iterdir())) == 1


def test_the_same_judgments_give_the_same_bytes_in_another_project():
    one = _judged_project(slug="one")
    two = ProjectFactory(slug="two")
    items = []
    for item in one.items.order_by("-pk"):
        texts = [response.content for response in item.ordered_responses()]
        items.append(make_item(two, prompt=item.prompt, contents=texts, known=KNOWN))
    make_open_round(two, items)
    simulate_annotators(two, behaviours=[Behaviour(1.0)])
    first, second = _build(one), _build(two)
    assert first.content_hash == second.content_hash
    for split in ("train", "validation", "test"):
        for suffix in ("jsonl", "parquet"):
            name = f"{split}.{suffix}"
            assert (first.directory / name).read_bytes() == (second.directory / name).read_bytes()


def test_a_prompt_keeps_its_split_in_later_versions():
    project = _judged_project(40)
    first = _build(project)
    more = [make_item(project, contents=(f"more {k}", f"less {k}"), known=KNOWN) for k in range(20)]
    from annotate.services import close_round

    close_round(project.rounds.get(), by=None)
    make_open_round(project, more)
    simulate_annotators(project, behaviours=[Behaviour(1.0)])
    second = _build(project)
    splits = dict(Prompt.objects.values_list("digest", "split"))
    for dataset in (first, second):
        for split in ("train", "validation", "test"):
            assert {splits[row["group"]] for row in _rows(dataset, split)} <= {split}
    assert second.number == first.number + 1
    assert sum(second.row_counts.values()) == 60


def test_an_empty_project_fails_with_a_sentence():
    with pytest.raises(RunFailed, match="no judgments to make a preference dataset"):
        _build(ProjectFactory())


def test_only_ties_fails_and_says_so():
    project = ProjectFactory()
    make_open_round(project, [make_item(project, known={"choice": "tie"})])
    simulate_annotators(project, behaviours=[Behaviour(1.0)])
    with pytest.raises(RunFailed, match="1 tie"):
        _build(project)


def test_a_version_records_what_it_was_made_from():
    dataset = _build(_judged_project(5))
    revisions = (dataset.directory / "revisions.txt").read_text().split()
    assert len(revisions) == 5
    assert dataset.has_simulated
    assert dataset.recipe["kind"] == "preference"
    assert {file["name"] for file in dataset.files} == {
        path.name for path in dataset.directory.iterdir()
    }


def test_a_version_cannot_be_changed():
    dataset = _build(_judged_project(5))
    dataset.content_hash = "0" * 64
    with pytest.raises(TypeError, match="immutable"):
        dataset.save()


def test_the_database_keeps_one_version_of_a_content():
    dataset = _build(_judged_project(5))
    twin = DatasetVersion(
        project=dataset.project,
        number=99,
        kind=dataset.kind,
        recipe={},
        path="x",
        content_hash=dataset.content_hash,
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()


def test_an_export_never_overwrites(tmp_path):
    dataset = _build(_judged_project(5))
    files = export_files(dataset, tmp_path / "out")
    assert len(files) == len(dataset.files)
    with pytest.raises(RunFailed, match="exists already"):
        export_files(dataset, tmp_path / "out")


@pytest.mark.parametrize("kind", ["ranking", "stepwise", "outcome", "rating"])
def test_every_kind_of_item_makes_its_dataset(kind):
    project = ProjectFactory(aspects=["helpfulness"])
    items = [
        make_item(
            project, kind="ranking", contents=("a", "b", "c"), known={"tiers": [[0], [1, 2]]}
        ),
        make_item(
            project, kind="steps", contents=("1\n\n2",), steps=("1", "2"), known={"labels": [1, -1]}
        ),
        make_item(project, kind="outcome", contents=("42",), known={"correct": True}),
        make_item(project, kind="rating", contents=("x",), known={"ratings": {"helpfulness": [4]}}),
    ]
    make_open_round(project, items)
    simulate_annotators(project, behaviours=[Behaviour(1.0)])
    dataset = _build(project, Recipe(kind=kind, include_simulated=True))
    assert sum(dataset.row_counts.values()) == 1
