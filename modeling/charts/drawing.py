"""Plots as SVG, for pages without scripts; the pieces are in ``annotate.charts``."""

from __future__ import annotations

import math
from collections.abc import Callable

from django.utils.html import format_html
from django.utils.safestring import SafeString

from annotate.charts import (
    Axes,
    IntervalPoint,
    Measured,
    axis_ticks,
    bar,
    dot,
    interval_chart,
    joined,
    percent_text,
    polyline,
    svg,
    tipped,
    whisker,
    x_labels,
    x_title_text,
    y_axis,
)
from modeling.charts.plot import Plot, Series

MOST_DOTS = 40
BARS = {"series": "bar-right", "other": "bar-wrong"}
LINES = {"series": "series", "other": "other"}


def drawn(plot: Plot) -> SafeString:
    """The plot as an SVG with a name and a description."""
    if plot.is_flat:
        return _flat(plot)
    axes = _axes(plot)
    return svg(
        plot.name,
        plot.title,
        plot.description,
        y_axis(axes, axis_ticks(axes.y_low, axes.y_high), text=_tick_text(plot)),
        x_labels(axes, _x_labels(plot, axes)),
        x_title_text(plot.x_title),
        _diagonal(plot, axes),
        *(_bar(plot, axes, k, one, (low, high)) for k, one, low, high in plot.stacks()),
        *(_line(plot, axes, one) for one in plot.series if one.kind in ("line", "dashed")),
        *(_marks(plot, axes, k) for k in range(len(plot.xs))),
    )


def _flat(plot: Plot) -> SafeString:
    one, low_high = plot.series[0], plot.y_range or (0.0, 1.0)
    points = [
        IntervalPoint(plot.labels[k], plot.place(k), one.values[k], one.interval(k))
        for k in range(len(plot.xs))
    ]
    measured = Measured(*low_high, is_share=plot.unit == "share", reference=_reference(plot))
    return interval_chart(
        points, name=plot.name, title=plot.title, x_title=plot.y_title, measured=measured
    )


def _reference(plot: Plot) -> float | None:
    """The height of a dashed series that is the same everywhere."""
    dashed = next((one for one in plot.series if one.kind == "dashed"), None)
    return dashed.values[0] if dashed and dashed.values else None


def _axes(plot: Plot) -> Axes:
    xs = [_place(plot, x) for x in (*plot.xs, *(plot.x_range or ()))] or [0.0, 1.0]
    beside = 0.5 if plot.labels else plot.width / 2
    low, high = plot.heights
    ticks = axis_ticks(low, high)
    return Axes(min(xs) - beside, max(xs) + beside, min([low, *ticks]), max([high, *ticks]))


def _place(plot: Plot, x: float) -> float:
    return math.log10(x) if plot.log_x else x


def _tick_text(plot: Plot) -> Callable[[float], str]:
    if plot.unit == "share":
        return lambda value: percent_text(value, digits=0)
    return lambda value: f"{value:g}".replace("-", "−")


def _x_labels(plot: Plot, axes: Axes) -> list[tuple[float, str]]:
    if plot.labels:
        return list(zip(plot.xs, plot.labels, strict=True))
    if plot.log_x:
        powers = range(math.ceil(axes.x_low - 1e-9), math.floor(axes.x_high + 1e-9) + 1)
        return [(float(power), f"{10.0**power:g}") for power in powers]
    whole = bool(plot.xs) and all(x.is_integer() for x in plot.xs)  # such as steps
    ticks = axis_ticks(axes.x_low, axes.x_high, whole=whole)
    return [(tick, f"{tick:g}") for tick in ticks]


def _line(plot: Plot, axes: Axes, one: Series) -> SafeString:
    """A line through what is known; a dashed one at a single place is a stroke across it."""
    known = [
        (_place(plot, x), y) for x, y in zip(plot.xs, one.values, strict=True) if y is not None
    ]
    if one.kind == "dashed" and len(known) == 1:
        ((x, y),) = known
        known = [(x - 0.5, y), (x + 0.5, y)]
    return polyline(axes, known, "baseline" if one.kind == "dashed" else LINES[one.tone])


def _diagonal(plot: Plot, axes: Axes) -> SafeString:
    """Where y is x."""
    if not plot.diagonal:
        return SafeString("")
    low, high = max(axes.x_low, axes.y_low), min(axes.x_high, axes.y_high)
    return polyline(axes, [(low, low), (high, high)], "baseline")


def _bar(plot: Plot, axes: Axes, k: int, one: Series, ends: tuple[float, float]) -> SafeString:
    left, right = plot.xs[k] - plot.width / 2, plot.xs[k] + plot.width / 2
    return tipped(plot.tip(k), bar(axes, (left, right), ends, BARS[one.tone]))


def _marks(plot: Plot, axes: Axes, k: int) -> SafeString:
    """The whiskers and dots of a place, under one tooltip; a long line has no dots."""
    marks = [
        _mark(axes, _place(plot, plot.xs[k]), one, k)
        for one in plot.series
        if one.kind == "dots" or (one.kind == "line" and len(plot.xs) <= MOST_DOTS)
    ]
    shown = [mark for mark in marks if mark]
    return tipped(plot.tip(k), *shown) if shown else SafeString("")


def _mark(axes: Axes, x: float, one: Series, k: int) -> SafeString:
    value = one.values[k]
    if value is None:
        return SafeString("")
    mark = dot(axes, x, value)
    if one.tone == "other":
        mark = format_html('<g class="other">{}</g>', mark)
    return joined([whisker(axes, x, one.interval(k)), mark])
