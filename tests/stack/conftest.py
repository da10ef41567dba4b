"""A whole installation for tests that need processes of their own."""

import pytest

from tests.installation import Installation


@pytest.fixture
def installation(tmp_path):
    found = Installation(tmp_path / "var")
    yield found
    found.stop()
