"""Refresh ``static/vendor`` from npm: ``python -m config.vendor``.

Only developers run this, to upgrade; what it writes is committed, so that the running program
needs neither npm nor a network. It installs exactly what ``package-lock.json`` says, copies the
built files and their licences, and writes ``static/vendor/sha256.txt``. Comments that point to
source maps are dropped, because the maps are not shipped, and so are the older font formats of
KaTeX. The highlighting styles of Pygments come out of the same run.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

from pygments.formatters import HtmlFormatter

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
STYLES = ROOT / "static" / "css"
FILES = {
    "@picocss/pico/css/pico.min.css": "pico/pico.min.css",
    "@picocss/pico/LICENSE.md": "pico/LICENSE.md",
    "htmx.org/dist/htmx.min.js": "htmx/htmx.min.js",
    "htmx.org/LICENSE": "htmx/LICENSE",
    "sortablejs/modular/sortable.core.esm.js": "sortablejs/sortable.core.esm.js",
    "sortablejs/LICENSE": "sortablejs/LICENSE",
    "katex/dist/katex.min.js": "katex/katex.min.js",
    "katex/dist/katex.min.css": "katex/katex.min.css",
    "katex/LICENSE": "katex/LICENSE",
    "diff/libesm/diff/array.js": "diff/array.js",
    "diff/libesm/diff/base.js": "diff/base.js",
    "diff/LICENSE": "diff/LICENSE",
    "uplot/dist/uPlot.iife.min.js": "uplot/uplot.min.js",
    "uplot/dist/uPlot.min.css": "uplot/uplot.min.css",
    "uplot/LICENSE": "uplot/LICENSE",
}
FONTS = "katex/dist/fonts/*.woff2"
SOURCE_MAP = re.compile(rb"\n?(//[#@] ?sourceMappingURL=[^\n]*|/\*# ?sourceMappingURL=.*?\*/)\n?")
OLD_FONTS = re.compile(rb',url\([^)]*\.(?:woff|ttf)\) ?format\("[a-z]+"\)')


def main() -> None:
    """Install, copy, write styles and hashes."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is needed to refresh static/vendor: install Node.js first.")
    subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit"], cwd=ROOT, check=True)  # noqa: S603
    shutil.rmtree(VENDOR, ignore_errors=True)
    for source, target in FILES.items():
        copy(MODULES / source, VENDOR / target)
    for font in sorted(MODULES.glob(FONTS)):
        copy(font, VENDOR / "katex" / "fonts" / font.name)
    (STYLES / "pygments.css").write_text(pygments_css(), encoding="utf-8")
    (VENDOR / "sha256.txt").write_text(hash_list(VENDOR), encoding="utf-8")


def copy(source: Path, target: Path) -> None:
    """Copy one file; scripts and styles lose what points to files that are not shipped."""
    content = source.read_bytes()
    if source.suffix in (".js", ".css"):
        content = OLD_FONTS.sub(b"", SOURCE_MAP.sub(b"", content))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def hash_list(folder: Path) -> str:
    """One line for each file but the list itself, as ``sha256sum`` writes it."""
    present = (path for path in folder.rglob("*") if path.is_file())
    files = sorted(path for path in present if path.name != "sha256.txt")
    rows = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}"
        for path in files
    ]
    return "\n".join(rows) + "\n"


def pygments_css() -> str:
    """Highlighting for both themes; the dark one follows the system unless a theme is chosen."""
    light, dark = (_rules(style) for style in ("xcode", "github-dark"))
    return (
        "/* Written by config/vendor.py from the styles of Pygments. */\n"
        f"@layer highlight {{\n{light}\n"
        f"@media (prefers-color-scheme: dark) {{\n:root:not([data-theme]) {{\n{dark}\n}}\n}}\n"
        f"[data-theme=dark] {{\n{dark}\n}}\n}}\n"
    )


def _rules(style: str) -> str:
    """The rules of one style for tokens, without its backgrounds."""
    formatter: HtmlFormatter[str] = HtmlFormatter(style=style)
    rows = formatter.get_token_style_defs(".highlight")
    return "\n".join(re.sub(r"background-color: #\w+;?\s*", "", row) for row in rows)


if __name__ == "__main__":
    main()
