"""What travels with an answer or a skip."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

LARGEST_FENCE = 2**31 - 1  # what the column holds
SKIP_REASONS = {
    "too-long": _("Too long to judge well"),
    "unclear": _("The prompt or a response is unclear"),
    "expertise": _("Needs knowledge that I do not have"),
    "language": _("Not in a language that I read"),
    "upsetting": _("I would rather not read this"),
    "broken": _("The item looks broken"),
}


class SubmissionForm(forms.Form):
    """What travels beside an answer."""

    fence = forms.IntegerField(min_value=0, max_value=LARGEST_FENCE)
    idempotency_key = forms.CharField(max_length=100)
    active_seconds = forms.FloatField(required=False, min_value=0)


class SkipForm(forms.Form):
    """Why an item is skipped."""

    fence = forms.IntegerField(min_value=0, max_value=LARGEST_FENCE, widget=forms.HiddenInput)
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=list(SKIP_REASONS.items()),
        required=False,
        widget=forms.RadioSelect,
    )
    detail = forms.CharField(max_length=150, required=False, label=_("In your own words"))

    def clean(self) -> dict[str, Any]:
        """A reason from the list, own words, or both."""
        data: dict[str, Any] = super().clean() or {}
        if not self.errors and not (data.get("reason") or data.get("detail")):
            raise forms.ValidationError(gettext("Choose a reason or write one."))
        return data

    def sentence(self) -> str:
        """The reason as it is stored, in one language for all, so that they can be counted."""
        with override(settings.LANGUAGE_CODE):
            reason = str(SKIP_REASONS.get(self.cleaned_data["reason"], ""))
        parts = (reason, self.cleaned_data["detail"])
        return ": ".join(part for part in parts if part)
