"""The plain admin: all rows can be looked at, what is append-only stays as it is."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from annotate.models import AuditEvent, Judgment, JudgmentRevision
from annotate.services import claim_assignment, simulate_annotators
from annotate.services.simulate import Behaviour
from tests.factories import ProjectFactory, UserFactory, make_annotator, make_item, make_open_round

MODELS = [
    model for model in apps.get_app_config("annotate").get_models() if model in admin.site._registry
]


@pytest.fixture
def boss(client, db):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def campaign(db):
    """A project with a row of most kinds."""
    project = ProjectFactory()
    items = [make_item(project, known={"choice": "left", "strength": 1}) for _ in range(3)]
    make_open_round(project, items)
    simulate_annotators(project, behaviours=[Behaviour(1.0)], limit=2)
    claim_assignment(project, by=make_annotator(project))
    return project


def test_every_row_but_the_links_is_registered():
    missing = {
        model.__name__
        for model in apps.get_app_config("annotate").get_models()
        if model not in admin.site._registry and not model._meta.auto_created
    }
    assert missing == {"ItemResponse", "ResponseSource"}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_list_can_be_searched_and_every_row_opened(boss, campaign, model):
    name = f"admin:annotate_{model._meta.model_name}"
    assert boss.get(reverse(f"{name}_changelist"), {"q": "a"}).status_code == 200
    row = model.objects.first()
    if row is not None:
        assert boss.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200


@pytest.mark.parametrize("model", [Judgment, JudgmentRevision, AuditEvent])
def test_what_is_append_only_cannot_be_changed(boss, campaign, model):
    name, row = f"admin:annotate_{model._meta.model_name}", model.objects.first()
    assert boss.post(reverse(f"{name}_change", args=[row.pk]), {"reason": "x"}).status_code == 403
    assert boss.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert boss.get(reverse(f"{name}_add")).status_code == 403
    assert model.objects.filter(pk=row.pk).exists()


def test_a_project_with_judgments_cannot_be_deleted(boss, campaign):
    path = reverse("admin:annotate_project_delete", args=[campaign.pk])
    boss.post(path, {"post": "yes"})
    assert Judgment.objects.count() == 2
    campaign.refresh_from_db()


def test_an_annotator_does_not_get_in(client, campaign):
    client.force_login(make_annotator(campaign))
    assert client.get(reverse("admin:index")).status_code == 302
