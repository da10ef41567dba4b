"""Which models are trained on which datasets, and which of them serve the loop."""

import pytest
from django.urls import reverse

from annotate.errors import InvalidInput
from modeling.models import Checkpoint, TrainingRun
from modeling.services import (
    promote_checkpoint,
    promoted_checkpoint,
    publish_checkpoint,
    request_round,
    request_training,
)
from tests.factories import ProjectFactory, make_annotator
from tests.modeling.factories import make_checkpoint, make_dataset
from tests.modeling.gallery import OBJECTIVES, held_out_figures

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


@pytest.fixture
def project():
    return ProjectFactory()


def request(project, kind, **config):
    return request_training(
        project, dataset=make_dataset(project, kind=kind), config=config, by=None
    )


def published(project, kind, **config):
    return publish_checkpoint(request(project, kind, **config), path="x", manifest={}, metrics={})


@pytest.mark.parametrize(
    ("kind", "objective"),
    [
        ("preference", "bradley_terry"),
        ("ranking", "plackett_luce"),
        ("stepwise", "prm"),
        ("outcome", "outcome"),
        ("rating", "regression"),
        ("classification", "classification"),
    ],
)
def test_the_kind_of_a_dataset_decides_what_is_trained(project, kind, objective):
    config = request(project, kind, seed=3).config
    assert (config["objective"], config["seed"]) == (objective, 3)
    assert config["frozen"] == (kind == "preference")


def test_an_objective_of_another_kind_is_refused(project):
    with pytest.raises(InvalidInput, match=r"plackett_luce trains on .* ranking, not on stepwise"):
        request(project, "stepwise", objective="plackett_luce")
    assert not TrainingRun.objects.exists()


def test_a_frozen_backbone_is_refused_for_other_kinds(project):
    with pytest.raises(InvalidInput, match="set frozen to false"):
        request(project, "ranking", frozen=True)


@pytest.mark.parametrize("kind", ["ranking", "stepwise", "outcome", "rating", "classification"])
def test_only_a_model_of_pairs_comes_into_force(project, kind):
    scorer = published(project, "preference")
    other = published(project, kind)
    assert promoted_checkpoint(project) == scorer
    assert not Checkpoint.objects.get(pk=other.pk).is_promoted


def test_a_model_of_steps_cannot_be_put_in_force(project):
    scorer = published(project, "preference")
    with pytest.raises(InvalidInput, match="trained as prm"):
        promote_checkpoint(published(project, "stepwise"), by=None)
    assert promoted_checkpoint(project) == scorer


def test_a_model_of_steps_picks_no_round(project):
    steps = published(project, "stepwise")
    with pytest.raises(InvalidInput, match="only a model of preferences"):
        request_round(project, strategy="low_margin", size=4, by=None, checkpoint=steps)
    with pytest.raises(InvalidInput, match="no reward model yet"):
        request_round(project, strategy="low_margin", size=4, by=None)


def test_a_model_from_before_there_was_a_choice_stays_in_force(project):
    old = make_checkpoint(project)
    assert promote_checkpoint(old, by=None).is_promoted


@pytest.mark.parametrize("objective", ["davidson", "rao_kupper", "cumulative_logit"])
def test_any_model_of_preferences_comes_into_force(project, objective):
    model = published(project, "preference", objective=objective, frozen=False)
    assert promoted_checkpoint(project) == model


@pytest.mark.parametrize("kind", OBJECTIVES)
def test_the_pages_of_any_model_open(client, project, kind):
    run = request(project, kind)
    metrics = {"validation": {"n": 4}, "test": held_out_figures(kind), "truncated": {"train": 0}}
    checkpoint = publish_checkpoint(run, path="x", manifest={}, metrics=metrics)
    client.force_login(make_annotator(project, "manager"))
    pages = [
        reverse("modeling:checkpoint-detail", args=[checkpoint.public_id]),
        reverse("modeling:project-overview", args=[project.slug]),
    ]
    assert [client.get(page).status_code for page in pages] == [200, 200]
