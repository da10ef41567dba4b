"""Settings read the environment in one place, and say what is missing."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env

ROOT = Path(__file__).resolve().parents[2]


def _check(**variables):
    """Run Django's check with these variables alone."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=kept | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_example_names_every_variable_that_is_read(settings):
    named = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))
    assert named == set(env.KNOWN)


def test_a_missing_secret_key_explains_its_own_fix(tmp_path):
    result = _check(TIEBREAK_VAR=str(tmp_path))
    assert result.returncode != 0
    assert "Set SECRET_KEY" in result.stderr
    assert "openssl rand" in result.stderr


@pytest.mark.parametrize("weak", ["short", "change-me-" + "x" * 40])
def test_a_weak_secret_key_is_refused(tmp_path, weak):
    result = _check(TIEBREAK_VAR=str(tmp_path), SECRET_KEY=weak)
    assert result.returncode != 0
    assert "SECRET_KEY is too weak" in result.stderr


def test_a_flag_that_is_neither_yes_nor_no_is_refused(monkeypatch):
    monkeypatch.setenv("DEBUG", "perhaps")
    with pytest.raises(ImproperlyConfigured, match="true or false"):
        env.flag("DEBUG", False)


def test_a_number_that_is_none_is_refused(monkeypatch):
    monkeypatch.setenv("LEASE_SECONDS", "long")
    with pytest.raises(ImproperlyConfigured, match="whole number"):
        env.integer("LEASE_SECONDS", 1)


def test_the_environment_wins_over_the_file(monkeypatch, tmp_path):
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    monkeypatch.delenv("TICK_SECONDS", raising=False)
    file = tmp_path / ".env"
    file.write_text("# a comment\nLOG_LEVEL=DEBUG\nTICK_SECONDS='7'\n")
    env.load_dotenv(file)
    assert os.environ["LOG_LEVEL"] == "ERROR"
    assert os.environ.pop("TICK_SECONDS") == "7"


def test_loading_the_urls_does_not_import_torch(tmp_path):
    code = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE']='config.settings';"
        "django.setup(); import config.urls, config.celery, modeling.tasks;"
        "heavy = [name for name in ('torch', 'transformers', 'datasets') if name in sys.modules];"
        "sys.exit(','.join(heavy) or 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={
            "PATH": os.environ["PATH"],
            "SECRET_KEY": "k" * 40 + "0123456789",
            "TIEBREAK_VAR": str(tmp_path),
        },
    )
    assert (result.returncode, result.stderr) == (0, "")
