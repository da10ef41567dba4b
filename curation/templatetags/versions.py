"""Filters for versions side by side, steps and settings: their names and values for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from curation.comparing import Figure
from curation.recipe_texts import STEPS
from curation.recipe_words import setting_in_words, setting_label, value_word
from curation.templatetags.measures import UNKNOWN, probe_label, share

register = template.Library()
register.filter("setting_label", setting_label)

_CHANGES = {
    "added": _("Added"),
    "removed": _("Removed"),
    "moved": _("Another split"),
    "answer": _("Another answer"),
    "votes": _("Other votes, same answer"),
    "certainty": _("Same votes, another certainty"),
    "weight": _("Another weight"),
    "details": _("Other details"),
}
_FIGURES = {
    "aggregate": _("Aggregated by"),
    "judgments": _("Judgments"),
    "annotators": _("Annotators"),
    "agreement_share": _("Agreement"),
    "chosen_longer_share": _("The chosen response is the longer one"),
    "left_win_share": _("The chosen response is stored first"),
    "merged_duplicates": _("Items merged as duplicates"),
    "near_duplicate_prompts": _("Near-duplicate prompts"),
    "largest_cluster": _("Prompts in the largest cluster of them"),
    "prompts_moved": _("Prompts moved between splits"),
}
_GROUPS = {"rows": _("Rows"), "prompts": _("Prompts"), "dropped": _("Dropped")}
_OWN_STEPS = {
    "reliability": _("Reliability"),
    "aggregate": _("Aggregation"),
}
"""Steps that no group of settings is called after."""


@register.filter
def change_word(change: str) -> str:
    """How a row differs between two versions."""
    return str(_CHANGES[change])


@register.filter
def step_word(step: str) -> str:
    """A step of a recipe, as the editor calls it."""
    if step in _OWN_STEPS:
        return str(_OWN_STEPS[step])
    return str(STEPS[step][0]) if step in STEPS else capfirst(gettext(step.replace("_", " ")))


@register.filter
def method(name: str) -> str:
    """A way of aggregating."""
    return value_word("aggregate", name)


@register.filter
def setting_before(one: Figure) -> str:
    """A setting's value in the earlier version."""
    return setting_in_words(one.name, one.before)


@register.filter
def setting_after(one: Figure) -> str:
    """A setting's value in the later version."""
    return setting_in_words(one.name, one.after)


@register.filter
def figure_label(name: str) -> str:
    """What a figure of a version is called, such as rows.train or probe.length.rule."""
    group, _dot, rest = name.partition(".")
    if group == "probe":
        feature, _dot, score = rest.rpartition(".")
        return probe_label(feature, score)
    if rest:
        return f"{_GROUPS[group]}: {gettext(rest.replace('_', ' '))}"
    return str(_FIGURES.get(name, name))


@register.filter
def figure_before(one: Figure) -> str:
    """A figure's value in the earlier version."""
    return _figure(one.name, one.before)


@register.filter
def figure_after(one: Figure) -> str:
    """A figure's value in the later version."""
    return _figure(one.name, one.after)


def _figure(name: str, value: object) -> str:
    """Shares as per cent, a way of aggregating by its name, everything else in few characters."""
    if name.endswith(("_share", ".rule", ".fitted")):
        return share(value) if isinstance(value, float) else UNKNOWN
    return method(value) if isinstance(value, str) else short(value)


@register.filter
def plain_figures(figures: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The single numbers among a preview's figures with their names; zeros tell nothing."""
    for name, value in figures.items():
        if name != "aggregate" and isinstance(value, int | float) and value:
            yield figure_label(name), _figure(name, value)


@register.filter
def short(value: object) -> str:
    """A value of a statistic in few characters; a dash where there is none."""
    if value is None or value == "" or value == []:
        return UNKNOWN
    if isinstance(value, float):
        return f"{value:.4g}".replace("-", "−")
    return str(intcomma(value)) if isinstance(value, int) else str(value)


@register.filter
def plain_value(value: object) -> str:
    """A column's value in one line: lists with commas, what is unknown as a dash."""
    if value is None or value == "" or value == []:
        return UNKNOWN
    if isinstance(value, list):
        return ", ".join(map(plain_value, value))
    return f"{value + 0.0:.6g}" if isinstance(value, float) else str(value)  # no -0
