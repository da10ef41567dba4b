"""A whole installation in a folder of its own: database, server and worker, as users start them."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

Found = TypeVar("Found")
ROOT = Path(__file__).resolve().parents[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(
    condition: Callable[[], Found],
    *,
    seconds: float = 60,
    every: float = 0.1,
    what: str = "the condition",
) -> Found:
    """Wait for a condition and return what it gave; fail with a sentence when it never comes."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(every)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def processes(*words: str) -> list[int]:
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

    def __init__(self, folder: Path, **environment: str) -> None:
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
        self.processes: list[subprocess.Popen[bytes]] = []
        self.django("migrate", "--verbosity", "0")

    def django(self, *words: object) -> str:
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

    def manage(self, *words: object) -> Any:
        return json.loads(self.django(*words, "--json").splitlines()[-1])

    def python(self, code: str) -> Any:
        """Run code inside Django and return the JSON that it prints last."""
        return json.loads(self.django("shell", "-v", "0", "-c", code).splitlines()[-1])

    def start(self, *command: str) -> subprocess.Popen[bytes]:
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

    def start_worker(self) -> subprocess.Popen[bytes]:
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

    def start_server(self) -> subprocess.Popen[bytes]:
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

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/accounts/login/"):
                return True
        except (urllib.error.URLError, ConnectionError):
            return False

    def call(
        self, method: str, path: str, *, token: str | None = None, body: object = None
    ) -> tuple[int, Any]:
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

    def log(self) -> str:
        path = self.folder / "log.txt"
        return path.read_text(errors="replace") if path.exists() else ""

    def running(self, *words: str) -> list[int]:
        """Ids of its processes, told apart by the folder in their environment."""
        mark = f"TIEBREAK_VAR={self.folder}"
        found = []
        for pid in processes(*words):
            try:
                environment = Path(f"/proc/{pid}/environ").read_text(errors="replace")
            except OSError:
                continue
            if mark in environment.split("\0"):
                found.append(pid)
        return found

    def kill(self) -> None:
        """Kill −9 everything of it at once, whichever group it is in."""
        for pid in self.running():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for process in self.processes:
            process.wait()
        wait_until(lambda: not self.running(), what="the end of all processes")

    def stop(self) -> None:
        for process in self.processes:
            kill_group(process)


def kill_group(process: subprocess.Popen[bytes], sig: int = signal.SIGKILL) -> None:
    """Send a signal to a process and everything of its group, and wait for its end."""
    try:
        os.killpg(process.pid, sig)
    except ProcessLookupError:
        return
    process.wait()


def has_postgresql() -> bool:
    """Whether Debian's PostgreSQL is there for ``throwaway_postgresql``."""
    return bool(_initdb())


def _initdb() -> list[Path]:
    return sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def _as_postgres(*command: str | Path) -> list[str]:
    """PostgreSQL refuses to run as root."""
    words = [str(word) for word in command]
    return ["runuser", "-u", "postgres", "--", *words] if os.geteuid() == 0 else words


@contextmanager
def throwaway_postgresql(parent: Path | None = None) -> Iterator[tuple[str, int]]:
    """An empty database on loopback, in a folder of its own: its URL and its server's id.

    The id is that of the process group, whichever user the server runs as.
    """
    binaries, port = _initdb()[-1].parent, free_port()
    folder = Path(tempfile.mkdtemp(prefix="tiebreak-pg-", dir=parent))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    data = folder / "data"
    make = _as_postgres(binaries / "initdb", "-D", data, "-U", "tiebreak", "-A", "trust")
    subprocess.run(make, check=True, capture_output=True, cwd="/")
    serve = [str(binaries / "postgres"), "-D", str(data), "-p", str(port), "-k", str(folder)]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            _as_postgres(*serve, "-c", "listen_addresses=127.0.0.1"),
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )
    create = [str(binaries / "createdb"), "-h", "127.0.0.1", "-p", str(port)]
    create += ["-U", "tiebreak", "tiebreak"]
    try:
        wait_until(
            lambda: subprocess.run(create, capture_output=True, check=False).returncode == 0,
            what="PostgreSQL",
        )
        yield f"postgres://tiebreak@127.0.0.1:{port}/tiebreak", process.pid
    finally:
        kill_group(process)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def throwaway_redis(folder: Path) -> Iterator[str]:
    """A Redis on loopback that keeps nothing: its URL."""
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with (folder / "redis.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--dir", str(folder)], stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        kill_group(process)
