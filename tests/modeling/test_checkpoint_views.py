"""The pages of reward models: how good they are, and which one is in force."""

import pytest
from django.urls import reverse

from annotate.models import AuditEvent
from tests.factories import ProjectFactory, make_annotator
from tests.modeling.figures import UNMEASURED, failure, make_trained, measured

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


@pytest.fixture
def project():
    return ProjectFactory(slug="cheer", name="Cheerful answers", loop_round_size=20)


@pytest.fixture
def manager(project):
    return make_annotator(project, "manager")


def url(name, *args):
    return reverse(f"modeling:{name}", args=args or ["cheer"])


def text(response):
    return response.content.decode()


def test_a_reviewer_sees_how_good_a_model_is(client, project):
    losses = [{"fraction": k / 4, "loss": 0.7 - k / 10} for k in range(4)]
    checkpoint = make_trained(project, curve=[*losses, {"fraction": 1.0, "accuracy": 0.71}])
    client.force_login(make_annotator(project, "reviewer"))
    page = text(client.get(url("checkpoint-detail", checkpoint.public_id)))
    for figure in ("71.0 %", "60.0 – 80.0 %", "55.0 %", "0.620", "0.090", "coding", "75.0 %"):
        assert figure in page
    assert "−0.011" in page
    assert "−1.250" in page
    assert "Good &lt;b&gt;" in page
    assert page.count('<svg class="chart"') == 3
    assert "Put in force" not in page


@pytest.mark.parametrize("metrics", [UNMEASURED, {}, {"test": None}])
def test_a_model_that_was_not_measured_says_so(client, project, manager, metrics):
    checkpoint = make_trained(project, metrics=metrics)
    client.force_login(manager)
    response = client.get(url("checkpoint-detail", checkpoint.public_id))
    assert response.status_code == 200
    assert "This model was not measured" in text(response)
    assert "<svg" not in text(response).split('id="main"')[1]


def test_a_failure_without_texts_is_still_listed(client, project, manager):
    metrics = measured()
    metrics["test"]["near_failures"] = [{**failure(-0.5), "text": None}]
    checkpoint = make_trained(project, metrics=metrics)
    client.force_login(manager)
    page = text(client.get(url("checkpoint-detail", checkpoint.public_id)))
    assert "Its texts were not kept." in page


def test_a_model_of_others_does_not_exist(client, project):
    checkpoint = make_trained(project)
    client.force_login(make_annotator(ProjectFactory(), "manager"))
    assert client.get(url("checkpoint-detail", checkpoint.public_id)).status_code == 404
    assert client.post(url("checkpoint-promote", checkpoint.public_id)).status_code == 404


def test_a_models_page_reads_few_rows(client, project, manager, django_assert_max_num_queries):
    checkpoint = make_trained(project)
    client.force_login(manager)
    with django_assert_max_num_queries(8):
        client.get(url("checkpoint-detail", checkpoint.public_id))


def test_an_earlier_model_is_put_in_force(client, project, manager):
    first, second = make_trained(project), make_trained(project)
    client.force_login(manager)
    assert "Put in force" in text(client.get(url("checkpoint-detail", first.public_id)))
    response = client.post(url("checkpoint-promote", first.public_id))
    assert response.url == url("checkpoint-detail", first.public_id)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.is_promoted, second.is_promoted) == (True, False)
    event = AuditEvent.objects.get(action="checkpoint.promote")
    assert (event.actor, event.subject) == (manager, "cheer-rm-1")


def test_a_reviewer_puts_nothing_in_force(client, project):
    checkpoint = make_trained(project)
    client.force_login(make_annotator(project, "reviewer"))
    assert client.post(url("checkpoint-promote", checkpoint.public_id)).status_code == 403
