"""The charts of reward models: accuracy, margins, loss; their pieces are in ``annotate.charts``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from annotate.charts import (
    Axes,
    axis_ticks,
    bar,
    baseline,
    dot,
    percent_text,
    polyline,
    svg,
    tipped,
    whisker,
    x_labels,
    x_title_text,
    y_axis,
)

MOST_DOTS = 20
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


def accuracy_chart(points: Sequence[AccuracyPoint], *, name: str, x_title: str) -> SafeString:
    """Accuracy of one model after another with 95 % whiskers, and the baseline dashed."""
    axes = Axes(-0.5, max(len(points), 1) - 0.5, *_accuracy_range(points))
    places = list(enumerate(points))
    solid = [(x, p.accuracy) for x, p in places if p.accuracy is not None]
    dashed = [(x, p.baseline) for x, p in places if p.baseline is not None]
    return svg(
        name,
        _("Accuracy on held-out pairs"),
        _accuracy_text(points),
        y_axis(axes, axis_ticks(axes.y_low, axes.y_high), text=_whole_percent),
        x_labels(axes, [(float(x), point.label) for x, point in places]),
        x_title_text(x_title),
        baseline(axes, dashed),
        polyline(axes, solid, "series"),
        *(_accuracy_mark(axes, x, point) for x, point in places),
    )


def _whole_percent(share: float) -> str:
    return percent_text(share, digits=0)


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
    return "; ".join(measured) + "." if measured else _("No model was measured.")


def _figures(point: AccuracyPoint) -> str:
    parts = [f"{point.name}: {percent_text(point.accuracy)}"]
    if point.interval is not None:
        low, high = point.interval
        parts.append(
            _("95 %% interval %(low)s to %(high)s")
            % {"low": percent_text(low), "high": percent_text(high)}
        )
    if point.baseline is not None:
        parts.append(_("longer answer %(share)s") % {"share": percent_text(point.baseline)})
    return ", ".join(parts)


def _accuracy_mark(axes: Axes, x: int, point: AccuracyPoint) -> SafeString:
    """The whisker and the dot of a model, under one tooltip."""
    if point.accuracy is None:
        return SafeString("")
    return tipped(
        _figures(point),
        whisker(axes, x, point.interval),
        dot(axes, x, point.accuracy),
    )


def margin_chart(
    edges: Sequence[float], right: Sequence[int], wrong: Sequence[int], *, name: str
) -> SafeString:
    """Held-out pairs by |margin|: those in the wrong order below, those in the right one on top."""
    counts = [a + b for a, b in zip(right, wrong, strict=True)]
    axes = Axes(edges[0] if edges else 0.0, edges[-1] if edges else 1.0, 0, max([*counts, 1]))
    bars = [_stack(axes, edges[k], edges[k + 1], right[k], wrong[k]) for k in range(len(counts))]
    return svg(
        name,
        _("Held-out pairs by predicted margin"),
        _(
            "%(right)d pairs in the right order and %(wrong)d in the wrong one, by the size of "
            "the difference in reward."
        )
        % {"right": sum(right), "wrong": sum(wrong)},
        y_axis(axes, axis_ticks(0, axes.y_high, whole=True)),
        *bars,
        x_labels(axes, [(v, f"{v:g}") for v in axis_ticks(axes.x_low, axes.x_high)]),
        x_title_text(_("|margin| in log-odds")),
    )


def _stack(axes: Axes, left: float, right: float, n_right: int, n_wrong: int) -> SafeString:
    text = _("|margin| %(low)s to %(high)s: %(right)d right, %(wrong)d wrong") % {
        "low": f"{left:.2f}",
        "high": f"{right:.2f}",
        "right": n_right,
        "wrong": n_wrong,
    }
    return tipped(
        text,
        bar(axes, (left, right), (0, n_wrong), "bar-wrong"),
        bar(axes, (left, right), (n_wrong, n_wrong + n_right), "bar-right"),
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
    y_ticks = axis_ticks(min(ys), max(ys))
    axes = Axes(xs[0], xs[-1], min([*y_ticks, *ys]), max([*y_ticks, *ys]))
    labels = _power_labels(axes) if log_x else [(v, f"{v:g}") for v in axis_ticks(xs[0], xs[-1])]
    return svg(
        name,
        title,
        _(
            "%(n)d points, from %(first)s at the left to %(last)s at the right; "
            "the least is %(least)s."
        )
        % {
            "n": len(ordered),
            "first": f"{ys[0]:.4g}",
            "last": f"{ys[-1]:.4g}",
            "least": f"{min(ys):.4g}",
        },
        y_axis(axes, y_ticks),
        x_labels(axes, labels),
        x_title_text(x_title),
        polyline(axes, ordered, "series"),
        *(_tipped_dot(axes, x, y, log_x) for x, y in ordered if len(ordered) <= MOST_DOTS),
    )


def _power_labels(axes: Axes) -> list[tuple[float, str]]:
    powers = range(math.ceil(axes.x_low - 1e-9), math.floor(axes.x_high + 1e-9) + 1)
    return [(float(power), f"{10.0**power:g}") for power in powers]


def _tipped_dot(axes: Axes, x: float, y: float, log_x: bool) -> SafeString:
    tip = f"{10.0**x if log_x else x:.4g}: {y:.4g}"
    return tipped(tip, dot(axes, x, y))
