"""The documentation leads somewhere: links, headings and pictures are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PICTURES = ROOT / "docs" / "screenshots"
LOOKS = {"light", "dark", "phone"}
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.M | re.S)
HEADING = re.compile(r"^#+ (.+)$", re.M)


def _text(page):
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def _targets(page):
    """The links of a page that lead to files of this project, as (path, heading)."""
    for target in LINK.findall(_text(page)):
        if not target.startswith(("http:", "https:", "mailto:")):
            path, _, heading = target.partition("#")
            yield (page.parent / path).resolve() if path else page, heading


def _anchors(page):
    """The names that a page's headings have on the code host."""
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(_text(page)))
    return {heading.replace(" ", "-") for heading in plain}


def _name(page):
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("source", PAGES, ids=_name)
def test_every_link_leads_to_a_file(source):
    missing = {str(path) for path, _ in _targets(source) if not path.exists()}
    assert missing == set()


@pytest.mark.parametrize("source", PAGES, ids=_name)
def test_every_link_to_a_heading_finds_it(source):
    lost = [
        (_name(path), heading)
        for path, heading in _targets(source)
        if heading and path.suffix == ".md" and path.exists() and heading not in _anchors(path)
    ]
    assert lost == []


@pytest.mark.parametrize("source", PAGES, ids=_name)
def test_every_picture_says_what_it_shows(source):
    assert [path for words, path in PICTURE.findall(_text(source)) if not words.strip()] == []


def test_every_picture_is_linked_in_the_guide_in_all_looks():
    linked = {path for page in (ROOT / "docs" / "guide").glob("*.md") for path, _ in _targets(page)}
    taken = {picture.stem.rpartition("-")[0] for picture in PICTURES.glob("*.png")}
    wanted = {PICTURES / f"{name}-{look}.png" for name in taken for look in LOOKS}
    assert {picture.name for picture in wanted - linked} == set()
