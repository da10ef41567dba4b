"""Which items the browser shows: filters over an explicit list of fields.

A parameter that is not on the list is refused, so nothing of a query string ever reaches the
database as the name of a field.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters import CharFilter, ChoiceFilter, Filter, FilterSet

from annotate.errors import InvalidInput
from annotate.forms.common import in_words
from annotate.models import Item, KnownAnswer, Project, Prompt, RoundItem
from annotate.search import judgment_count, says

MAX_SMALL = 32_767
FIRST = ("q", "kind", "category")
RESERVED = ("sort", "after")
MANAGERS_ONLY = ("gold", "arm")
COSTLY = ("q", "judgments_min", "judgments_max")
ANY = gettext_lazy("any")
YES_NO = (("yes", gettext_lazy("yes")), ("no", gettext_lazy("no")))
GOLD = (
    ("gold", gettext_lazy("gold")),
    ("qualification", gettext_lazy("qualification")),
    ("known", gettext_lazy("has a known answer")),
    ("unknown", gettext_lazy("has no known answer")),
)


class IntegerFilter(Filter):
    """A whole number."""

    field_class = forms.IntegerField


class FloatFilter(Filter):
    """A finite number."""

    field_class = forms.FloatField


class ItemFilter(FilterSet):
    """What can be asked of the item browser; managers may ask more than reviewers."""

    q = CharFilter(label=gettext_lazy("Text"), max_length=200)
    kind = ChoiceFilter(
        empty_label=ANY, label=gettext_lazy("Kind"), choices=lambda: in_words(Item.Kind.choices)
    )
    category = CharFilter(label=gettext_lazy("Category"), max_length=120)
    source = CharFilter(label=gettext_lazy("Source"), max_length=200)
    split = ChoiceFilter(
        empty_label=ANY,
        label=gettext_lazy("Split"),
        field_name="prompt__split",
        choices=lambda: in_words(Prompt.Split.choices),
    )
    askable = ChoiceFilter(
        empty_label=ANY, label=gettext_lazy("In the queue"), choices=YES_NO, method="filter_askable"
    )
    judgments_min = IntegerFilter(
        label=gettext_lazy("Judgments, at least"), min_value=0, max_value=MAX_SMALL
    )
    judgments_max = IntegerFilter(
        label=gettext_lazy("Judgments, at most"), min_value=0, max_value=MAX_SMALL
    )
    priority_min = IntegerFilter(
        label=gettext_lazy("Priority, at least"),
        field_name="priority",
        lookup_expr="gte",
        min_value=-MAX_SMALL,
        max_value=MAX_SMALL,
    )
    similarity_min = FloatFilter(
        label=gettext_lazy("Similarity, at least"),
        field_name="similarity",
        lookup_expr="gte",
        min_value=0,
        max_value=1,
    )
    round = IntegerFilter(
        label=gettext_lazy("Round"), method="filter_round", min_value=1, max_value=2**31 - 1
    )
    gold = ChoiceFilter(
        empty_label=ANY, label=gettext_lazy("Gold"), choices=GOLD, method="filter_gold"
    )
    arm = ChoiceFilter(
        empty_label=ANY,
        label=gettext_lazy("Picked as"),
        choices=lambda: in_words(RoundItem.Arm.choices),
        method="filter_arm",
    )

    class Meta:
        model = Item
        fields: Sequence[str] = []

    def __init__(self, data: QueryDict, *, project: Project, is_manager: bool) -> None:
        super().__init__(data, queryset=Item.objects.filter(project=project))
        self.project = project
        if not is_manager:
            for name in MANAGERS_ONLY:
                del self.filters[name]
        self._refuse_unknown(data)

    def _refuse_unknown(self, data: QueryDict) -> None:
        for name in data:
            if name not in self.filters and name not in RESERVED:
                known = ", ".join([*self.filters, *RESERVED])
                raise InvalidInput(
                    _("Items cannot be filtered by “%(name)s”. These filters are known: %(known)s.")
                    % {"name": name[:60], "known": known}
                )

    @property
    def has_more(self) -> bool:
        """Whether a filter is used, or wrong, beside those that come first."""
        used = {name for name in self.filters if self.data.get(name)}
        return bool((used | set(self.form.errors)) - set(FIRST))

    @property
    def is_costly(self) -> bool:
        """Whether texts have to be read or judgments counted."""
        return any(self.form.cleaned_data.get(name) not in (None, "") for name in COSTLY)

    def narrowed(self) -> QuerySet[Item]:
        """The project's items by the filters that columns and indexes answer."""
        items = self.queryset
        for name, value in self.form.cleaned_data.items():
            if name not in COSTLY:
                items = self.filters[name].filter(items, value)
        return items

    def search(self, items: QuerySet[Item]) -> QuerySet[Item]:
        """Those of the items that pass the filters that read texts and count judgments."""
        data = self.form.cleaned_data
        low, high = data.get("judgments_min"), data.get("judgments_max")
        if low is not None:
            items = items.filter(GreaterThanOrEqual(judgment_count(), low))
        if high is not None:
            items = items.filter(LessThanOrEqual(judgment_count(), high))
        return items.filter(says(data["q"])) if data.get("q") else items

    def filter_askable(self, items: QuerySet[Item], _name: str, value: str) -> QuerySet[Item]:
        return items.filter(is_queueable=value == "yes")

    def filter_gold(self, items: QuerySet[Item], _name: str, value: str) -> QuerySet[Item]:
        known = KnownAnswer.objects.filter(item__project=self.project)
        match value:
            case "gold":
                known = known.filter(is_gold=True)
            case "qualification":
                known = known.filter(is_qualification=True)
            case "unknown":
                return items.filter(~Exists(known.filter(item=OuterRef("pk"))))
        return items.filter(pk__in=known.values("item"))

    def filter_round(self, items: QuerySet[Item], _name: str, value: int) -> QuerySet[Item]:
        """Round and arm have to be those of one entry."""
        entries = RoundItem.objects.filter(round__project=self.project, round__number=value)
        if arm := self.form.cleaned_data.get("arm"):
            entries = entries.filter(arm=arm)
        return items.filter(pk__in=entries.values("item"))

    def filter_arm(self, items: QuerySet[Item], _name: str, value: str) -> QuerySet[Item]:
        if self.form.cleaned_data.get("round"):
            return items
        entries: QuerySet[Any] = RoundItem.objects.filter(round__project=self.project, arm=value)
        return items.filter(pk__in=entries.values("item"))
