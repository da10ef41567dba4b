"""The recipe editor: one form field for each setting of a recipe, made from its types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from annotate.models import Project
from curation.core.errors import RecipeError
from curation.models import ProjectFile
from curation.recipe import KINDS, METHODS, Recipe
from curation.recipe_fields import field_of
from curation.recipe_settings import flat, kinds_of, nested, settings, step_of
from curation.recipe_texts import HELP, LABELS, NEEDS, STEPS
from curation.recipe_words import step_in_words

UNTIL, AGAINST = "until", "decontaminate.against"
FILES: Mapping[str, str] = {
    AGAINST: ProjectFile.Purpose.EVALUATION,
    "dedupe.embeddings": ProjectFile.Purpose.EMBEDDINGS,
    "balance.embeddings": ProjectFile.Purpose.EMBEDDINGS,
    "balance.topics": ProjectFile.Purpose.TOPICS,
}


@dataclass(frozen=True)
class Setting:
    """A field, the kinds that it is for (none: all of them), and what it needs to matter."""

    field: forms.BoundField
    kinds: tuple[str, ...] = ()
    needs: str = ""


@dataclass(frozen=True)
class Step:
    """A step with its settings, and what is asked of it now beyond the defaults.

    ``lacks_files`` marks a step that can do nothing before the project has a file for it.
    """

    name: str
    title: Any
    text: Any
    settings: tuple[Setting, ...]
    changed: tuple[tuple[str, str], ...]
    is_open: bool
    lacks_files: bool


class RecipeForm(forms.Form):
    """Every setting of a recipe, by step; ``recipe`` is what they come to."""

    def __init__(
        self,
        project: Project,
        *args: Any,
        recipe: Recipe,
        until: datetime | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "recipe-%s"
        self.recipe = recipe
        values, files = flat(recipe), _names_by_setting(project)
        for name in settings():
            if step_of(name) == step_of(AGAINST) and not files[AGAINST]:
                continue  # without a set to stay away from, the step can do nothing
            field = field_of(name, project, files)
            field.initial, field.label = _typed(values[name]), LABELS[name]
            field.help_text = HELP.get(name, "")
            self.fields[name] = field
            if name == "seed":
                self.fields[UNTIL] = _until_field(until)

    @property
    def cutoff(self) -> datetime | None:
        """Until when judgments are read, if that is not now."""
        found: datetime | None = self.cleaned_data.get(UNTIL)
        return found

    def steps(self) -> Iterator[Step]:
        """The fields by step, in the order the steps are taken."""
        sent = (*self.errors, *self.changed_data) if self.is_bound else ()
        touched = {"", *map(step_of, sent)}
        for name, (title, text) in STEPS.items():
            changed = () if self.is_bound else tuple(step_in_words(self.recipe, name))
            is_open = name in touched or bool(changed)
            found = tuple(self._of(name))
            yield Step(name, title, text, found, changed, is_open, lacks_files=not found)

    def _of(self, step: str) -> Iterator[Setting]:
        for name in self.fields:
            if step_of(name) == step:
                kinds = kinds_of(name) if name in settings() else ()
                of_all = len(kinds) == len(KINDS)
                yield Setting(self[name], () if of_all else kinds, NEEDS.get(name, ""))

    def clean(self) -> dict[str, Any]:
        """Take the settings over; a recipe that makes no sense says why."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        values = {name: value for name, value in cleaned.items() if name != UNTIL}
        self._check(values)
        if not self.errors:
            try:
                self.recipe = Recipe.from_dict(nested(_fitting(values)))
            except RecipeError as error:
                raise forms.ValidationError(str(error)) from error
        return cleaned

    def _check(self, values: Mapping[str, Any]) -> None:
        """What no field can tell by itself."""
        method = values["aggregate"]
        if method != "auto" and method not in METHODS[values["kind"]]:
            self.add_error("aggregate", _("Rows of this kind are not aggregated in this way."))
        if values["kind"] == "preference" and not values["sources"]:
            self.add_error("sources", _("Choose at least one."))
        found_topics = values["balance.embeddings"] and values["balance.n_topics"]
        if values["balance.by"] == "topic" and not (values["balance.topics"] or found_topics):
            self.add_error(
                "balance.by", _("Choose a file of topics, or vectors and how many topics to find.")
            )
        self._check_order(values, "select.min_seconds", "select.max_seconds")
        self._check_order(values, "texts.min_chars", "texts.max_chars")

    def _check_order(self, values: Mapping[str, Any], low: str, high: str) -> None:
        least, most = values[low], values[high]
        if least is not None and most is not None and least > most:
            self.add_error(high, _("This is less than the least."))

    def clean_until(self) -> datetime | None:
        """A moment that has passed: what is still to come would make the same recipe differ."""
        until: datetime | None = self.cleaned_data[UNTIL]
        if until is not None and until > timezone.now():
            raise forms.ValidationError(_("This moment is still to come."))
        return until


def _fitting(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values, with what says nothing of this kind at its default."""
    plain = flat(Recipe(values["kind"]))
    return {
        name: value if values["kind"] in kinds_of(name) else plain[name]
        for name, value in values.items()
    }


def _names_by_setting(project: Project) -> dict[str, list[str]]:
    """The project's files that a setting may name."""
    names: dict[str, list[str]] = {}
    rows = ProjectFile.objects.filter(project=project).values_list("purpose", "name")
    for purpose, name in rows:
        names.setdefault(purpose, []).append(name)
    return {setting: names.get(purpose, []) for setting, purpose in FILES.items()}


def _typed(value: Any) -> Any:
    """A value as people type it: 2 for 2.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _until_field(until: datetime | None) -> forms.Field:
    zone = timezone.get_current_timezone_name()
    return forms.DateTimeField(
        required=False,
        initial=until,
        label=LABELS[UNTIL],
        help_text=format_lazy(_("Empty: until now. Times are in {zone}."), zone=zone),
        widget=forms.DateTimeInput(
            format="%Y-%m-%dT%H:%M:%S", attrs={"type": "datetime-local", "step": 1}
        ),
    )
