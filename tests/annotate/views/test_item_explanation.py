"""Why a known answer is right, as managers write it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotate.models import KnownAnswer
from tests.annotate.views.conftest import browser
from tests.factories import ProjectFactory, make_annotator, make_item

pytestmark = pytest.mark.django_db
LEFT_JSON = {"choice": "left", "strength": 4}


def test_a_manager_explains_a_known_answer():
    project = ProjectFactory()
    item = make_item(project, known=LEFT_JSON)
    manager = browser(make_annotator(project, role="manager"))
    url = reverse("annotate:item-explain", args=[item.public_id])
    assert manager.post(url, {"explanation": " The left one is right. "}).status_code == 302
    assert KnownAnswer.objects.get().explanation == "The left one is right."
    page = manager.get(reverse("annotate:item-detail", args=[item.public_id]))
    assert "The left one is right." in page.content.decode()


def test_only_managers_explain_and_only_what_is_known():
    project = ProjectFactory()
    known, unknown = make_item(project, known=LEFT_JSON), make_item(project)
    reviewer = browser(make_annotator(project, role="reviewer"))
    manager = browser(make_annotator(project, role="manager"))
    urls = [reverse("annotate:item-explain", args=[item.public_id]) for item in (known, unknown)]
    assert reviewer.post(urls[0], {"explanation": "x"}).status_code == 403
    assert manager.post(urls[1], {"explanation": "x"}).status_code == 400
    assert manager.post(urls[0], {"explanation": "x" * 2_001}).status_code == 400
    assert KnownAnswer.objects.get().explanation == ""
