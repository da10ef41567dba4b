"""The form that lets a verifier judge outcome items."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from annotate.forms.common import in_words
from annotate.models import VerificationRun
from annotate.verifiers.regex import MAX_PATTERN


class VerificationForm(forms.Form):
    """Which verifier, and what finds the answer."""

    verifier = forms.ChoiceField(
        label=_("Verifier"),
        choices=lambda: in_words(VerificationRun.Verifier.choices),
        help_text=_("Mathematics compares values, exact match the texts of the final answers."),
    )
    pattern = forms.CharField(
        label=_("Pattern"),
        required=False,
        strip=False,
        max_length=MAX_PATTERN,
        help_text=_(
            "For the regular expression: what finds the answer in a response, with one group "
            "around it or none. The last match counts."
        ),
    )
