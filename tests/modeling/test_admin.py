"""The administration: everything can be looked at, and some things asked for."""

import pytest
from django.urls import reverse

from curation.models import CurationRun
from modeling.models import ScoringRun, TrainingRun
from tests.factories import ProjectFactory, UserFactory, make_item
from tests.modeling.factories import make_dataset
from tests.modeling.figures import make_trained

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


@pytest.fixture
def project():
    return ProjectFactory(slug="cheer", name="Cheerful answers", loop_round_size=20)


@pytest.fixture
def admin(client):
    user = UserFactory(is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def act(client, model, action, row):
    address = reverse(f"admin:{model}_changelist")
    data = {"action": action, "_selected_action": [row.pk]}
    return client.post(address, data, follow=True).content.decode()


@pytest.mark.parametrize(
    "model",
    [
        "curation_curationrun",
        "curation_exportrun",
        "curation_datasetversion",
        "modeling_trainingrun",
        "modeling_evaluationrun",
        "modeling_scoringrun",
        "modeling_checkpoint",
        "modeling_score",
        "modeling_loopproject",
    ],
)
def test_every_table_can_be_looked_at_and_added_to_by_no_hand(client, project, admin, model):
    make_trained(project)
    assert client.get(reverse(f"admin:{model}_changelist")).status_code == 200
    assert client.get(reverse(f"admin:{model}_add")).status_code == 403


def test_the_admin_retrains_on_the_newest_preference_dataset(client, project, admin):
    act(client, "modeling_loopproject", "retrain", project)
    assert not TrainingRun.objects.exists()
    dataset = make_dataset(project)
    act(client, "modeling_loopproject", "retrain", project)
    run = TrainingRun.objects.get()
    assert (run.dataset, run.requested_by) == (dataset, admin)


def test_the_admin_turns_the_loop(client, project, admin):
    make_item(project)
    assert "Round 1 is next." in act(client, "modeling_loopproject", "turn", project)
    assert ScoringRun.objects.get().requested_by == admin


def test_the_admin_puts_a_model_in_force(client, project, admin):
    first, _ = make_trained(project), make_trained(project)
    act(client, "modeling_checkpoint", "promote", first)
    first.refresh_from_db()
    assert first.is_promoted


def test_the_admin_cancels_and_retries_runs(client, project, admin):
    run = TrainingRun.objects.create(project=project, dataset=make_dataset(project))
    act(client, "modeling_trainingrun", "cancel", run)
    run.refresh_from_db()
    assert run.status == "cancelled"
    act(client, "modeling_trainingrun", "retry", run)
    run.refresh_from_db()
    assert run.status == "pending"


def test_the_admin_builds_a_dataset_again(client, project, admin):
    dataset = make_dataset(project, recipe={"kind": "preference"})
    act(client, "curation_datasetversion", "rebuild", dataset)
    assert CurationRun.objects.filter(status="pending", requested_by=admin).count() == 1


def test_a_recipe_that_is_no_longer_known_is_explained(client, project, admin):
    dataset = make_dataset(project, recipe={"kind": "preference", "version": 99})
    assert "version" in act(client, "curation_datasetversion", "rebuild", dataset)
    assert not CurationRun.objects.exists()


def test_staff_without_the_permission_see_no_action(client, project):
    client.force_login(UserFactory(is_staff=True))
    assert client.get(reverse("admin:modeling_loopproject_changelist")).status_code == 403
