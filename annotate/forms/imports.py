"""The form for files to import, or a dataset of the Hub."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotate.errors import InvalidInput
from annotate.forms.common import in_words
from annotate.hub_datasets import HubReference
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
        if not any(files) and not self.required:
            return []
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
    """Files to turn into items, or a public dataset of the Hugging Face Hub."""

    uploads = MultipleFileField(
        label=_("Files"),
        required=False,
        help_text=_("JSON Lines, JSON, CSV or Parquet, plain or compressed with gzip."),
    )
    hub = forms.CharField(
        label=_("Or a dataset of the Hugging Face Hub"),
        required=False,
        max_length=250,
        help_text=_("A public one, as ORG/NAME, ORG/NAME:CONFIG or ORG/NAME@REVISION."),
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

    def clean_hub(self) -> HubReference | None:
        """The reference, where one was typed."""
        if not self.cleaned_data["hub"]:
            return None
        try:
            return HubReference.parse(self.cleaned_data["hub"])
        except InvalidInput as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        """Something must be imported."""
        data = super().clean() or {}
        if not self.errors and not data.get("uploads") and not data.get("hub"):
            self.add_error("uploads", gettext("Choose files, or name a dataset."))
        return data
