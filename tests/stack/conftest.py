"""A whole installation for tests that need processes of their own, and what production adds."""

import shutil

import pytest

from tests.installation import (
    Installation,
    has_postgresql,
    throwaway_postgresql,
    throwaway_redis,
)


@pytest.fixture
def installation(tmp_path):
    found = Installation(tmp_path / "var")
    yield found
    found.stop()


@pytest.fixture
def database():
    """A throw-away PostgreSQL on loopback."""
    if not has_postgresql() or shutil.which("redis-server") is None:
        pytest.skip("install Debian's postgresql and redis-server for this test")
    with throwaway_postgresql() as (url, _):
        yield url


@pytest.fixture
def redis(tmp_path):
    """A throw-away Redis on loopback."""
    with throwaway_redis(tmp_path) as url:
        yield url
