"""The compose file names what the code reads, and nothing it does not."""

from pathlib import Path

import yaml

from config import env

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_every_variable_of_the_services_is_one_that_is_read(settings):
    for name in ("migrate", "web", "worker", "gpu-worker", "scorer", "beat"):
        assert set(COMPOSE["services"][name]["environment"]) <= set(env.KNOWN), name


def test_every_queue_of_a_run_has_a_worker():
    from annotate.services.runs import run_models

    commands = " ".join(str(s.get("command", "")) for s in COMPOSE["services"].values())
    for model in run_models():
        assert f"--queues {model().queue}" in commands


def test_torch_is_left_out_of_the_web_image():
    dockerfile = (ROOT / "Dockerfile").read_text()
    web, worker = dockerfile.split("FROM web AS worker")
    assert "[train" not in web
    assert "[train" in worker
