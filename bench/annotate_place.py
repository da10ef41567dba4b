"""The server that ``bench.annotate`` measures, as production runs it, and what its processes cost.

On SQLite ``manage.py serve``; on PostgreSQL and Redis the commands of ``web`` and of a worker with
beat in docker-compose.yml. Both on settings of production, without TLS.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.installation import (
    Installation,
    throwaway_postgresql,
    throwaway_redis,
    wait_until,
)

TICK = os.sysconf("SC_CLK_TCK")
SETTINGS = {"TIEBREAK_DEMO": "false", "TICK_SECONDS": "5", "RUN_LEASE_SECONDS": "30"}


@dataclass(frozen=True)
class Cost:
    """CPU seconds so far: of the web server, the background worker, PostgreSQL, the machine."""

    web: float
    worker: float
    postgresql: float
    machine: float

    def since(self, before: Cost) -> Cost:
        """What was spent in between."""
        return Cost(
            self.web - before.web,
            self.worker - before.worker,
            self.postgresql - before.postgresql,
            self.machine - before.machine,
        )


@dataclass
class Place:
    """An installation and, on PostgreSQL, the id of its database server's first process."""

    installation: Installation
    database_pid: int | None = None

    def start(self) -> None:
        """Start server and worker, and wait for the first answer."""
        self.installation.django("collectstatic", "--noinput", "--verbosity", "0")
        if self.database_pid is None:
            port = str(self.installation.port)
            self.installation.start(sys.executable, "manage.py", "serve", "--port", port)
            wait_until(self.installation.answers, what="the server")
        else:
            self.installation.start_server()
            self.installation.start_worker()

    def cost(self) -> Cost:
        """What the processes have cost so far."""
        ours = [pid for p in self.installation.processes for pid in _with_descendants(p.pid)]
        workers = [pid for pid in ours if "celery" in _command(pid)]
        database = _with_descendants(self.database_pid) if self.database_pid else []
        return Cost(
            _cpu([pid for pid in ours if pid not in workers]),
            _cpu(workers),
            _cpu(database),
            _machine_cpu(),
        )


@contextmanager
def make_place(database: str, folder: Path) -> Iterator[Place]:
    """An empty, migrated installation that is not started yet; its processes end with it."""
    with ExitStack() as stack:
        place = _on_postgresql(folder, stack) if database == "postgresql" else _on_sqlite(folder)
        stack.callback(place.installation.stop)
        yield place


def _on_sqlite(folder: Path) -> Place:
    return Place(Installation(folder / "var", **SETTINGS))


def _on_postgresql(folder: Path, stack: ExitStack) -> Place:
    url, pid = stack.enter_context(throwaway_postgresql(folder))
    redis = stack.enter_context(throwaway_redis(folder))
    services = {"DATABASE_URL": url, "CELERY_BROKER_URL": redis}
    return Place(Installation(folder / "var", **SETTINGS, **services), pid)


def _with_descendants(root: int) -> list[int]:
    parents = {
        pid: int(_stat(pid)[1]) for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
    }
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _cpu(pids: list[int]) -> float:
    """User and system time of these processes and of their children that have ended."""
    return sum(int(ticks) for pid in pids for ticks in _stat(pid)[11:15]) / TICK


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on; zeros where the process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["0"] * 15


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""


def _machine_cpu() -> float:
    """What all processes of the machine have cost, idle time and waiting left out."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    return (sum(map(int, fields[:8])) - int(fields[3]) - int(fields[4])) / TICK
