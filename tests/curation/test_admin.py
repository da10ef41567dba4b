"""Files and contradictions in the admin: looked at, not touched."""

import pytest
from django.urls import reverse

from annotate.models import User
from curation.models import Contradiction, ProjectFile
from tests.factories import ProjectFactory, make_item

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    client.force_login(User.objects.create_superuser("boss"))
    return client


def test_files_and_contradictions_are_listed_and_kept(boss):
    item = make_item()
    rows = [
        ProjectFile.objects.create(
            project=ProjectFactory(), purpose="topics", name="themes", rows=1
        ),
        Contradiction.objects.create(project=item.project, item=item),
    ]
    for row in rows:
        name = f"admin:curation_{row._meta.model_name}"
        assert boss.get(reverse(f"{name}_changelist") + "?q=themes").status_code == 200
        assert boss.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200
        assert boss.get(reverse(f"{name}_delete", args=[row.pk])).status_code == 403
