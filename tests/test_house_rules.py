"""Rules of the house that a program can check."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MOST_LINES = 400


def _tracked(*patterns):
    found = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in found.stdout.split() if (ROOT / name).exists()]


def test_no_file_loads_pickles():
    """Weights are safetensors only."""
    banned = re.compile(r"torch\.load\(|pickle\.load|import pickle|joblib\.load|weights_only=False")
    sources = [path for path in _tracked("*.py") if "tests" not in path.relative_to(ROOT).parts]
    assert [path.name for path in sources if banned.search(path.read_text())] == []


def test_no_template_switches_escaping_off():
    banned = re.compile(r"autoescape off|\|\s*safe\b|safeseq")
    templates = _tracked("templates/*.html", "templates/**/*.html")
    assert templates
    assert [path.name for path in templates if banned.search(path.read_text())] == []


def test_no_template_has_inline_script_or_style():
    banned = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*json)|<style|\sstyle=|\son[a-z]+=", re.I)
    templates = _tracked("templates/*.html", "templates/**/*.html")
    assert [path.name for path in templates if banned.search(path.read_text())] == []


def test_files_stay_short():
    long = [
        path.relative_to(ROOT).as_posix()
        for path in _tracked("*.py")
        if "migrations" not in path.parts and len(path.read_text().splitlines()) > MOST_LINES
    ]
    assert long == []
