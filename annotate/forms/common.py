"""What several forms share: choices in the reader's language, groups of fields, first errors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext


@dataclass(frozen=True)
class Group:
    """Fields under one heading; ``kind`` is set where they matter for one kind of item only."""

    title: Any
    fields: list[forms.BoundField]
    text: Any = ""
    kind: str = ""


@dataclass(frozen=True)
class Fieldset:
    """A group before it has values: the names of its fields."""

    title: Any
    names: tuple[str, ...]
    text: Any = ""
    kind: str = ""

    def of(self, form: forms.BaseForm) -> Group:
        """The group with those of its fields that the form has."""
        found = [form[name] for name in self.names if name in form.fields]
        return Group(self.title, found, self.text, self.kind)


def in_words(choices: Iterable[tuple[Any, Any]]) -> list[tuple[Any, str]]:
    """Choices with their labels translated; ``annotate.words`` holds what they may be."""
    return [(value, capfirst(gettext(str(label)))) for value, label in choices]


def first_error(form: forms.BaseForm) -> str:
    """The first thing that is wrong with a form, as a sentence."""
    for name, errors in form.errors.items():
        label = form.fields[name].label or name if name in form.fields else ""
        return f"{label}: {errors[0]}" if label else str(errors[0])
    return ""
