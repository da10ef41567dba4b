"""The browser's files: vendored as listed, short, and free of what the policy forbids."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.vendor import FILES, VENDOR, hash_list, pygments_css

STATIC = Path(__file__).resolve().parents[3] / "static"
SCRIPTS = sorted((STATIC / "js").glob("*.js"))


def test_vendored_files_are_the_listed_ones():
    assert hash_list(VENDOR) == (VENDOR / "sha256.txt").read_text()


def test_each_vendored_part_has_its_licence():
    parts = {target.split("/")[0] for target in FILES.values()}
    assert all(list((VENDOR / part).glob("LICENSE*")) for part in parts)


def test_vendored_files_point_to_nothing_that_is_not_shipped():
    for path in [*VENDOR.rglob("*.js"), *VENDOR.rglob("*.css")]:
        text = path.read_text()
        assert "sourceMappingURL" not in text
        for name in re.findall(r"url\(([^)]+)\)", text):
            assert name.startswith(("data:", '"data:')) or (path.parent / name).exists()


def test_highlighting_styles_come_from_the_installed_pygments():
    assert (STATIC / "css" / "pygments.css").read_text() == pygments_css()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_modules_stay_short_and_write_no_markup(path):
    text = path.read_text()
    assert len(text.splitlines()) < 150
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|\beval\(|new Function", text)
