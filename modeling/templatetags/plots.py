"""Plots in templates."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from modeling import charts

register = template.Library()


@register.filter
def drawn(plot: charts.Plot) -> SafeString:
    """The plot as an SVG, for pages without scripts."""
    return charts.drawn(plot)
