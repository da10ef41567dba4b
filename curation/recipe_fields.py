"""The form field of each setting of a recipe, made from its type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Any, Literal, get_args, get_origin
from uuid import UUID

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotate.models import Project, User
from curation.core.language import known_languages
from curation.recipe_settings import LIMITS, methods, settings
from curation.recipe_words import value_word


class NamesField(forms.CharField):
    """Names separated by commas, as a list."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return list(dict.fromkeys(name for part in text.split(",") if (name := part.strip())))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((self.prepare_value(initial) or "") != (data or ""))


class LanguagesField(NamesField):
    """Codes of languages that can be told from a text."""

    def clean(self, value: Any) -> Any:
        codes = [code.lower() for code in super().clean(value)]
        if unknown := sorted(set(codes) - set(known_languages())) if codes else []:
            raise forms.ValidationError(
                _("No text is told to be in %(codes)s: give codes of two or three letters."),
                params={"codes": ", ".join(unknown)},
            )
        return codes


class AnnotatorsField(NamesField):
    """Annotators by user name, id or hash; kept by id or hash, as a recipe has them."""

    def __init__(self, project: Project, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._project = project

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        ids = [one for one in value if _is_id(one)]
        people = User.objects.filter(public_id__in=ids).values_list("public_id", "username")
        names = {str(public_id): name for public_id, name in people}
        return super().prepare_value([names.get(one, one) for one in value])

    def clean(self, value: Any) -> Any:
        given = super().clean(value)
        found = User.objects.filter(assignments__item__project=self._project, username__in=given)
        ids = {name: str(key) for name, key in found.values_list("username", "public_id")}
        unknown = [one for one in given if one not in ids and not _is_id(one) and not _is_hash(one)]
        if unknown:
            raise forms.ValidationError(
                _("Nobody here is called %(names)s."), params={"names": ", ".join(unknown)}
            )
        return list(dict.fromkeys(ids.get(one, one) for one in given))


class MethodSelect(forms.Select):
    """A choice whose options name the kinds that they are for."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        option["attrs"]["data-kinds"] = " ".join(methods().get(str(value), []))
        return option


def field_of(name: str, project: Project, files: Mapping[str, list[str]]) -> forms.Field:
    """The field of a setting; ``files`` are the names to choose from, for those that name one."""
    if name in files:
        return _file_field(files[name], several=name == "decontaminate.against")
    if name == "aggregate":
        return forms.ChoiceField(choices=_worded(name, methods()), widget=MethodSelect)
    if name == "texts.languages":
        return LanguagesField(required=False)
    if name == "select.annotators_out":
        return AnnotatorsField(project, required=False)
    return _by_type(name, settings()[name])


def _file_field(names: list[str], *, several: bool) -> forms.Field:
    choices = [(one, one) for one in names]
    if several:
        widget = forms.CheckboxSelectMultiple
        return forms.MultipleChoiceField(choices=choices, required=False, widget=widget)
    return forms.ChoiceField(choices=[("", capfirst(gettext("none"))), *choices], required=False)


def _by_type(name: str, hint: Any) -> forms.Field:
    origin, args = get_origin(hint), get_args(hint)
    if origin is UnionType:
        inner = next(arg for arg in args if arg is not type(None))
        return _number(name, inner, required=False)
    if origin is Literal:
        return forms.ChoiceField(choices=_worded(name, args), required="" not in args)
    if origin is tuple:
        widget = forms.CheckboxSelectMultiple
        choices = _worded(name, get_args(args[0]))
        return forms.MultipleChoiceField(choices=choices, required=False, widget=widget)
    if hint is bool:
        return forms.BooleanField(required=False)
    if hint is str:
        return forms.CharField(required=False, max_length=200)
    return _number(name, hint, required=True)


def _number(name: str, hint: type, *, required: bool) -> forms.Field:
    low, high = LIMITS[name]
    if hint is int:
        return forms.IntegerField(
            required=required, min_value=int(low), max_value=None if high is None else int(high)
        )
    widget = forms.NumberInput(attrs={"step": "any"})
    return forms.FloatField(required=required, min_value=low, max_value=high, widget=widget)


def _worded(name: str, values: Iterable[str]) -> list[tuple[str, str]]:
    return [(value, capfirst(value_word(name, value))) for value in values]


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _is_hash(text: str) -> bool:
    return len(text) == 16 and set(text) <= set("0123456789abcdef")
