"""The guidelines' form."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

MAX_GUIDELINES = 100_000


class GuidelinesForm(forms.Form):
    """A new edition of the guidelines."""

    text = forms.CharField(
        label=_("Guidelines"),
        max_length=MAX_GUIDELINES,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 20, "spellcheck": "true"}),
        help_text=_("Markdown. Each judgment remembers the edition it was made under."),
    )
