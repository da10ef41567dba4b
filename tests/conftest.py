"""What every test may use: a closed network, throw-away folders, and rows from factories."""

from __future__ import annotations

import socket

import pytest
from hypothesis import settings as hypothesis_settings

from tests.fake_hub import running_hub

# A busy machine makes one example slow now and then; how long things take is for `bench/` to say.
hypothesis_settings.register_profile("tiebreak", deadline=None)
hypothesis_settings.load_profile("tiebreak")

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@pytest.fixture(autouse=True)
def _closed_network(monkeypatch):
    """Tests reach this machine and nothing else."""
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            raise RuntimeError(f"tests must not reach {address[0]}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _own_folders(settings, tmp_path):
    """Files of a test go to its own temporary folder."""
    settings.VAR_DIR = tmp_path
    for name in ("DATASET_DIR", "EXPORT_DIR", "CHECKPOINT_DIR", "JOB_DIR", "CACHE_DIR"):
        setattr(settings, name, tmp_path / name.lower())
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "files")},
        }
    }
    settings.CELERY_TASK_ALWAYS_EAGER = False
    settings.HF_TOKEN = settings.JUDGE_API_KEY = settings.JUDGE_ENDPOINT = ""
    settings.JUDGE_MODELS = []


@pytest.fixture(autouse=True)
def _plain_static_files(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    settings.SECURE_SSL_REDIRECT = False


@pytest.fixture
def sent(monkeypatch):
    """The task messages that would have gone to the broker, as (task name, run id)."""
    messages = []
    monkeypatch.setattr(
        "annotate.services.runs.current_app.send_task",
        lambda name, args, queue: messages.append((name, args[0], queue)),
    )
    return messages


@pytest.fixture
def fake_hub(settings, monkeypatch):
    """A Hugging Face Hub on this machine, which the settings name."""
    hub_library = pytest.importorskip("huggingface_hub")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    with running_hub() as hub:
        settings.HF_ENDPOINT = hub.endpoint
        yield hub
        hub_library.close_session()


@pytest.fixture
def no_waiting(monkeypatch):
    """The Hub's library tries a broken connection again at once."""
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda seconds: None)
