"""What going back to an earlier version takes along."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from annotate.models import Assignment, Judgment, JudgmentRevision
from annotate.services import claim_assignment
from annotate.services.verification import verify_outcomes
from tests.annotate.queueing import open_items, submit
from tests.factories import ProjectFactory, PromptFactory, make_annotator, make_item

pytestmark = pytest.mark.django_db


def test_an_earlier_version_forgets_what_programs_judged_and_nothing_else():
    project = ProjectFactory()
    open_items(project, 1)
    submit(claim_assignment(project, by=make_annotator(project)))
    prompt = PromptFactory(reference="42")
    make_item(project, kind="outcome", contents=("Answer: 42",), prompt=prompt)
    verify_outcomes(project, verifier="exact")
    forget = import_module("annotate.migrations.0005_machine_judgments").forget
    forget(apps, SimpleNamespace(connection=connection))
    assert list(Assignment.objects.values_list("purpose", flat=True)) == ["work"]
    assert Judgment.objects.count() == JudgmentRevision.objects.count() == 1
