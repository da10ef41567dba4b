"""Filters for figures of which some are unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django import template

register = template.Library()
UNKNOWN = "–"


@register.filter
def share(value: float | None) -> str:
    """0.6507 as 65.1 %; a dash where the figure is unknown."""
    return f"{value * 100:.1f} %" if isinstance(value, int | float) else UNKNOWN


@register.filter
def interval(ends: Sequence[float] | None) -> str:
    """(0.57, 0.73) as 57.0 – 73.0 %; a dash where the figure is unknown."""
    if not isinstance(ends, list | tuple) or len(ends) != 2:
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
