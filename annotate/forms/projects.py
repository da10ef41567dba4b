"""Forms for a project: making one, changing its settings."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotate.forms import texts
from annotate.forms.common import Fieldset, Group, in_words
from annotate.forms.fields import AnchorsField, NamesField
from annotate.models import Item, Project

BASICS = ("slug", "name", "description", "kinds")
ALWAYS = {"slug", "name", "kinds"}


def _step_scales() -> list[tuple[int, str]]:
    points = [(n, gettext("1 to %(n)d") % {"n": n}) for n in range(2, 11)]
    return [(0, gettext("−1, 0 and +1")), *points]


class QuestionsForm(forms.ModelForm):
    """The settings that say how each kind of item is asked.

    A setting that is not sent keeps its value, so a form may leave out what does not matter.
    """

    aspects = NamesField(
        label=_("Aspects of a rating"),
        initial="helpfulness",
        help_text=_("Each is rated by itself. Separated by commas: helpfulness, honesty."),
    )
    comparison_aspects = NamesField(
        label=_("Aspects of a comparison"),
        help_text=_("Separated by commas. Asked only where the box above is ticked."),
    )
    rating_anchors = AnchorsField(
        label=_("What the points mean"),
        required=False,
        help_text=_(
            "One line each: aspect: point = text, such as “helpfulness: 1 = useless”. "
            "A star stands for every aspect: “*: 5 = could not be better”."
        ),
    )
    step_points = forms.TypedChoiceField(
        label=_("Labels of a step"), choices=_step_scales, coerce=int
    )
    fieldsets: tuple[Fieldset, ...] = ()

    class Meta:
        model = Project
        fields = [name for fieldset in texts.QUESTIONS for name in fieldset.names]
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}
        labels = texts.LABELS
        help_texts = texts.HELP

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["comparison_aspects"].initial = Project().comparison_aspects
        for name, words in texts.WORDED.items():
            if name in self.fields:
                cast("forms.ChoiceField", self.fields[name]).choices = in_words(words.choices)
        for name in self._left_out():
            del self.fields[name]

    def _left_out(self) -> list[str]:
        """The settings that a sent form says nothing about."""
        if not self.is_bound:
            return []
        return [
            name
            for name, field in self.fields.items()
            if name not in ALWAYS
            and field.widget.value_omitted_from_data(self.data, self.files, self.add_prefix(name))
        ]

    def groups(self) -> list[Group]:
        """The fields under their headings, those without any field left out."""
        return [group for group in (each.of(self) for each in self.fieldsets) if group.fields]

    def clean(self) -> dict[str, Any]:
        """The rating range has two ends, and anchors lie within it."""
        data: dict[str, Any] = super().clean() or {}
        low = data.get("rating_min", self.instance.rating_min)
        high = data.get("rating_max", self.instance.rating_max)
        if low >= high and "rating_max" in self.fields and not self.has_error("rating_max"):
            self.add_error("rating_max", gettext("The highest rating must be above the lowest."))
        self._check_anchors(data, low, high)
        return data

    def _check_anchors(self, data: dict[str, Any], low: int, high: int) -> None:
        aspects = [*data.get("aspects", self.instance.aspects), "*"]
        for aspect, points in (data.get("rating_anchors") or {}).items():
            values = {"aspect": aspect, "low": low, "high": high}
            if aspect not in aspects:
                text = gettext("“%(aspect)s” is no aspect of a rating here.") % values
                self.add_error("rating_anchors", text)
            elif not all(low <= int(point) <= high for point in points):
                text = gettext("“%(aspect)s”: points go from %(low)d to %(high)d.") % values
                self.add_error("rating_anchors", text)


class ProjectForm(QuestionsForm):
    """A new project."""

    kinds = forms.MultipleChoiceField(
        choices=lambda: in_words(Item.Kind.choices),
        widget=forms.CheckboxSelectMultiple,
        initial=["comparison"],
        label=_("What is judged"),
    )
    fieldsets = (
        Fieldset(_("The project"), (*BASICS, "overlap")),
        *texts.QUESTIONS,
    )

    use_required_attribute = False  # a browser would stop at a field that is out of sight

    class Meta(QuestionsForm.Meta):
        fields = [*BASICS, "overlap", *QuestionsForm.Meta.fields]
        help_texts = texts.HELP | {"overlap": _("How many people judge each item.")}

    def clean(self) -> dict[str, Any]:
        """What was typed for kinds that are not judged counts for nothing."""
        data = super().clean()
        unasked = [each for each in texts.QUESTIONS if each.kind not in data.get("kinds", [])]
        for name in (name for fieldset in unasked for name in fieldset.names):
            data.pop(name, None)
            self.errors.pop(name, None)
        return data


class ProjectSettingsForm(QuestionsForm):
    """What managers change in a running project."""

    fieldsets = (
        Fieldset(_("The project"), ("name", "description")),
        *texts.QUESTIONS,
        *texts.AROUND,
    )

    class Meta(QuestionsForm.Meta):
        fields = [
            "name",
            "description",
            *QuestionsForm.Meta.fields,
            *(name for fieldset in texts.AROUND for name in fieldset.names),
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for fieldset in texts.QUESTIONS:
            if fieldset.kind not in self.instance.kinds:
                for name in fieldset.names:
                    self.fields.pop(name, None)
