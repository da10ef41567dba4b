"""The generated description is complete, valid and can be read in a browser."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from django.core.management import call_command
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator

CONTRACT = [
    ("post", "auth/token"),
    ("get", "projects"),
    ("post", "projects/{slug}/claims"),
    ("post", "assignments/{assignment_id}/renew"),
    ("put", "assignments/{assignment_id}/draft"),
    ("patch", "judgments/{judgment_id}"),
    ("post", "assignments/{assignment_id}/judgments"),
    ("post", "assignments/{assignment_id}/skip"),
    ("get", "projects/{slug}/progress"),
    ("post", "projects/{slug}/imports"),
    ("post", "projects/{slug}/verifications"),
    ("post", "projects/{slug}/datasets"),
    ("get", "projects/{slug}/datasets"),
    ("post", "projects/{slug}/datasets/preview"),
    ("get", "projects/{slug}/curation-files"),
    ("post", "projects/{slug}/curation-files"),
    ("get", "datasets/{dataset_id}"),
    ("get", "datasets/{dataset_id}/compare"),
    ("get", "datasets/{dataset_id}/rows/{row_id}"),
    ("get", "datasets/{dataset_id}/files/{name}"),
    ("post", "projects/{slug}/training-runs"),
    ("post", "projects/{slug}/rounds"),
    ("post", "projects/{slug}/judge-runs"),
    ("get", "runs/{run_id}"),
    ("post", "runs/{run_id}/cancel"),
    ("get", "checkpoints/{checkpoint_id}"),
    ("post", "checkpoints/{checkpoint_id}/score"),
]


@pytest.fixture(scope="module")
def schema():
    return SchemaGenerator().get_schema(request=None, public=True)


def test_the_schema_is_valid_and_without_warnings(tmp_path):
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "s.yml"))


@pytest.mark.parametrize(("method", "path"), CONTRACT)
def test_every_call_of_the_contract_is_described(schema, method, path):
    operation = schema["paths"][f"/api/v1/{path}"][method]
    replies = operation["responses"]
    assert operation["summary"]
    assert any(status.startswith("2") for status in replies)
    assert "401" in replies
    assert ("404" in replies) == ("{" in path)
    if method in ("post", "put", "patch") and "cancel" not in path:
        assert "400" in replies
        assert operation["requestBody"]


def test_the_description_is_served(client, db):
    reply = client.get(reverse("api-schema"), HTTP_ACCEPT="application/json")
    assert "/api/v1/projects/{slug}/claims" in json.loads(reply.content)["paths"]


def test_the_page_asks_nobody_else_for_anything(client, db):
    reply = client.get(reverse("api-docs"))
    assert reply.status_code == 200
    assert b"http://" not in reply.content
    assert b"https://" not in reply.content
    assert "script-src 'self';" in reply["Content-Security-Policy"] + ";"
    assert "style-src 'self' 'unsafe-inline'" in reply["Content-Security-Policy"]


def test_the_api_loads_without_torch():
    program = (
        "import sys, django; django.setup()\n"
        "import config.api_urls\n"
        "assert not {'torch', 'transformers', 'datasets'} & set(sys.modules)"
    )
    import os

    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
