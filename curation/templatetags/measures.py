"""Filters for figures of which some are unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.translation import gettext_lazy as _

register = template.Library()
UNKNOWN = "–"


@register.filter
def share(value: float | None) -> str:
    """0.6507 as 65.1 %; a dash where the figure is unknown."""
    return f"{value * 100:.1f} %" if isinstance(value, int | float) else UNKNOWN


@register.filter
def interval(ends: Sequence[float] | None) -> str:
    """(0.57, 0.73) as 57.0 – 73.0 %; a dash where the figure is unknown."""
    if not isinstance(ends, list | tuple) or len(ends) != 2 or None in ends:
        return UNKNOWN
    low, high = ends
    return f"{low * 100:.1f} – {high * 100:.1f} %"


@register.filter
def figure(value: float | None) -> str:
    """A number to three digits behind the point; a dash where it is unknown."""
    return f"{value:.3f}".replace("-", "−") if isinstance(value, int | float) else UNKNOWN


@register.filter
def total(counts: Mapping[str, int]) -> int:
    """The sum of counts by name."""
    return sum(counts.values())


@register.filter
def words(name: str) -> str:
    """An identifier such as identical_responses as words."""
    return name.replace("_", " ")


@register.filter
def setting(value: object) -> object:
    """A value of a recipe for people: truth values as yes and no."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


@register.filter
def plain_text(value: object) -> str:
    """A value of a dataset row as text: a conversation as turns, a list as numbered entries."""
    if not isinstance(value, list):
        return str(value)
    if all(isinstance(entry, dict) and "content" in entry for entry in value):
        return "\n\n".join(f"{entry.get('role', '')}: {entry['content']}" for entry in value)
    return "\n".join(f"{number}. {entry}" for number, entry in enumerate(value, start=1))


@dataclass(frozen=True)
class ProbeRow:
    """A line of the proof of a balance, as text."""

    label: str
    before: str
    after: str
    interval: str


@register.filter
def probe_rows(proof: Mapping[str, Any]) -> list[ProbeRow]:
    """The figures of a dataset's `balance` statistics, one line each."""
    rows = []
    for feature, before in proof.get("before", {}).items():
        after = proof.get("after", {}).get(feature) or {}
        name = probed(feature, before)
        for score in ("rule", "fitted", "correlation"):
            if score in before:
                rows.append(_probe_row(name, score, before[score], after.get(score) or {}))
    return rows


def probed(feature: str, probe: Mapping[str, Any]) -> str:
    """What a probe looks at: the place of a response in its pair, or of a step in its solution."""
    return "step" if feature == "position" and "majority" in probe else feature


def _probe_row(
    feature: str, score: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> ProbeRow:
    form, ends = (figure, _figures) if score == "correlation" else (share, interval)
    return ProbeRow(
        probe_label(feature, score),
        form(before.get("value")),
        form(after.get("value")),
        ends(after.get("interval")),
    )


def probe_label(feature: str, score: str) -> str:
    """What a probe asks. Aspects stand in brackets behind the feature: “length (helpfulness)”."""
    name, _bracket, aspect = feature.partition(" (")
    label = str(_PROBES[name, score])
    return f"{label} ({aspect}" if aspect else label


def _figures(ends: Sequence[float] | None) -> str:
    known = isinstance(ends, list | tuple) and len(ends) == 2 and None not in ends
    return " – ".join(map(figure, ends)) if known and ends else UNKNOWN


_PROBES = {
    ("length", "rule"): _("The longer one is better"),
    ("length", "fitted"): _("The best rule of length"),
    ("length", "correlation"): _("Length and score correlate"),
    ("position", "rule"): _("The first one is better"),
    ("position", "fitted"): _("The best rule of place"),
    ("step", "rule"): _("The later step is better"),
    ("step", "fitted"): _("The best rule of place"),
}


@register.filter
def has_correlations(proof: Mapping[str, Any]) -> bool:
    """Whether a proof tells of scores, which have no winner to predict."""
    return any("correlation" in scores for scores in proof.get("before", {}).values())


@register.filter
def too_few(proof: Mapping[str, Any]) -> bool:
    """Whether a probe has so few prompts that its interval says little."""
    return any(scores.get("too_few") for scores in (proof or {}).values())
