"""What managers fill in to export a dataset."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotate.errors import TiebreakError
from curation.card_facts import LONGEST, CardWords
from curation.exporting import HubRequest
from curation.exports.formats import formats_for
from curation.exports.write import FORMS
from curation.models import DatasetVersion

DOWNLOAD, HUB = "download", "hub"
FORM_WORDS = {"parquet": "Parquet", "jsonl": "JSON Lines"}
FORMAT_WORDS = {
    "tiebreak": _("Every column"),
    "trl": _("TRL: conversations, the prompt apart"),
    "trl-implicit": _("TRL: whole conversations"),
    "trl-standard": _("TRL: plain texts"),
    "kto": _("KTO: single responses, wanted or not"),
    "openrlhf": _("OpenRLHF"),
    "rewardbench": _("RewardBench"),
    "helpsteer2": _("HelpSteer2: a column for each aspect"),
    "helpsteer3": _("HelpSteer3: a preference from −3 to 3"),
    "ultrafeedback": _("UltraFeedback: prompts with rated completions"),
    "nectar": _("Nectar: answers with their ranks"),
    "prm800k": _("PRM800K: a rating for each step"),
}


class ExportForm(forms.Form):
    """Where to, in which format, and what the dataset card should say."""

    target = forms.ChoiceField(
        label=_("Where to"),
        choices=[(DOWNLOAD, _("Download")), (HUB, "Hugging Face Hub")],
        initial=DOWNLOAD,
    )
    format = forms.ChoiceField(label=_("Format"), required=False)
    file_type = forms.ChoiceField(
        label=_("Files"), choices=[(name, FORM_WORDS[name]) for name in FORMS], required=False
    )
    repo_id = forms.CharField(
        label=_("Repository"),
        required=False,
        max_length=200,
        help_text=_("As ORG/NAME; it is made if it is missing."),
    )
    public = forms.BooleanField(
        label=_("Publish"),
        required=False,
        help_text=_("A new repository is private unless this is set."),
    )
    token = forms.CharField(
        label=_("Token"),
        required=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    license = forms.CharField(
        label=_("Licence"), required=False, max_length=60, help_text=_("Such as cc-by-4.0.")
    )
    languages = forms.CharField(
        label=_("Languages"), required=False, max_length=200, help_text=_("Such as: en, de")
    )
    about_people = forms.CharField(
        label=_("About the annotators"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Only what they allowed to be said."),
    )
    limitations = forms.CharField(
        label=_("Limitations"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, dataset: DatasetVersion, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "export-%s"
        formats = [(each.name, FORMAT_WORDS[each.name]) for each in formats_for(dataset.kind)]
        self.fields["format"].choices = formats  # type: ignore[attr-defined]
        self.fields["token"].help_text = (
            gettext("Empty uses the one of this installation.")
            if settings.HF_TOKEN
            else gettext("Used once; it is not kept.")
        )

    def clean(self) -> dict[str, Any]:
        """Check the card's words, and what the Hub needs."""
        data = super().clean() or {}
        try:
            data["words"] = CardWords.parse(
                license=data.get("license", ""),
                languages=data.get("languages", "").replace(",", " ").split(),
                about_people=data.get("about_people", ""),
                limitations=data.get("limitations", ""),
            )
        except TiebreakError as error:
            self.add_error(error.field if error.field in self.fields else None, str(error))
        if data.get("target") == HUB and not data.get("repo_id"):
            self.add_error("repo_id", gettext("Name the repository."))
        return data

    def request(self) -> dict[str, Any]:
        """The arguments of ``request_export`` that a valid form stands for."""
        data = self.cleaned_data
        asked = {"format_name": data["format"], "words": data["words"]}
        if data["target"] == DOWNLOAD:
            return asked | {"form": data["file_type"] or FORMS[0]}
        hub = HubRequest(data["repo_id"], is_private=not data["public"], token=data["token"])
        return asked | {"hub": hub}
