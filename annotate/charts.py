"""The pieces that charts are made of: SVG text, colours by CSS class, readable without seeing them.

A chart takes a ``name`` that is unique in its page: the ids of its title and description are made
from it. Numbers also stand in a table beside each chart; a point's own figures are its tooltip.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

WIDTH, HEIGHT = 480, 230
LEFT, RIGHT, TOP, BOTTOM = 48, 26, 12, 46
MOST_LABELS, LONGEST_LABEL = 12, 18
LABELS, ROW = 150, 26


@dataclass(frozen=True)
class Axes:
    """Data ranges, mapped to the plot area between ``left`` and the other margins."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float
    left: int = LEFT
    height: int = HEIGHT

    def x(self, value: float) -> float:
        """Pixels from the left."""
        return self.left + _share(value, self.x_low, self.x_high) * (WIDTH - self.left - RIGHT)

    def y(self, value: float) -> float:
        """Pixels from the top; larger values stand higher."""
        inside = self.height - TOP - BOTTOM
        return self.height - BOTTOM - _share(value, self.y_low, self.y_high) * inside

    @property
    def floor(self) -> int:
        """Pixels from the top to the lower end of the plot area."""
        return self.height - BOTTOM


@dataclass(frozen=True)
class IntervalPoint:
    """A figure with its interval; None where it is unknown.

    ``label`` names it in the chart, ``name`` in its tooltip and the description.
    """

    label: str
    name: str
    value: float | None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Measured:
    """What a chart's figures are: the ends of their axis, and whether they are shares.

    ``reference`` is a value to draw a dashed line at, such as what chance gives.
    """

    low: float = 0.0
    high: float = 1.0
    is_share: bool = True
    reference: float | None = None

    def text(self, value: float | None) -> str:
        """A value for people."""
        if value is None:
            return ""
        return percent_text(value) if self.is_share else f"{value:.3g}".replace("-", "−")

    def tick(self, value: float) -> str:
        """A value at the axis."""
        text = percent_text(value, digits=0) if self.is_share else f"{value:g}"
        return text.replace("-", "−")


def interval_chart(
    points: Sequence[IntervalPoint], *, name: str, title: str, x_title: str, measured: Measured
) -> SafeString:
    """One row a point, from the top: its label, its dot and its whisker; as high as it has rows."""
    rows = [(-k, point) for k, point in enumerate(points)]
    height = TOP + BOTTOM + ROW * max(len(points), 1)
    axes = Axes(measured.low, measured.high, 0.5 - max(len(points), 1), 0.5, LABELS, height)
    return svg(
        name,
        title,
        told(points, measured),
        _x_grid(axes, measured),
        *(_row_label(axes, y, point.label) for y, point in rows),
        *(_row_mark(axes, y, point, measured) for y, point in rows),
        x_title_text(x_title, axes=axes),
        height=height,
    )


def trend_chart(
    points: Sequence[IntervalPoint], *, name: str, title: str, x_title: str, measured: Measured
) -> SafeString:
    """One point after another from left to right, joined by a line, with whiskers."""
    places = list(enumerate(points))
    axes = Axes(-0.5, max(len(points), 1) - 0.5, measured.low, measured.high)
    known = [(float(x), point.value) for x, point in places if point.value is not None]
    steady = [] if measured.reference is None else [(-0.5, measured.reference)]
    steady += [(axes.x_high, y) for _, y in steady]
    return svg(
        name,
        title,
        told(points, measured),
        y_axis(axes, axis_ticks(measured.low, measured.high), text=measured.tick),
        x_labels(axes, [(float(x), point.label) for x, point in places]),
        x_title_text(x_title),
        polyline(axes, steady, "baseline"),
        polyline(axes, known, "series"),
        *(_trend_mark(axes, x, point, measured) for x, point in places),
    )


def told(points: Sequence[IntervalPoint], measured: Measured) -> str:
    """The figures of all points as a sentence."""
    known = [_point_text(point, measured) for point in points if point.value is not None]
    return "; ".join(known) + "." if known else _("Nothing is known yet.")


def _point_text(point: IntervalPoint, measured: Measured) -> str:
    if point.interval is None:
        return f"{point.name}: {measured.text(point.value)}"
    return _("%(name)s: %(value)s, 95 %% interval %(low)s to %(high)s") % {
        "name": point.name,
        "value": measured.text(point.value),
        "low": measured.text(point.interval[0]),
        "high": measured.text(point.interval[1]),
    }


def _x_grid(axes: Axes, measured: Measured) -> SafeString:
    """Vertical grid lines with their values below, and the reference dashed."""
    values = [(value, "grid") for value in axis_ticks(measured.low, measured.high)]
    lines = values + ([(measured.reference, "baseline")] if measured.reference is not None else [])
    places = ((kind, f"{axes.x(value):.1f}", TOP, axes.floor) for value, kind in lines)
    return format_html_join(
        "", '<line class="{0}" x1="{1}" x2="{1}" y1="{2}" y2="{3}"/>', places
    ) + x_labels(axes, [(value, measured.tick(value)) for value, _kind in values])


def _row_label(axes: Axes, y: int, label: str) -> SafeString:
    text = label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…"
    return format_html(
        '<text x="{}" y="{}" text-anchor="end" dominant-baseline="central">{}</text>',
        axes.left - 9,
        f"{axes.y(y):.1f}",
        text,
    )


def _row_mark(axes: Axes, y: int, point: IntervalPoint, measured: Measured) -> SafeString:
    if point.value is None:
        return SafeString("")
    return tipped(
        _point_text(point, measured),
        _row_whisker(axes, y, point.interval),
        dot(axes, point.value, y),
    )


def _row_whisker(axes: Axes, y: int, interval: tuple[float, float] | None) -> SafeString:
    if interval is None:
        return SafeString("")
    (low, high), middle = (axes.x(end) for end in interval), axes.y(y)
    path = (
        f"M{low:.1f} {middle:.1f}H{high:.1f}"
        f"M{low:.1f} {middle - 4:.1f}v8M{high:.1f} {middle - 4:.1f}v8"
    )
    return format_html('<path class="whisker" d="{}"/>', path)


def _trend_mark(axes: Axes, x: int, point: IntervalPoint, measured: Measured) -> SafeString:
    if point.value is None:
        return SafeString("")
    return tipped(
        _point_text(point, measured),
        whisker(axes, x, point.interval),
        dot(axes, x, point.value),
    )


def svg(
    name: str, title: str, description: str, *parts: SafeString, height: int = HEIGHT
) -> SafeString:
    """A chart of these parts, named and described for those who do not see it."""
    return format_html(
        '<svg class="chart" viewBox="0 0 {width} {height}" role="img" '
        'aria-labelledby="{name}-title {name}-desc" xmlns="http://www.w3.org/2000/svg">'
        '<title id="{name}-title">{title}</title><desc id="{name}-desc">{description}</desc>'
        "{parts}</svg>",
        width=WIDTH,
        height=height,
        name=name,
        title=title,
        description=description,
        parts=joined(parts),
    )


def tipped(text: str, *parts: SafeString) -> SafeString:
    """Marks under one tooltip."""
    return format_html("<g><title>{}</title>{}</g>", text, joined(parts))


def joined(parts: Iterable[SafeString]) -> SafeString:
    """Parts one after another."""
    return format_html_join("", "{}", ((part,) for part in parts))


def y_axis(
    axes: Axes, ticks: Sequence[float], *, text: Callable[[float], str] = "{:g}".format
) -> SafeString:
    """Horizontal grid lines with their values."""
    rows = (
        (axes.left, WIDTH - RIGHT, f"{axes.y(tick):.1f}", axes.left - 7, text(tick))
        for tick in ticks
    )
    return format_html_join(
        "",
        '<line class="grid" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>'
        '<text x="{3}" y="{2}" text-anchor="end" dominant-baseline="central">{4}</text>',
        rows,
    )


def x_labels(axes: Axes, labels: Sequence[tuple[float, str]]) -> SafeString:
    """Labels below the plot; of many only every second, third, … is written."""
    every = max(1, math.ceil(len(labels) / MOST_LABELS))
    rows = ((f"{axes.x(x):.1f}", axes.floor + 16, text) for x, text in labels[::every])
    return format_html_join("", '<text x="{}" y="{}" text-anchor="middle">{}</text>', rows)


def x_title_text(text: str, *, axes: Axes | None = None) -> SafeString:
    """What the horizontal axis shows, below the middle of the plot."""
    left, height = (axes.left, axes.height) if axes else (LEFT, HEIGHT)
    return format_html(
        '<text class="axis-title" x="{}" y="{}" text-anchor="middle">{}</text>',
        (left + WIDTH - RIGHT) / 2,
        height - 8,
        text,
    )


def polyline(axes: Axes, points: Sequence[tuple[float, float]], kind: str) -> SafeString:
    """A line through two points or more."""
    if len(points) < 2:
        return SafeString("")
    path = " ".join(f"{axes.x(x):.1f},{axes.y(y):.1f}" for x, y in points)
    return format_html('<polyline class="{}" fill="none" points="{}"/>', kind, path)


def dot(axes: Axes, x: float, y: float) -> SafeString:
    """A point."""
    cx, cy = f"{axes.x(x):.1f}", f"{axes.y(y):.1f}"
    return format_html('<circle class="dot" cx="{}" cy="{}" r="4"/>', cx, cy)


def axis_ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    """Round values that lie from ``low`` to ``high``, six steps apart at most."""
    if not high > low:
        return [low]
    unit = 10.0 ** math.floor(math.log10((high - low) / 10))
    step = next(unit * k for k in (1, 2, 2.5, 5, 10, 20) if (high - low) / (unit * k) <= 6)
    if whole:
        step = max(1.0, math.ceil(step))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(k * step, 10) for k in range(first, last + 1)]


def _share(value: float, low: float, high: float) -> float:
    """Where a value lies between two ends, 0 to 1; the middle where the ends meet."""
    return (value - low) / (high - low) if high > low else 0.5


def percent_text(share: float | None, *, digits: int = 1) -> str:
    """0.5 as 50.0 %; nothing where the share is unknown."""
    return "" if share is None else f"{share * 100:.{digits}f} %"


def whisker(axes: Axes, x: float, interval: tuple[float, float] | None) -> SafeString:
    """A vertical whisker from one end of an interval to the other."""
    if interval is None:
        return SafeString("")
    low, high = (axes.y(end) for end in interval)
    middle = axes.x(x)
    path = (
        f"M{middle:.1f} {low:.1f}V{high:.1f}"
        f"M{middle - 4:.1f} {low:.1f}h8M{middle - 4:.1f} {high:.1f}h8"
    )
    return format_html('<path class="whisker" d="{}"/>', path)


def baseline(axes: Axes, points: Sequence[tuple[float, float]]) -> SafeString:
    """The baseline; a single point becomes a stroke across its place."""
    if len(points) == 1:
        ((x, value),) = points
        points = [(x - 0.5, value), (x + 0.5, value)]
    return polyline(axes, points, "baseline")


def bar(
    axes: Axes, across: tuple[float, float], upward: tuple[float, float], kind: str
) -> SafeString:
    """A rectangle from data ranges, a gap of one pixel to its neighbour."""
    left, right = (axes.x(v) for v in across)
    bottom, top = (axes.y(v) for v in upward)
    if bottom - top <= 0:
        return SafeString("")
    return format_html(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
        kind,
        f"{left + 0.5:.1f}",
        f"{top:.1f}",
        f"{max(right - left - 1, 0.5):.1f}",
        f"{bottom - top:.1f}",
    )
