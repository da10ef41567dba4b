"""What changed between two texts, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

CONTEXT = 3


@dataclass(frozen=True)
class Line:
    """A line of a difference: ``sign`` is "+", "−", "" for context, "…" for lines left out."""

    sign: str
    text: str = ""


def line_changes(old: str, new: str) -> list[Line]:
    """The lines taken out and put in, with three lines around them; empty for equal texts."""
    before, after = old.splitlines(), new.splitlines()
    matcher = SequenceMatcher(None, before, after)
    lines: list[Line] = []
    for group in matcher.get_grouped_opcodes(CONTEXT):
        if lines or group[0][1] > 0:
            lines.append(Line("…"))
        for tag, i, j, k, m in group:
            lines += _lines(tag, before[i:j], after[k:m])
    return lines


def _lines(tag: str, before: list[str], after: list[str]) -> list[Line]:
    if tag == "equal":
        return [Line("", text) for text in before]
    return [Line("−", text) for text in before] + [Line("+", text) for text in after]
