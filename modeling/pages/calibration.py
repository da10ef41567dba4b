"""What a checkpoint's manifest says of its calibration, for its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from curation.templatetags.measures import figure, interval, share
from modeling.charts import Plot, calibration_plot
from modeling.pages.figures import Table

METHODS: dict[str, str | Promise] = {
    "raw": _("as trained"),
    "temperature": _("one temperature"),
    "isotonic": _("isotonic"),
    "categories": _("a temperature for each category"),
}
Facts = Mapping[str, Any]


def calibration_section(manifest: Facts) -> dict[str, Any] | None:
    """Figures, plot, thresholds and sets; None for a model from before there was calibration."""
    found = manifest.get("calibration")
    if not isinstance(found, dict):
        return None
    test = found.get("test") or {}
    return {
        "fitted": bool(found.get("fitted")),
        "reason": found.get("reason", ""),
        "n": found.get("n"),
        "method": METHODS.get(found.get("method", "raw"), found.get("method", "")),
        "temperature": found.get("temperature"),
        "measures": _measures(test.get("methods") or {}),
        "reliability": _reliability(test, found.get("method", "raw")),
        "thresholds": _thresholds(found, test),
        "conformal": test.get("conformal") and _conformal(found, test),
    }


def _measures(methods: Mapping[str, Facts]) -> Table | None:
    """What calibration changes on test rows."""
    if not methods:
        return None
    rows = [[str(METHODS.get(name, name)), *_scores(one)] for name, one in methods.items()]
    heads = (
        _("Probabilities"),
        _("Negative log-likelihood"),
        _("Brier score"),
        _("Calibration error"),
    )
    return Table(_("Before and after"), heads, rows)


def _scores(one: Facts) -> list[str]:
    return [_with_ends(one.get(key), one.get(f"{key}_interval")) for key in ("nll", "brier", "ece")]


def _with_ends(value: float | None, ends: Any) -> str:
    if not isinstance(ends, list | tuple) or None in ends:
        return figure(value)
    return f"{figure(value)} ({figure(ends[0])} – {figure(ends[1])})"


def _reliability(test: Facts, method: str) -> Plot | None:
    """The bins of the probabilities in use; those as trained where it has none of its own."""
    bins = test.get("reliability") or {}
    shown = bins.get(method) or bins.get("raw")
    return calibration_plot(shown, name="reliability") if shown else None


def _thresholds(found: Facts, test: Facts) -> Table | None:
    """From which |margin| on a preference can be taken without asking anybody."""
    measured = {row.get("target"): row for row in test.get("thresholds") or []}
    rows = [
        _threshold(row, measured.get(row.get("target")) or {})
        for row in found.get("thresholds") or []
    ]
    if not rows:
        return None
    heads = (_("Wanted"), _("|margin| from"), _("Accepted"), _("Right of them"), _("95 % interval"))
    return Table(_("Taken without asking"), heads, rows)


def _threshold(row: Facts, test: Facts) -> list[str]:
    return [
        share(row.get("target")),
        figure(row.get("margin")),
        share(test.get("share")),
        share(test.get("precision")),
        interval(test.get("interval")),
    ]


def _conformal(found: Facts, test: Facts) -> dict[str, Any]:
    """How often the set of answers that it gives holds the people's, and how large it is."""
    measured = test["conformal"]
    return {
        "level": share((found.get("conformal") or {}).get("level")),
        "coverage": share(measured.get("coverage")),
        "interval": interval(measured.get("interval")),
        "sizes": sorted((measured.get("sizes") or {}).items()),
    }
