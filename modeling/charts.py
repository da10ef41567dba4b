"""Charts as SVG text: pure functions, colours by CSS class, readable without seeing them.

Each takes a ``name`` that is unique in its page: the ids of the chart's title and description
are made from it. Numbers also stand in a table beside each chart; a point's own figures are its
tooltip.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT = 480, 230
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 12, 46
MOST_LABELS, MOST_DOTS = 12, 20
CHANCE = 0.5


@dataclass(frozen=True)
class AccuracyPoint:
    """One model's held-out accuracy; figures are None where nothing was held out.

    ``label`` stands below the point, ``name`` in its tooltip; ``baseline`` is what preferring
    the longer answer reaches on the same pairs.
    """

    label: str
    name: str
    accuracy: float | None
    interval: tuple[float, float] | None = None
    baseline: float | None = None


@dataclass(frozen=True)
class Axes:
    """Data ranges, mapped to the plot area."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float

    def x(self, value: float) -> float:
        """Pixels from the left."""
        return LEFT + _share(value, self.x_low, self.x_high) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """Pixels from the top; larger values stand higher."""
        return HEIGHT - BOTTOM - _share(value, self.y_low, self.y_high) * (HEIGHT - TOP - BOTTOM)


def accuracy_chart(points: Sequence[AccuracyPoint], *, name: str, x_title: str) -> SafeString:
    """Accuracy of one model after another with 95 % whiskers, and the baseline dashed."""
    axes = Axes(-0.5, max(len(points), 1) - 0.5, *_accuracy_range(points))
    places = list(enumerate(points))
    solid = [(x, p.accuracy) for x, p in places if p.accuracy is not None]
    dashed = [(x, p.baseline) for x, p in places if p.baseline is not None]
    return _svg(
        name,
        "Accuracy on held-out pairs",
        _accuracy_text(points),
        _y_axis(axes, _ticks(axes.y_low, axes.y_high), percent=True),
        _x_labels(axes, [(float(x), point.label) for x, point in places]),
        _x_title(x_title),
        _baseline(axes, dashed),
        _polyline(axes, solid, "series"),
        *(_accuracy_mark(axes, x, point) for x, point in places),
    )


def _accuracy_range(points: Sequence[AccuracyPoint]) -> tuple[float, float]:
    """Whole tenths around everything drawn; chance is always in sight."""
    values = [CHANCE]
    for point in points:
        values += [v for v in (point.accuracy, point.baseline) if v is not None]
        values += point.interval or ()
    low = math.floor(round(min(values) * 10 - 0.2, 6)) / 10
    high = math.ceil(round(max(values) * 10 + 0.2, 6)) / 10
    return max(low, 0.0), min(high, 1.0)


def _accuracy_text(points: Sequence[AccuracyPoint]) -> str:
    measured = [_figures(point) for point in points if point.accuracy is not None]
    return "; ".join(measured) + "." if measured else "No model was measured."


def _figures(point: AccuracyPoint) -> str:
    parts = [f"{point.name}: {_percent(point.accuracy)}"]
    if point.interval is not None:
        low, high = point.interval
        parts.append(f"95 % interval {_percent(low)} to {_percent(high)}")
    if point.baseline is not None:
        parts.append(f"longer answer {_percent(point.baseline)}")
    return ", ".join(parts)


def _accuracy_mark(axes: Axes, x: int, point: AccuracyPoint) -> SafeString:
    """The whisker and the dot of a model, under one tooltip."""
    if point.accuracy is None:
        return SafeString("")
    return format_html(
        "<g><title>{}</title>{}{}</g>",
        _figures(point),
        _whisker(axes, x, point.interval),
        _dot(axes, x, point.accuracy),
    )


def _whisker(axes: Axes, x: float, interval: tuple[float, float] | None) -> SafeString:
    if interval is None:
        return SafeString("")
    low, high = (axes.y(end) for end in interval)
    middle = axes.x(x)
    path = (
        f"M{middle:.1f} {low:.1f}V{high:.1f}"
        f"M{middle - 4:.1f} {low:.1f}h8M{middle - 4:.1f} {high:.1f}h8"
    )
    return format_html('<path class="whisker" d="{}"/>', path)


def _baseline(axes: Axes, points: Sequence[tuple[float, float]]) -> SafeString:
    """The baseline; a single point becomes a stroke across its place."""
    if len(points) == 1:
        ((x, value),) = points
        points = [(x - 0.5, value), (x + 0.5, value)]
    return _polyline(axes, points, "baseline")


def margin_chart(
    edges: Sequence[float], right: Sequence[int], wrong: Sequence[int], *, name: str
) -> SafeString:
    """Held-out pairs by |margin|: those in the wrong order below, those in the right one on top."""
    counts = [a + b for a, b in zip(right, wrong, strict=True)]
    axes = Axes(edges[0] if edges else 0.0, edges[-1] if edges else 1.0, 0, max([*counts, 1]))
    bars = [_stack(axes, edges[k], edges[k + 1], right[k], wrong[k]) for k in range(len(counts))]
    return _svg(
        name,
        "Held-out pairs by predicted margin",
        f"{sum(right)} pairs in the right order and {sum(wrong)} in the wrong one, by the size of "
        "the difference in reward.",
        _y_axis(axes, _ticks(0, axes.y_high, whole=True)),
        *bars,
        _x_labels(axes, [(v, f"{v:g}") for v in _ticks(axes.x_low, axes.x_high)]),
        _x_title("|margin| in log-odds"),
    )


def _stack(axes: Axes, left: float, right: float, n_right: int, n_wrong: int) -> SafeString:
    text = f"|margin| {left:.2f} to {right:.2f}: {n_right} right, {n_wrong} wrong"
    return format_html(
        "<g><title>{}</title>{}{}</g>",
        text,
        _bar(axes, (left, right), (0, n_wrong), "bar-wrong"),
        _bar(axes, (left, right), (n_wrong, n_wrong + n_right), "bar-right"),
    )


def _bar(
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


def line_chart(
    points: Sequence[tuple[float, float]],
    *,
    name: str,
    title: str,
    x_title: str,
    log_x: bool = False,
) -> SafeString:
    """One line through (x, y) points in the order of x; ``log_x`` spaces x by powers of ten."""
    ordered = sorted((math.log10(x) if log_x else x, y) for x, y in points)
    xs, ys = [x for x, _ in ordered] or [0.0], [y for _, y in ordered] or [0.0]
    y_ticks = _ticks(min(ys), max(ys))
    axes = Axes(xs[0], xs[-1], min([*y_ticks, *ys]), max([*y_ticks, *ys]))
    labels = _power_labels(axes) if log_x else [(v, f"{v:g}") for v in _ticks(xs[0], xs[-1])]
    return _svg(
        name,
        title,
        f"{len(ordered)} points, from {ys[0]:.4g} at the left to {ys[-1]:.4g} at the right; "
        f"the least is {min(ys):.4g}.",
        _y_axis(axes, y_ticks),
        _x_labels(axes, labels),
        _x_title(x_title),
        _polyline(axes, ordered, "series"),
        *(_tipped_dot(axes, x, y, log_x) for x, y in ordered if len(ordered) <= MOST_DOTS),
    )


def _power_labels(axes: Axes) -> list[tuple[float, str]]:
    powers = range(math.ceil(axes.x_low - 1e-9), math.floor(axes.x_high + 1e-9) + 1)
    return [(float(power), f"{10.0**power:g}") for power in powers]


def _tipped_dot(axes: Axes, x: float, y: float, log_x: bool) -> SafeString:
    tip = f"{10.0**x if log_x else x:.4g}: {y:.4g}"
    return format_html("<g><title>{}</title>{}</g>", tip, _dot(axes, x, y))


def _svg(name: str, title: str, description: str, *parts: SafeString) -> SafeString:
    return format_html(
        '<svg class="chart" viewBox="0 0 {width} {height}" role="img" '
        'aria-labelledby="{name}-title {name}-desc" xmlns="http://www.w3.org/2000/svg">'
        '<title id="{name}-title">{title}</title><desc id="{name}-desc">{description}</desc>'
        "{parts}</svg>",
        width=WIDTH,
        height=HEIGHT,
        name=name,
        title=title,
        description=description,
        parts=format_html_join("", "{}", ((part,) for part in parts)),
    )


def _y_axis(axes: Axes, ticks: Sequence[float], *, percent: bool = False) -> SafeString:
    """Horizontal grid lines with their values."""
    rows = (
        (
            LEFT,
            WIDTH - RIGHT,
            f"{axes.y(tick):.1f}",
            LEFT - 7,
            _percent(tick, digits=0) if percent else f"{tick:g}",
        )
        for tick in ticks
    )
    return format_html_join(
        "",
        '<line class="grid" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>'
        '<text x="{3}" y="{2}" text-anchor="end" dominant-baseline="central">{4}</text>',
        rows,
    )


def _x_labels(axes: Axes, labels: Sequence[tuple[float, str]]) -> SafeString:
    """Labels below the plot; of many only every second, third, … is written."""
    every = max(1, math.ceil(len(labels) / MOST_LABELS))
    rows = ((f"{axes.x(x):.1f}", HEIGHT - BOTTOM + 16, text) for x, text in labels[::every])
    return format_html_join("", '<text x="{}" y="{}" text-anchor="middle">{}</text>', rows)


def _x_title(text: str) -> SafeString:
    middle = (LEFT + WIDTH - RIGHT) / 2
    return format_html(
        '<text class="axis-title" x="{}" y="{}" text-anchor="middle">{}</text>',
        middle,
        HEIGHT - 8,
        text,
    )


def _polyline(axes: Axes, points: Sequence[tuple[float, float]], kind: str) -> SafeString:
    if len(points) < 2:
        return SafeString("")
    path = " ".join(f"{axes.x(x):.1f},{axes.y(y):.1f}" for x, y in points)
    return format_html('<polyline class="{}" fill="none" points="{}"/>', kind, path)


def _dot(axes: Axes, x: float, y: float) -> SafeString:
    cx, cy = f"{axes.x(x):.1f}", f"{axes.y(y):.1f}"
    return format_html('<circle class="dot" cx="{}" cy="{}" r="4"/>', cx, cy)


def _ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
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


def _percent(share: float | None, *, digits: int = 1) -> str:
    return "" if share is None else f"{share * 100:.{digits}f} %"
