"""The tests of the queue, once more on PostgreSQL, with those that only its row locks can fail."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.postgres
ROOT = Path(__file__).resolve().parents[2]
FILES = (
    "test_queue_locks",
    "test_queue_threads",
    "test_services_queue",
    "test_services_gold",
    "test_services_limits",
    "test_statements",
    "test_walk",
)


def test_the_queue_holds_on_postgresql(database, tmp_path):
    files = [f"tests/annotate/{name}.py" for name in FILES]
    command = [sys.executable, "-m", "pytest", "-q", "-o", "addopts=", "--create-db", *files]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", "--basetemp", str(tmp_path / "inner")],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4_000:]
    last = done.stdout.strip().splitlines()[-1]
    assert "passed" in last
    assert "failed" not in last
    assert "1 skipped" in last, "only the trap of SQLite has no place here"
