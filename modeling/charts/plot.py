"""What a plot shows: places, series of values there, and how they are told to people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django.utils.translation import gettext as _

from annotate.charts import percent_text

Kind = Literal["line", "dashed", "dots", "bars"]
Tone = Literal["series", "other"]
Unit = Literal["share", "number", "count"]
Interval = tuple[float, float]
UNKNOWN = "–"


@dataclass(frozen=True)
class Series:
    """One line, row of dots or row of bars over the places of a plot.

    ``values`` and ``intervals`` (95 %, or none at all) are None where nothing is known. Bars stand
    on those of the series before. ``tone`` is the colour: "series" for what is looked at, "other"
    for what it is held against.
    """

    label: str
    values: tuple[float | None, ...]
    kind: Kind = "line"
    tone: Tone = "series"
    intervals: tuple[Interval | None, ...] = ()

    def interval(self, place: int) -> Interval | None:
        """The interval at a place, None where there is none."""
        return self.intervals[place] if self.intervals else None

    def figures(self) -> Iterator[float]:
        """Everything that has to fit into the plot."""
        yield from (value for value in self.values if value is not None)
        for interval in self.intervals:
            yield from interval or ()


@dataclass(frozen=True)
class Plot:
    """Series over the places ``xs``, which ascend; ``labels`` name the places if they have names.

    ``name`` is unique in its page. ``unit`` is that of the values. ``x_range`` and ``y_range`` are
    what the plot shows at least, ``width`` is that of a bar in units of x. ``is_flat`` plots have a
    row for each place, from the top; ``diagonal`` is a dashed line where y is x. ``x_notes`` say
    in the table what a place is, where its number or label would not.
    """

    name: str
    title: str
    x_title: str
    xs: tuple[float, ...]
    series: tuple[Series, ...]
    labels: tuple[str, ...] = ()
    x_notes: tuple[str, ...] = ()
    unit: Unit = "number"
    y_title: str = ""
    x_range: Interval | None = None
    y_range: Interval | None = None
    width: float = 0.0
    log_x: bool = False
    is_flat: bool = False
    diagonal: bool = False
    summary: str = field(default="", compare=False)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to see."""
        return not any(value is not None for one in self.series for value in one.values)

    @property
    def description(self) -> str:
        """The figures for those who do not see the plot."""
        return self.summary or self._told()

    def _told(self) -> str:
        told = [
            f"{self.place(k)}: {', '.join(self._figures(k))}"
            for k in range(len(self.xs))
            if any(one.values[k] is not None for one in self.series)
        ]
        return "; ".join(told) + "." if told else _("Nothing is known yet.")

    def _figures(self, place: int) -> list[str]:
        return [
            f"{one.label} {self._with_interval(one, place)}"
            for one in self.series
            if one.values[place] is not None
        ]

    def _with_interval(self, one: Series, place: int) -> str:
        value, interval = self.text(one.values[place]), one.interval(place)
        if interval is None:
            return value
        return _("%(value)s, 95 %% interval %(low)s to %(high)s") % {
            "value": value,
            "low": self.text(interval[0]),
            "high": self.text(interval[1]),
        }

    def place(self, k: int) -> str:
        """What a place is called."""
        for names in (self.x_notes, self.labels):
            if names:
                return names[k]
        return f"{self.xs[k]:.4g}".replace("-", "−")

    def tip(self, k: int) -> str:
        """The figures of one place as a sentence."""
        return f"{self.place(k)}: {', '.join(self._figures(k))}"

    def text(self, value: float | None) -> str:
        """A value for people, in the plot's unit."""
        if value is None:
            return UNKNOWN
        if self.unit == "share":
            return percent_text(value)
        if self.unit == "count":
            return f"{value:.0f}"
        return f"{value:.4g}".replace("-", "−")

    @property
    def columns(self) -> list[str]:
        """The heads of the table behind the plot."""
        heads = [self.x_title]
        for one in self.series:
            heads += [one.label, _("95 % interval")] if any(one.intervals) else [one.label]
        return heads

    @property
    def rows(self) -> list[list[str]]:
        """The table behind the plot; places where nothing is known, or counted, are left out."""
        return [[self.place(k), *self._cells(k)] for k in range(len(self.xs)) if self._tells(k)]

    def _tells(self, k: int) -> bool:
        nothing = (None, 0) if self.unit == "count" else (None,)
        return any(one.values[k] not in nothing for one in self.series)

    def _cells(self, k: int) -> Iterator[str]:
        for one in self.series:
            yield self.text(one.values[k])
            if any(one.intervals):
                ends = one.interval(k)
                yield " – ".join(map(self.text, ends)) if ends else UNKNOWN

    @property
    def heights(self) -> Interval:
        """The values at the lower and the upper end: what all series and ``y_range`` need."""
        values = [*(self.y_range or ())]
        for one in self.series:
            values += one.figures()
        values += [top for *_place, top in self.stacks()]
        return (min(values), max(values)) if values else (0.0, 1.0)

    def stacks(self) -> Iterator[tuple[int, Series, float, float]]:
        """Place, series, lower and upper end of each bar."""
        for k in range(len(self.xs)):
            top = 0.0
            for one in self.series:
                if one.kind == "bars":
                    bottom, top = top, top + (one.values[k] or 0.0)
                    yield k, one, bottom, top

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values for the browser, which draws the same."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "x": list(self.xs),
            "xTitle": self.y_title if self.is_flat else self.x_title,
            "labels": list(self.labels),
            "notes": list(self.x_notes),
            "unit": self.unit,
            "xRange": list(self.x_range) if self.x_range else None,
            "yRange": list(self.heights),
            "width": self.width,
            "log": self.log_x,
            "flat": self.is_flat,
            "diagonal": self.diagonal,
            "series": [_series_values(one) for one in self.series],
        }

    @property
    def json(self) -> str:
        """``to_dict`` as text, for an attribute of the page."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)


def _series_values(one: Series) -> dict[str, Any]:
    return {
        "label": one.label,
        "kind": one.kind,
        "tone": one.tone,
        "values": list(one.values),
        "low": _ends(one.intervals, 0),
        "high": _ends(one.intervals, 1),
    }


def _ends(intervals: Sequence[Interval | None], end: int) -> list[float | None]:
    return [None if interval is None else interval[end] for interval in intervals]
