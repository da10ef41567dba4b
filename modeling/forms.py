"""What managers type to train a model and to pick a round."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotate.models import Project
from modeling.core.acquisition import STRATEGIES
from modeling.services import MAX_ROUND

STRATEGY_LABELS = {"low_margin": _("What the model can least decide"), "random": _("At random")}


class TrainingForm(forms.Form):
    """How a reward model is trained; the rest is the project's configuration of the loop."""

    mode = forms.ChoiceField(
        label=_("What is trained"),
        choices=[
            ("frozen", _("A head on a frozen backbone")),
            ("full", _("Backbone and head (use a GPU)")),
        ],
        initial="frozen",
    )
    dataset = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "training-%s"
        self.project = project

    def config(self) -> dict[str, Any]:
        """The training configuration that a valid form comes to."""
        loop = {"seed": self.project.seed, **self.project.loop_config}
        return {**loop, "frozen": self.cleaned_data["mode"] == "frozen"}


class RoundForm(forms.Form):
    """How the next round is picked."""

    strategy = forms.ChoiceField(
        choices=[(name, STRATEGY_LABELS.get(name, name)) for name in STRATEGIES], label=_("Pick")
    )
    size = forms.IntegerField(label=_("Items"), min_value=1, max_value=MAX_ROUND)
    opens = forms.BooleanField(label=_("Open it at once"), required=False)

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "round-%s"
        self.project = project
        self.fields["size"].initial = project.loop_round_size
        self.fields["strategy"].initial = project.loop_strategy

    def seed(self) -> int:
        """The project's seed, moved on with every round."""
        return self.project.seed + self.project.rounds.count() + 1
