"""What managers type to ask for a dataset, and reviewers to send an item back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotate.forms.common import in_words
from annotate.models import Project
from annotate.services.review import MAX_MORE, MAX_REASON
from curation.models import ProjectFile
from curation.recipe import KINDS, Recipe


class DatasetForm(forms.Form):
    """What a new dataset version is made of."""

    kind = forms.ChoiceField(
        choices=lambda: in_words((kind, kind) for kind in KINDS), label=_("Kind")
    )
    include_simulated = forms.BooleanField(label=_("Include simulated judgments"), required=False)

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "dataset-%s"
        self.project = project
        self.fields["include_simulated"].initial = project.include_simulated

    def recipe(self) -> Recipe:
        """The recipe of a valid form, with the project's seed."""
        return Recipe(
            kind=self.cleaned_data["kind"],
            include_simulated=self.cleaned_data["include_simulated"],
            seed=self.project.seed,
        )


class ProjectFileForm(forms.Form):
    """A file that recipes may name."""

    purpose = forms.ChoiceField(
        choices=lambda: in_words(ProjectFile.Purpose.choices), label=_("What it holds")
    )
    name = forms.SlugField(
        label=_("Name"), max_length=60, help_text=_("Recipes name it so. A name is never reused.")
    )
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "Evaluation sets: .txt, a text a line, or .jsonl, .csv, .parquet with a column text or "
            "prompt. Embeddings: .npz or .parquet with ids and embeddings. Topics: columns group "
            "and topic. Ids are the group column of an export."
        ),
    )


class SendBackForm(forms.Form):
    """How many more people to ask about an item, and why."""

    more = forms.IntegerField(
        label=_("How many more people"), min_value=1, max_value=MAX_MORE, initial=1
    )
    note = forms.CharField(
        label=_("Why"),
        max_length=MAX_REASON,
        help_text=_("Kept with the item; annotators do not see it."),
    )


class SetAsideForm(forms.Form):
    """Why an item cannot be used."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=MAX_REASON,
        help_text=_("Such as: the second response is cut off."),
    )
