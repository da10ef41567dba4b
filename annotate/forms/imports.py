"""The form for files to import."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotate.forms.common import in_words
from annotate.models import Item

MAX_UPLOADS = 20
UPLOAD_SUFFIXES = (".jsonl", ".jsonl.gz", ".json", ".csv", ".parquet")


class MultipleFileInput(forms.ClearableFileInput):
    """A file input that takes several files."""

    allow_multiple_selected = True


class MultipleFileField(forms.FileField):
    """One or more uploaded files."""

    widget = MultipleFileInput(attrs={"multiple": True})

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Check each file; returns a list."""
        files = data if isinstance(data, list | tuple) else [data]
        if len(files) > MAX_UPLOADS:
            raise forms.ValidationError(
                gettext("Upload %(n)d files at most at a time.") % {"n": MAX_UPLOADS}
            )
        checked = [super(MultipleFileField, self).clean(file, initial) for file in files or [None]]
        for file in checked:
            if not file.name.lower().endswith(UPLOAD_SUFFIXES):
                raise forms.ValidationError(
                    gettext("%(name)s has an unknown suffix; these are read: %(known)s.")
                    % {"name": file.name, "known": ", ".join(UPLOAD_SUFFIXES)}
                )
        return checked


def _kinds() -> list[tuple[str, str]]:
    return [("", gettext("Find out from the file")), *in_words(Item.Kind.choices)]


class ImportForm(forms.Form):
    """Files to turn into items."""

    uploads = MultipleFileField(
        label=_("Files"),
        help_text=_("JSON Lines, JSON, CSV or Parquet, plain or compressed with gzip."),
    )
    kind = forms.ChoiceField(label=_("Kind of item"), required=False, choices=_kinds)
    oracle = forms.BooleanField(
        label=_("Keep the labels hidden"),
        required=False,
        help_text=_("As known answers for checks and simulation; the items are open to judge."),
    )
    open_round = forms.BooleanField(
        label=_("Ask right away"),
        required=False,
        initial=True,
        help_text=_("Put the new items into the open round, or open one."),
    )
