"""agreement SLUG: how far a project's annotators agree, and with whom."""

from __future__ import annotations

import math
from typing import Any

from django.core.management.base import CommandParser

from annotate.errors import InvalidInput
from annotate.management.base import JsonCommand, project_by_slug
from curation.core.agreement import LEVELS, Agreement
from curation.quality.agreement import KindAgreement, project_agreement
from curation.quality.annotators import Annotator, Figures, project_annotators
from curation.quality.judgments import project_judgments
from curation.quality.shares import Share


class Command(JsonCommand):
    help = "Tell how far the annotators of a project agree."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")

    def execute_command(self, **options: Any) -> dict[str, Any]:
        judgments = project_judgments(project_by_slug(options["slug"]))
        kinds = project_agreement(judgments)
        if not kinds:
            raise InvalidInput("The project has no judgments that could be compared.")
        people = {one.person.username: _person(one) for one in project_annotators(judgments)}
        return _alphas(kinds[0]) | {"kinds": [_kind(one) for one in kinds], "by_annotator": people}

    def summary(self, result: dict[str, Any]) -> dict[str, Any]:
        """The alphas of each kind, and each annotator's share of agreement with the others."""
        lines = {
            " ".join(filter(None, (one["kind"], one["aspect"]))): _sentence(one["measures"])
            for one in result["kinds"]
        }
        people = result["by_annotator"].items()
        return lines | {
            name: f"{one['judgments']} judgments, reliability {_text(one['reliability'])}"
            for name, one in people
        }


def _alphas(one: KindAgreement) -> dict[str, Any]:
    """Krippendorff's alpha by level, of the kind that was judged most, and its intervals."""
    found = {level: one.measures[level] for level in LEVELS if level in one.measures}
    return {
        "kind": one.kind,
        "alpha": {level: _number(alpha.value) for level, alpha in found.items()},
        "interval": {level: _interval(alpha) for level, alpha in found.items()},
        "n": {level: alpha.n for level, alpha in found.items()},
    }


def _kind(one: KindAgreement) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "aspect": one.aspect,
        "judgments": one.judgments,
        "items": one.items,
        "measures": {name: _agreement(found) for name, found in one.measures.items()},
        "by": one.by,
        "bands": [
            {"low": band.low, "high": band.high, "items": band.items, **_agreement(band.found)}
            for band in one.bands
        ],
    }


def _agreement(found: Agreement) -> dict[str, Any]:
    return {"value": _number(found.value), "interval": _interval(found), "n": found.n}


def _interval(found: Agreement) -> list[float | None] | None:
    ends = [_number(end) for end in found.interval]
    return None if None in ends else ends


def _number(value: float) -> float | None:
    """JSON knows no NaN: what is undefined is null."""
    return None if math.isnan(value) else value


def _person(one: Annotator) -> dict[str, Any]:
    return {"origin": one.person.kind, "kinds": one.kinds, **_figures(one.figures)}


def _figures(figures: Figures) -> dict[str, Any]:
    shares = {
        "reliability": figures.reliability,
        "gold": figures.gold,
        "left": figures.left,
        "longer": figures.longer,
        "ties": figures.ties,
    }
    told: dict[str, Any] = {"judgments": figures.judgments, "seconds": figures.seconds}
    for name, share in shares.items():
        told |= _share(name, share)
    return told


def _share(name: str, share: Share) -> dict[str, Any]:
    return {name: share.value, f"{name}_interval": share.interval, f"{name}_n": share.n}


def _sentence(measures: dict[str, dict[str, Any]]) -> str:
    return ", ".join(f"{name} {_text(found['value'])}" for name, found in measures.items())


def _text(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
