"""Fields for values that people type as text and the program keeps as lists and objects."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _

ANCHOR = re.compile(r"\s*(?P<aspect>[^:=]+?)\s*:\s*(?P<point>[-−]?\d{1,6})\s*=\s*(?P<text>.*?)\s*")
MAX_ANCHOR = 300
MAX_NAME = 60
Anchors = dict[str, dict[str, str]]


class NamesField(forms.CharField):
    """Distinct names separated by commas, as a list."""

    def prepare_value(self, value: Any) -> Any:
        """Show a list as the person would type it."""
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """The names without blanks around them; raises ValidationError for control characters."""
        if any(ord(char) < 32 for char in str(value or "")):
            raise forms.ValidationError(_("Names are plain text on one line."))
        names = (name.strip() for name in (super().to_python(value) or "").split(","))
        found = list(dict.fromkeys(name for name in names if name))
        if any(len(name) > MAX_NAME for name in found):
            raise forms.ValidationError(_("A name has %(n)d characters at most.") % {"n": MAX_NAME})
        return found


class AnchorsField(forms.CharField):
    """What points of a rating mean: one line ``aspect: point = text`` each, as nested objects."""

    widget = forms.Textarea(attrs={"rows": 5, "spellcheck": "true"})

    def prepare_value(self, value: Any) -> Any:
        """Show an object as the lines that the person would type."""
        if not isinstance(value, dict):
            return value
        return "\n".join(
            f"{aspect}: {point} = {text}"
            for aspect, points in value.items()
            for point, text in sorted(points.items(), key=lambda pair: int(pair[0]))
        )

    def to_python(self, value: Any) -> Any:
        """``{aspect: {point: text}}``; raises ValidationError with a sentence per bad line."""
        found: Anchors = {}
        wrong: list[str] = []
        for number, line in enumerate(str(super().to_python(value) or "").splitlines(), start=1):
            if problem := _add_anchor(found, line) if line.strip() else "":
                words = {"number": number, "problem": problem}
                wrong.append(_("Line %(number)d: %(problem)s") % words)
        if wrong:
            raise forms.ValidationError([forms.ValidationError(each) for each in wrong])
        return found


def _add_anchor(found: Anchors, line: str) -> str:
    """Put one line in; returns what is wrong with it, if anything."""
    match = ANCHOR.fullmatch(line)
    if match is None:
        return _("write it as “aspect: point = text”, such as “helpfulness: 1 = useless”.")
    point = str(int(match["point"].replace("−", "-")))
    if not 0 < len(match["text"]) <= MAX_ANCHOR:
        return _("give a text of 1 to %(n)d characters.") % {"n": MAX_ANCHOR}
    points = found.setdefault(match["aspect"], {})
    if point in points:
        return _("point %(point)s of “%(aspect)s” has a text already.") % {
            "point": point,
            "aspect": match["aspect"],
        }
    points[point] = match["text"]
    return ""
