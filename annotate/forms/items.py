"""What managers do to many items at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MAX_TICKED = 500
MAX_FILTER = 4_000
MAX_EXPLANATION = 2_000
ACTIONS = (
    ("priority", gettext_lazy("Set the priority to …")),
    ("overlap", gettext_lazy("Set the number of judgments to …")),
    ("again", gettext_lazy("Ask for one more judgment")),
    ("withdraw", gettext_lazy("Withdraw from the queue")),
    ("restore", gettext_lazy("Put back into the queue")),
    ("gold", gettext_lazy("Use as gold")),
    ("not_gold", gettext_lazy("Stop using as gold")),
    ("qualification", gettext_lazy("Use for the qualification")),
    ("not_qualification", gettext_lazy("Stop using for the qualification")),
)
NEEDS_VALUE = ("priority", "overlap")


class TickedField(forms.Field):
    """The public ids of the rows that were ticked."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: Any) -> list[UUID]:
        """Distinct ids; raises ValidationError for anything else."""
        if len(value or []) > MAX_TICKED:
            raise ValidationError(_("Tick %(most)d items at most.") % {"most": MAX_TICKED})
        try:
            return list(dict.fromkeys(UUID(str(one)) for one in value or []))
        except ValueError as error:
            raise ValidationError(_("That is no item.")) from error


class ExplanationForm(forms.Form):
    """Why a known answer is right."""

    explanation = forms.CharField(
        label=gettext_lazy("Why it is right"),
        required=False,
        max_length=MAX_EXPLANATION,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        help_text=gettext_lazy("Shown after the answer in projects with immediate feedback."),
    )


class ItemActionForm(forms.Form):
    """An action, on which items, and with which value."""

    action = forms.ChoiceField(label=gettext_lazy("Action"), choices=ACTIONS)
    value = forms.IntegerField(
        label=gettext_lazy("Value"), required=False, min_value=-32_768, max_value=32_767
    )
    scope = forms.ChoiceField(
        label=gettext_lazy("On"), choices=[("ticked", "ticked"), ("all", "all")]
    )
    item = TickedField(required=False)
    filter = forms.CharField(required=False, max_length=MAX_FILTER)
    expected = forms.IntegerField(required=False, min_value=0)

    def clean(self) -> dict[str, Any]:
        """Some actions need a value, and ticked ones need a tick."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("action") in NEEDS_VALUE and data.get("value") is None:
            self.add_error("value", _("Give a whole number."))
        if data.get("scope") == "ticked" and not data.get("item") and not self.errors:
            raise ValidationError(_("Tick at least one item."))
        return data

    def label(self) -> str:
        """What is going to happen, in words."""
        words = str(dict(ACTIONS)[self.cleaned_data["action"]])
        value = self.cleaned_data["value"]
        return (
            words.replace("…", str(value)) if self.cleaned_data["action"] in NEEDS_VALUE else words
        )
