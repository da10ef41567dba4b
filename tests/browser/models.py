"""Models of every kind in a running installation, and the addresses of their pages."""

from __future__ import annotations

CODE = """
import json
from django.urls import reverse
from django.utils import timezone
from annotate.models import Project
from modeling.models import TrainingRun
from tests.modeling.factories import make_dataset
from tests.modeling.gallery import curve, make_gallery, make_model

project = Project.objects.get(slug={slug!r})
models = make_gallery(project)
other = make_model(project)
run = TrainingRun.objects.create(
    project=project, dataset=make_dataset(project, kind="stepwise"), status="running",
    progress=0.4, message="Step 90 of 200", config={{"objective": "prm", "frozen": False}},
    lease_until=timezone.now() + timezone.timedelta(hours=5), curve=curve(),
)


def page(name, *args, query=""):
    return reverse("modeling:" + name, args=args) + query


pair = f"?model={{models['preference'].number}}&model={{other.number}}"
print(json.dumps([
    page("run-list", project.slug),
    page("run-detail", run.public_id),
    *(page("checkpoint-detail", model.public_id) for model in models.values()),
    *(page("playground", project.slug, models[kind].number) for kind in ("rating", "stepwise")),
    page("checkpoint-compare", project.slug, query=pair),
    page("checkpoint-promote", other.public_id),
    page("checkpoint-promote", models["stepwise"].public_id),
]))
"""


def model_pages(installation, slug):
    """Make models of a project; returns the addresses of their pages."""
    return installation.python(CODE.format(slug=slug))
