"""Filters for figures of agreement, which may lie below zero."""

from __future__ import annotations

from django import template

register = template.Library()
UNKNOWN = "–"


@register.filter
def bounds(ends: tuple[float, float] | None) -> str:
    """(−0.0123, 0.5) as −0.012 … 0.500; a dash where they are unknown."""
    if ends is None:
        return UNKNOWN
    low, high = (f"{end:.3f}".replace("-", "−") for end in ends)
    return f"{low} … {high}"


@register.filter
def seconds(value: float | None) -> str:
    """12.34 as 12.3 s; a dash where it is unknown."""
    return UNKNOWN if value is None else f"{value:.1f} s"
