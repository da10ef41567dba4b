"""A whole installation in a folder of its own: database, server and worker, as users start them."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, *, seconds=60, every=0.1, what="the condition"):
    """Wait for a condition and return what it gave; fail with a sentence when it never comes."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(every)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def processes(*words):
    """Ids of the processes whose command line holds all these words."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                command = Path(f"/proc/{entry}/cmdline").read_text(errors="replace")
            except OSError:
                continue
            if all(word in command for word in words):
                found.append(int(entry))
    return sorted(found)


class Installation:
    """One Tiebreak on this machine; its processes are groups, so that a kill takes all of one."""

    def __init__(self, folder, **environment):
        self.folder = Path(folder)
        self.port = free_port()
        self.environment = (
            os.environ
            | {
                "TIEBREAK_VAR": str(folder),
                "SECRET_KEY": secrets.token_urlsafe(48),
                "HTTPS": "false",
                "RUN_LEASE_SECONDS": "6",
                "TICK_SECONDS": "1",
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "TIEBREAK_DEMO": "true",
            }
            | environment
        )
        self.processes = []
        self.django("migrate", "--verbosity", "0")

    def django(self, *words):
        done = subprocess.run(
            [sys.executable, "manage.py", *map(str, words)],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def manage(self, *words):
        return json.loads(self.django(*words, "--json").splitlines()[-1])

    def python(self, code):
        """Run code inside Django and return the JSON that it prints last."""
        return json.loads(self.django("shell", "-v", "0", "-c", code).splitlines()[-1])

    def start(self, *command):
        with (self.folder / "log.txt").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment,
                start_new_session=True,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def start_worker(self):
        return self.start(
            sys.executable,
            "-m",
            "celery",
            "--app",
            "config",
            "worker",
            "--beat",
            "--queues",
            "default,gpu",
            "--concurrency",
            "2",
            "--loglevel",
            "info",
        )

    def start_server(self):
        process = self.start(
            sys.executable,
            "-m",
            "gunicorn",
            "config.wsgi:application",
            "--bind",
            f"127.0.0.1:{self.port}",
            "--worker-class",
            "gthread",
            "--workers",
            "2",
            "--threads",
            "8",
            "--log-level",
            "warning",
        )
        wait_until(self.answers, what="the server")
        return process

    def answers(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/accounts/login/"):
                return True
        except (urllib.error.URLError, ConnectionError):
            return False

    def call(self, method, path, *, token=None, body=None):
        """One API call: (status, parsed body); raises OSError when the server is gone."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"}
            | ({"Authorization": f"Token {token}"} if token else {}),
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                data = reply.read()
                return reply.status, json.loads(data) if data else None
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")

    def log(self):
        path = self.folder / "log.txt"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self):
        for process in self.processes:
            kill_group(process)


def kill_group(process, sig=signal.SIGKILL):
    """Send a signal to a process and everything of its group, and wait for its end."""
    try:
        os.killpg(process.pid, sig)
    except ProcessLookupError:
        return
    process.wait()
