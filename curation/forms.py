"""What managers type to ask for a dataset."""

from __future__ import annotations

from typing import Any

from django import forms

from annotate.models import Project
from curation.recipe import KINDS, Recipe


class DatasetForm(forms.Form):
    """What a new dataset version is made of."""

    kind = forms.ChoiceField(choices=[(kind, kind.capitalize()) for kind in KINDS], label="Kind")
    include_simulated = forms.BooleanField(label="Include simulated judgments", required=False)

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
