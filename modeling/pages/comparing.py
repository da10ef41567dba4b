"""Models side by side: their figures, paired differences, settings, and the items that flipped."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotate.models import Project
from curation.templatetags.measures import figure
from modeling.comparison import Difference, difference, texts_of
from modeling.core.config import RewardConfig
from modeling.models import Checkpoint
from modeling.pages.figures import held_out, points
from modeling.selectors import checkpoint_rows

DEFAULTS = RewardConfig()
MOST_COMPARED, MOST_FLIPS = 6, 40
NAMES: dict[str, str | Promise] = {
    "accuracy": _("accuracy"),
    "nll": _("negative log-likelihood"),
    "ece": _("calibration error"),
}


@dataclass(frozen=True)
class Paired:
    """A model held against the first of those chosen."""

    checkpoint: Checkpoint
    difference: Difference
    rows: list[tuple[str, str]]


@dataclass(frozen=True)
class Flip:
    """A test row that one model gets right and the other wrong, with its texts where they are."""

    facts: Mapping[str, Any]
    texts: Mapping[str, Any]


def compare_page(
    project: Project, numbers: Collection[int], *, flips: int | None
) -> dict[str, Any]:
    """The chosen models, oldest first; the others are held against the first one.

    ``flips`` is the number of the model whose changes are listed, by default the newest's.
    """
    chosen = _chosen(project, numbers)
    paired = [_paired(chosen[0], other) for other in chosen[1:]]
    newest = paired[-1] if paired else None
    shown = next((one for one in paired if one.checkpoint.number == flips), newest)
    return {
        "project": project,
        "models": checkpoint_rows(project)[::-1],
        "chosen": chosen,
        "numbers": [one.number for one in chosen],
        "query": "&".join(f"model={one.number}" for one in chosen),
        "figures": _side_by_side(chosen),
        "paired": paired,
        "settings": _settings(chosen),
        "shown": shown,
        "flips": _flips(shown) if shown else [],
    }


def _chosen(project: Project, numbers: Collection[int]) -> list[Checkpoint]:
    found = Checkpoint.objects.filter(project=project, number__in=numbers)
    rows = found.select_related("project", "run__dataset__project").order_by("number")
    return list(rows[:MOST_COMPARED])


def _paired(first: Checkpoint, other: Checkpoint) -> Paired:
    found = difference(first, other)
    return Paired(other, found, [_paired_row(found.found, name) for name in NAMES])


def _paired_row(found: Mapping[str, Any], name: str) -> tuple[str, str]:
    """A figure's name, and its difference with the interval of that."""
    one = found.get(name) or {}
    value, ends = one.get("difference"), one.get("interval")
    if value is None:
        return str(NAMES[name]), "–"
    if name == "accuracy":
        return str(NAMES[name]), points(value, ends)
    text = _signed(value)
    return str(NAMES[name]), _between(text, *map(_signed, ends)) if ends else text


def _between(value: str, low: str, high: str) -> str:
    return gettext("%(value)s (%(low)s to %(high)s)") % {"value": value, "low": low, "high": high}


def _signed(value: float) -> str:
    return figure(value) if value < 0 else f"+{figure(value)}"


def _side_by_side(chosen: Sequence[Checkpoint]) -> list[tuple[str | Promise, list[str]]]:
    """Each figure's label with its texts, one for each model; a dash where one has none."""
    columns = []
    for one in chosen:
        found = held_out(one.run.dataset.kind, one.metrics.get("test") or {})
        columns.append({str(each.label): each.text for each in (*found.heads, *found.rows)})
    labels = list(dict.fromkeys(label for column in columns for label in column))
    return [(label, [column.get(label, "–") for column in columns]) for label in labels]


def _settings(chosen: Sequence[Checkpoint]) -> list[tuple[str, list[str]]]:
    """The settings in which the models differ, with the values of each; data come first.

    A setting that is newer than a model has the default, as it did what the default does.
    """
    values = [
        {"dataset": str(one.run.dataset), **DEFAULTS.to_dict(), **one.run.config} for one in chosen
    ]
    names = list(dict.fromkeys(name for one in values for name in one))
    rows = [(name, [_setting(one.get(name)) for one in values]) for name in names]
    return [(name, row) for name, row in rows if len(set(row)) > 1]


def _setting(value: object) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _flips(shown: Paired) -> list[Flip]:
    """What changed hands, the largest changes of margin first as the comparison lists them."""
    listed = list(shown.difference.found.get("flips") or [])[:MOST_FLIPS]
    names = [(str(one.get("item")), str(one.get("key"))) for one in listed]
    texts = texts_of(shown.checkpoint, names) if names else {}
    return [Flip(one, texts.get(name, {})) for one, name in zip(listed, names, strict=True)]
