"""serve: web server, worker and scorer in one, started together and stopped together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from config.processes import die_with_parent

RESTART_PAUSE = 2.0
GRACE_SECONDS = 10.0


class Command(BaseCommand):
    help = "Run web server, worker and scorer of a single machine; Ctrl+C stops all of them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--web-workers", type=int, default=2)
        parser.add_argument("--jobs", type=int, default=2, help="jobs at a time")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.WHITENOISE_USE_FINDERS:
            call_command("collectstatic", interactive=False, verbosity=0)
        supervisor = Supervisor(
            {
                "web": _gunicorn(options["host"], options["port"], options["web_workers"]),
                "worker": _worker(options["jobs"]),
                "scorer": [sys.executable, "manage.py", "scorer"],
            }
        )
        self.stdout.write(
            f"Tiebreak is at http://{options['host']}:{options['port']}/ (Ctrl+C stops it)"
        )
        self.stdout.flush()
        supervisor.run()


def _gunicorn(host: str, port: int, workers: int) -> list[str]:
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "config.wsgi:application",
        "--bind",
        f"{host}:{port}",
        "--worker-class",
        "gthread",
        "--workers",
        str(workers),
        "--threads",
        "8",
        "--preload",
        "--log-level",
        "warning",
    ]


def _worker(jobs: int) -> list[str]:
    return [
        sys.executable,
        "-m",
        "celery",
        "--quiet",
        "--app",
        "config",
        "worker",
        "--beat",
        "--queues",
        "default,gpu",
        "--concurrency",
        str(jobs),
        "--loglevel",
        "warning",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
    ]


class Supervisor:
    """Starts processes, starts a dead one again, and stops all of them on SIGINT or SIGTERM."""

    def __init__(self, commands: dict[str, list[str]]) -> None:
        self.commands = commands
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.stopping = False

    def run(self) -> None:
        """Watch until asked to stop."""
        for sig in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sig, self._stop)
        for name in self.commands:
            self._start(name)
        while not self.stopping:
            self._restart_dead()
            time.sleep(0.2)
        self._end()

    def _start(self, name: str) -> None:
        self.processes[name] = subprocess.Popen(  # noqa: S603
            self.commands[name],
            cwd=settings.BASE_DIR,
            preexec_fn=partial(die_with_parent, os.getpid()),
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"},
            start_new_session=True,
        )

    def _restart_dead(self) -> None:
        for name, process in list(self.processes.items()):
            if process.poll() is not None and not self.stopping:
                sys.stderr.write(f"{name} ended with status {process.returncode}; restarting\n")
                time.sleep(RESTART_PAUSE)
                self._start(name)

    def _stop(self, signum: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _end(self) -> None:
        for process in self.processes.values():
            process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for process in self.processes.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
