"""The plots that the pages of reward models show, made from metrics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotate.charts import percent_text
from modeling.charts.plot import Interval, Plot, Series, Tone

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
    interval: Interval | None = None
    baseline: float | None = None


@dataclass(frozen=True)
class IntervalRow:
    """A figure with its name and what it was counted over."""

    label: str
    value: float | None
    interval: Interval | None = None
    n: int | None = None


def accuracy_plot(points: Sequence[AccuracyPoint], *, name: str, x_title: str) -> Plot:
    """Accuracy of one model after another with 95 % intervals, and the baseline dashed."""
    return Plot(
        name=name,
        title=_("Accuracy on held-out pairs"),
        x_title=x_title,
        y_title=_("Accuracy"),
        xs=tuple(float(k) for k in range(len(points))),
        labels=tuple(point.label for point in points),
        x_notes=tuple(point.name for point in points),
        series=(
            Series(
                _("reward model"),
                tuple(point.accuracy for point in points),
                intervals=tuple(point.interval for point in points),
            ),
            Series(
                _("longer answer wins"),
                tuple(point.baseline for point in points),
                kind="dashed",
                tone="other",
            ),
        ),
        unit="share",
        y_range=_tenths([point.accuracy for point in points], [p.interval for p in points]),
        summary="" if any(p.accuracy is not None for p in points) else _("No model was measured."),
    )


def _tenths(
    values: Sequence[float | None],
    intervals: Sequence[Interval | None],
    *,
    also: Sequence[float] = (CHANCE,),
) -> Interval:
    """Whole tenths around all shares; chance is always in sight."""
    known = [*also, *(value for value in values if value is not None)]
    for interval in intervals:
        known += interval or ()
    low = math.floor(round(min(known) * 10 - 0.2, 6)) / 10
    high = math.ceil(round(max(known) * 10 + 0.2, 6)) / 10
    return max(low, 0.0), min(high, 1.0)


def margin_plot(
    edges: Sequence[float], right: Sequence[int], wrong: Sequence[int], *, name: str
) -> Plot:
    """Held-out pairs by |margin|: those in the wrong order below, those in the right one on top."""
    ends = list(pairwise(edges))
    return Plot(
        name=name,
        title=_("Held-out pairs by predicted margin"),
        x_title=_("|margin| in log-odds"),
        y_title=_("pairs"),
        xs=tuple((low + high) / 2 for low, high in ends),
        x_notes=tuple(f"{low:.3g} – {high:.3g}" for low, high in ends),
        series=(
            Series(_("wrong order"), tuple(map(float, wrong)), kind="bars", tone="other"),
            Series(_("right order"), tuple(map(float, right)), kind="bars"),
        ),
        unit="count",
        y_range=(0.0, 1.0),
        width=ends[0][1] - ends[0][0] if ends else 1.0,
        summary=_(
            "%(right)d pairs in the right order and %(wrong)d in the wrong one, by the size of "
            "the difference in reward."
        )
        % {"right": sum(right), "wrong": sum(wrong)},
    )


def line_plot(
    points: Sequence[tuple[float, float]],
    *,
    name: str,
    title: str,
    x_title: str,
    label: str,
    log_x: bool = False,
) -> Plot:
    """One line through (x, y) points in the order of x; ``log_x`` spaces x by powers of ten."""
    ordered = sorted(points)
    line = Series(label, tuple(y for _x, y in ordered))
    return Plot(
        name=name,
        title=title,
        x_title=x_title,
        y_title=label,
        xs=tuple(x for x, _y in ordered),
        series=(line,),
        log_x=log_x,
        summary=_line_text(line),
    )


def _line_text(one: Series) -> str:
    """A line in short; nothing of a line without points."""
    ys = [value for value in one.values if value is not None]
    if not ys:
        return ""
    return _(
        "%(label)s: %(n)d points, from %(first)s at the left to %(last)s at the right; the least "
        "is %(least)s."
    ) % {
        "label": one.label,
        "n": len(ys),
        "first": f"{ys[0]:.4g}",
        "last": f"{ys[-1]:.4g}",
        "least": f"{min(ys):.4g}",
    }


@dataclass(frozen=True)
class _Line:
    """A figure that trainings log."""

    key: str
    label: str | Promise
    tone: Tone = "series"


@dataclass(frozen=True)
class _Panel:
    """A plot of a training's curve."""

    name: str
    title: str | Promise
    lines: tuple[_Line, ...]
    is_share: bool = False


_PANELS = (
    _Panel(
        "loss",
        gettext_lazy("Loss"),
        (
            _Line("loss", gettext_lazy("training")),
            _Line("validation_loss", gettext_lazy("validation"), "other"),
        ),
    ),
    _Panel(
        "validation-accuracy",
        gettext_lazy("Validation accuracy"),
        (_Line("validation_accuracy", gettext_lazy("accuracy")),),
        is_share=True,
    ),
    _Panel(
        "learning-rate",
        gettext_lazy("Learning rate"),
        (_Line("learning_rate", gettext_lazy("learning rate")),),
    ),
)
_KEYS = tuple(line.key for panel in _PANELS for line in panel.lines)


def curve_plots(curve: Sequence[Mapping[str, Any]], *, live: bool = False) -> list[Plot]:
    """The plots of what a training logged as it went.

    ``curve`` is that of a ``TrainingRun``: `{fraction, loss, learning_rate, …}` each, with `step`
    where the trainer counts steps. Figures that are logged apart are None elsewhere. Plots and
    lines without two points are left out, unless ``live``: then more may come.
    """
    known = [entry for entry in curve if any(_number(entry.get(key)) is not None for key in _KEYS)]
    by_step = bool(known) and all(_number(entry.get("step")) is not None for entry in known)
    x_key, x_title = ("step", _("step")) if by_step else ("fraction", _("share of the training"))
    plots = [_panel_plot(panel, known, x_key, x_title, live) for panel in _PANELS]
    return [plot for plot in plots if live or len(plot.xs) >= 2]


def _panel_plot(
    panel: _Panel, curve: Sequence[Mapping[str, Any]], x_key: str, x_title: str, live: bool
) -> Plot:
    keys = [line.key for line in panel.lines]
    rows: dict[float, dict[str, float]] = {}
    for entry in curve:
        found = {key: value for key in keys if (value := _number(entry.get(key))) is not None}
        if found:
            rows.setdefault(_number(entry.get(x_key)) or 0.0, {}).update(found)
    series = tuple(
        Series(str(line.label), tuple(rows[x].get(line.key) for x in sorted(rows)), tone=line.tone)
        for line in panel.lines
        if live or any(line.key in row for row in rows.values())
    )
    return Plot(
        name=panel.name,
        title=str(panel.title),
        x_title=x_title,
        y_title=str(panel.title),
        xs=tuple(sorted(rows)),
        series=series,
        unit="share" if panel.is_share else "number",
        summary=" ".join(_line_text(one) for one in series),
    )


def _number(value: object) -> float | None:
    """A finite number, None for anything else."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None  # type: ignore[arg-type]


def interval_plot(rows: Sequence[IntervalRow], *, name: str, title: str, y_title: str) -> Plot:
    """Shares with their intervals, one row each from the top, and chance dashed."""
    counted = (
        row.label if row.n is None else _("%(name)s (%(n)d)") % {"name": row.label, "n": row.n}
        for row in rows
    )
    return Plot(
        name=name,
        title=title,
        x_title=_("group"),
        y_title=y_title,
        xs=tuple(float(k) for k in range(len(rows))),
        labels=tuple(row.label for row in rows),
        x_notes=tuple(counted),
        series=(
            Series(
                y_title,
                tuple(row.value for row in rows),
                kind="dots",
                intervals=tuple(row.interval for row in rows),
            ),
        ),
        unit="share",
        y_range=_tenths([row.value for row in rows], [row.interval for row in rows]),
        is_flat=True,
    )


def calibration_plot(bins: Sequence[Mapping[str, Any]], *, name: str) -> Plot:
    """Share of votes against predicted probability, bin by bin; the diagonal is perfect.

    Each bin has the mean `confidence` in the preferred side, from 0.5 to 1, the `agreement` of
    the votes, their number `n`, and an `interval`.
    """
    known = [row for row in bins if row.get("n")]
    agreement = Series(
        _("share of votes"),
        tuple(row["agreement"] for row in known),
        kind="dots",
        intervals=tuple(_ends(row.get("interval")) for row in known),
    )
    return Plot(
        name=name,
        title=_("Predicted probability and share of votes"),
        x_title=_("predicted probability"),
        y_title=agreement.label,
        xs=tuple(float(row["confidence"]) for row in known),
        x_notes=tuple(_counted(row["confidence"], row["n"]) for row in known),
        series=(agreement,),
        unit="share",
        x_range=(CHANCE, _tenths([row["confidence"] for row in known], [])[1]),
        y_range=_tenths(agreement.values, agreement.intervals),
        diagonal=True,
    )


def disagreement_plot(bins: Sequence[Mapping[str, Any]], *, name: str) -> Plot:
    """How far apart a model puts what people agree on: mean |margin| by their `share` of votes.

    Each bin has `share`, `margin` and the number of pairs `n`.
    """
    known = [row for row in bins if row.get("n") and row.get("margin") is not None]
    margins = Series(_("mean |margin|"), tuple(float(row["margin"]) for row in known))
    return Plot(
        name=name,
        title=_("Margin and agreement of people"),
        x_title=_("votes for the preferred side"),
        y_title=margins.label,
        xs=tuple(float(row["share"]) for row in known),
        x_notes=tuple(_counted(row["share"], row["n"]) for row in known),
        series=(margins,),
        x_range=(CHANCE, 1.0),
        y_range=(0.0, max((value or 0.0 for value in margins.values), default=1.0)),
    )


def _counted(share: float, n: int) -> str:
    return f"{percent_text(share)} (n = {n})"


def _ends(interval: object) -> Interval | None:
    known = isinstance(interval, list | tuple) and len(interval) == 2 and None not in interval
    return (float(interval[0]), float(interval[1])) if known else None  # type: ignore[index]
