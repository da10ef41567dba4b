"""What the quality pages show: rows for their tables and charts beside them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from annotate.charts import IntervalPoint, Measured, interval_chart, trend_chart
from curation.core.agreement import Agreement
from curation.quality.agreement import Band, KindAgreement
from curation.quality.annotators import Annotator, Block, Figures
from curation.quality.report import Report
from curation.quality.shares import Share
from curation.quality.values import FIRST_ERROR

MOST_ROWS = 40
HALF = 0.5
MEASURES: Mapping[str, tuple[str | Promise, str | Promise]] = {
    "nominal": (gettext_lazy("Krippendorff’s alpha, nominal"), gettext_lazy("ratings")),
    "ordinal": (gettext_lazy("Krippendorff’s alpha, ordinal"), gettext_lazy("ratings")),
    "interval": (gettext_lazy("Krippendorff’s alpha, interval"), gettext_lazy("ratings")),
    "fleiss": (gettext_lazy("Fleiss’ kappa"), gettext_lazy("ratings")),
    "cohen": (gettext_lazy("Cohen’s kappa, mean of pairs"), gettext_lazy("comparisons")),
    "pairs": (gettext_lazy("Pairs of answers that agree"), gettext_lazy("pairs")),
    "tau": (gettext_lazy("Kendall’s tau, mean of pairs"), gettext_lazy("pairs")),
    "w": (gettext_lazy("Kendall’s W"), gettext_lazy("items")),
}
KINDS: Mapping[str, str | Promise] = {
    "comparison": gettext_lazy("Comparisons"),
    "ranking": gettext_lazy("Rankings"),
    "rating": gettext_lazy("Ratings"),
    "steps": gettext_lazy("Steps"),
    "outcome": gettext_lazy("Outcomes"),
}
BANDS = {
    1: (gettext_lazy("all"),),
    2: (gettext_lazy("harder"), gettext_lazy("easier")),
    3: (gettext_lazy("hardest"), gettext_lazy("middle"), gettext_lazy("easiest")),
}
SHARES: Mapping[str, str | Promise] = {
    "reliability": gettext_lazy("Agrees with others"),
    "gold": gettext_lazy("Gold right"),
    "left": gettext_lazy("Took the left"),
    "longer": gettext_lazy("Took the longer"),
    "ties": gettext_lazy("Called a tie"),
}


@dataclass(frozen=True)
class Column:
    """A column of the table of annotators; ``key`` is what ``?sort=`` names."""

    key: str
    label: str | Promise
    value: Callable[[PersonRow], Any]


@dataclass(frozen=True)
class PersonRow:
    """An annotator under the name that the viewer may see."""

    name: str
    annotator: Annotator

    @property
    def figures(self) -> Figures:
        """The sums over all judgments."""
        return self.annotator.figures


COLUMNS = (
    Column("name", gettext_lazy("Annotator"), lambda row: row.name.casefold()),
    Column("judgments", gettext_lazy("Judgments"), lambda row: row.figures.judgments),
    Column("reliability", SHARES["reliability"], lambda row: row.figures.reliability.value),
    Column("gold", SHARES["gold"], lambda row: row.figures.gold.value),
    Column("left", SHARES["left"], lambda row: row.figures.left.value),
    Column("longer", SHARES["longer"], lambda row: row.figures.longer.value),
    Column("ties", SHARES["ties"], lambda row: row.figures.ties.value),
    Column("seconds", pgettext_lazy("median", "Seconds"), lambda row: row.figures.seconds),
)


def quality_page(
    report: Report, names: Mapping[int, str], *, sort: str, number: str | None
) -> dict[str, Any]:
    """The context of a project's quality page; an unknown ``sort`` is ordering by name.

    ``number`` says which page of the annotators to show; one that does not exist is the nearest.
    """
    rows = [PersonRow(_name(one, names), one) for one in report.annotators]
    key = sort.removeprefix("-")
    if key not in {column.key for column in COLUMNS}:
        sort = key = "name"
    ordered = _sorted(rows, key, is_descending=sort.startswith("-"))
    shown = Paginator(ordered, MOST_ROWS).get_page(number)
    return {
        "report": report,
        "kinds": [_kind(one, f"kind-{k}") for k, one in enumerate(report.agreement)],
        "columns": [_heading(column, sort) for column in COLUMNS],
        "sort": sort,
        "rows": shown,
        "people_chart": _people_chart(shown) if rows else "",
    }


def _name(one: Annotator, names: Mapping[int, str]) -> str:
    return names.get(one.person.pk, _("Somebody who has left"))


def _sorted(rows: list[PersonRow], key: str, *, is_descending: bool) -> list[PersonRow]:
    """By a column; unknown figures come last either way."""
    value = next(column.value for column in COLUMNS if column.key == key)
    known = [row for row in rows if value(row) is not None]
    unknown = [row for row in rows if value(row) is None]
    return sorted(known, key=value, reverse=is_descending) + unknown


def _heading(column: Column, sort: str) -> dict[str, Any]:
    """A column's head: how it is sorted now, and what a click asks for."""
    here = sort.removeprefix("-") == column.key
    descending = sort.startswith("-")
    return {
        "key": column.key,
        "label": column.label,
        "state": ("descending" if descending else "ascending") if here else "",
        "link": column.key if not here or descending else f"-{column.key}",
    }


def _kind(one: KindAgreement, name: str) -> dict[str, Any]:
    return {
        "one": one,
        "name": name,
        "title": _kind_title(one),
        "measures": [_measure(key, found) for key, found in one.measures.items()],
        "by": _by_text(one),
        "bands": [_band(band, len(one.bands)) for band in one.bands],
        "chart": _bands_chart(one, name) if one.bands else "",
    }


def _kind_title(one: KindAgreement) -> str:
    if one.aspect == FIRST_ERROR:
        return _("Steps: first error")
    kind = str(KINDS[one.kind])
    return f"{kind}: {one.aspect}" if one.aspect else kind


def _measure(key: str, found: Agreement) -> dict[str, Any]:
    label, unit = MEASURES[key]
    return {"key": key, "label": label, "unit": unit, "n": found.n, **_shown(found)}


def _shown(found: Agreement) -> dict[str, Any]:
    """Value and interval, None where they are undefined."""
    return {"value": _known(found.value), "interval": _interval(found)}


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _interval(found: Agreement) -> tuple[float, float] | None:
    return None if math.isnan(found.interval[0]) else found.interval


def _by_text(one: KindAgreement) -> str:
    if one.by == "gap":
        return _("by the known gap between the responses")
    return _("by the size of the predicted margin") if one.by else ""


def _band(band: Band, n_bands: int) -> dict[str, Any]:
    label = BANDS[n_bands][band.place]
    return {"band": band, "label": label, **_shown(band.found)}


def _bands_chart(one: KindAgreement, name: str) -> SafeString:
    points = [
        IntervalPoint(str(row["label"]), str(row["label"]), row["value"], row["interval"])
        for row in (_band(band, len(one.bands)) for band in one.bands)
    ]
    ends = [
        0.0,
        *(end for p in points for end in (p.value, *(p.interval or ())) if end is not None),
    ]
    low = math.floor(min(ends) * 5) / 5
    return interval_chart(
        points,
        name=f"{name}-bands",
        title=_("Agreement by difficulty"),
        x_title=str(MEASURES[one.main][0]),
        measured=Measured(low, 1.0, is_share=False, reference=0.0),
    )


def _people_chart(rows: Iterable[PersonRow]) -> SafeString:
    points = [_point(row.name, row.figures.reliability) for row in rows]
    return interval_chart(
        points,
        name="people",
        title=_("How often each annotator agrees with the others"),
        x_title=str(SHARES["reliability"]),
        measured=Measured(),
    )


def _point(label: str, share: Share, *, name: str = "") -> IntervalPoint:
    return IntervalPoint(label, name or label, share.value, share.interval)


def annotator_page(one: Annotator, name: str) -> dict[str, Any]:
    """The context of one annotator's page."""
    figures = one.figures
    shares = [(label, getattr(figures, key)) for key, label in SHARES.items()]
    return {
        "annotator": one,
        "name": name,
        "kinds": [(KINDS[kind], n) for kind, n in one.kinds.items()],
        "shares": shares,
        "shares_chart": interval_chart(
            [_point(str(label), share) for label, share in shares],
            name="shares",
            title=_("Shares of this annotator’s judgments"),
            # xgettext:no-python-format
            x_title=_("share, with 95 % interval"),
            measured=Measured(reference=HALF),
        ),
        "drifts": _drifts(one.blocks),
    }


def _drifts(blocks: tuple[Block, ...]) -> list[dict[str, Any]]:
    """A chart for each figure that is known in two blocks or more."""
    shares = [
        (key, str(SHARES[key]), [_block_point(b, getattr(b.figures, key)) for b in blocks])
        for key in ("reliability", "gold", "left")
    ]
    charts = [
        {"title": label, "chart": _drift(key, label, points, Measured())}
        for key, label, points in shares
        if sum(point.value is not None for point in points) > 1
    ]
    return charts + _pace(blocks)


def _block_point(block: Block, share: Share) -> IntervalPoint:
    return _point(str(block.number), share, name=_block_name(block))


def _block_name(block: Block) -> str:
    return _("Block %(number)s, %(n)s judgments") % {
        "number": block.number,
        "n": block.figures.judgments,
    }


def _pace(blocks: tuple[Block, ...]) -> list[dict[str, Any]]:
    points = [IntervalPoint(str(b.number), _block_name(b), b.figures.seconds) for b in blocks]
    known = [point.value for point in points if point.value is not None]
    if len(known) < 2:
        return []
    label = _("Seconds at work, median")
    measured = Measured(0.0, max(max(known) * 1.1, 1.0), is_share=False)
    return [{"title": label, "chart": _drift("seconds", label, points, measured)}]


def _drift(key: str, label: str, points: list[IntervalPoint], measured: Measured) -> SafeString:
    return trend_chart(
        points,
        name=f"drift-{key}",
        title=_("%(figure)s, block by block") % {"figure": label},
        x_title=_("block of consecutive judgments"),
        measured=measured,
    )
