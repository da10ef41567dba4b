"""What managers type to train a model and to pick a round."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotate.models import Project
from curation.models import DatasetVersion
from curation.selectors import datasets_of
from modeling.core.acquisition import STRATEGIES
from modeling.core.config import OBJECTIVE_KINDS, RewardConfig
from modeling.labels import objective_label
from modeling.retraining import training_settings, usual_config
from modeling.services import MAX_ROUND

DEFAULTS = RewardConfig()
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
        usual = usual_config(self.project)
        return {**usual, "frozen": self.cleaned_data["mode"] == "frozen"}


class KindSelect(forms.Select):
    """A list whose options say which kinds of dataset they fit, for the script of the page."""

    kinds: Mapping[str, Iterable[str]] = {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """With ``data-kinds`` where it is known."""
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        if str(value) in self.kinds:
            option["attrs"]["data-kinds"] = " ".join(self.kinds[str(value)])
        return option


class RunForm(forms.Form):
    """A training in full: the common settings as fields, any other as JSON.

    What is left empty is what the dataset's kind asks for, or the configuration's own default.
    """

    dataset = forms.ChoiceField(label=_("Dataset"), widget=KindSelect)
    objective = forms.ChoiceField(
        label=_("Objective"),
        required=False,
        widget=KindSelect,
        help_text=_("Each kind of dataset has its own; the first is the usual one."),
    )
    frozen = forms.ChoiceField(
        label=_("What is trained"),
        required=False,
        choices=[
            ("", _("as usual for the objective")),
            ("true", _("A head on a frozen backbone")),
            ("false", _("Backbone and head (use a GPU)")),
        ],
    )
    backbone = forms.CharField(
        label=_("Backbone"),
        required=False,
        help_text=_("“minilm”, a Hugging Face id or a folder on the worker."),
    )
    max_length = forms.IntegerField(
        label=_("Tokens read of each text"), required=False, min_value=8
    )
    epochs = forms.IntegerField(
        label=_("Epochs"),
        required=False,
        min_value=1,
        help_text=_("Only where the backbone is trained."),
    )
    learning_rate = forms.FloatField(
        label=_("Learning rate"),
        required=False,
        min_value=0,
        help_text=_("Only where the backbone is trained."),
    )
    config = forms.CharField(
        label=_("More settings, as JSON"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "code", "spellcheck": "false"}),
        help_text=_("They override what stands above."),
    )

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "run-%s"
        self.project = project
        self.datasets = {str(one.public_id): one for one in datasets_of(project)}
        self._offer()
        self._suggest()

    def _offer(self) -> None:
        """The project's datasets and all objectives, each with the kinds that it fits."""
        kinds = {name: [one.kind] for name, one in self.datasets.items()}
        self._choices("dataset", [(name, _titled(one)) for name, one in self.datasets.items()])
        self.fields["dataset"].widget.kinds = kinds
        usual = [("", gettext("the usual one"))]
        known = [(name, objective_label(name)) for name in OBJECTIVE_KINDS]
        self._choices("objective", usual + known)
        self.fields["objective"].widget.kinds = OBJECTIVE_KINDS

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = choices

    def _suggest(self) -> None:
        """What the loop trains with, and defaults as placeholders."""
        loop = training_settings(self.project)
        for name in ("backbone", "max_length", "epochs", "learning_rate"):
            self.fields[name].widget.attrs["placeholder"] = str(getattr(DEFAULTS, name))
            self.fields[name].initial = loop.pop(name, None)
        self.fields["learning_rate"].widget.attrs["step"] = "any"
        if loop:
            self.fields["config"].initial = json.dumps(loop, indent=2, ensure_ascii=False)

    @property
    def defaults(self) -> str:
        """Every setting with its default, as JSON."""
        return json.dumps(DEFAULTS.to_dict(), indent=2)

    def clean_dataset(self) -> DatasetVersion:
        """The dataset itself."""
        return self.datasets[self.cleaned_data["dataset"]]

    def clean_config(self) -> dict[str, Any]:
        """Settings by name; an empty box is none."""
        text = self.cleaned_data["config"].strip()
        try:
            values = json.loads(text or "{}", parse_constant=_refuse)
        except json.JSONDecodeError as error:
            raise forms.ValidationError(
                _("Line %(line)d, column %(column)d is no JSON: %(reason)s."),
                params={"line": error.lineno, "column": error.colno, "reason": error.msg},
            ) from error
        except (ValueError, RecursionError):  # endless nesting and numbers, NaN
            values = None
        if not isinstance(values, dict) or not _can_be_kept(values):
            raise forms.ValidationError(_('Write an object of settings, such as {"seed": 1}.'))
        return values

    def config_values(self) -> dict[str, Any]:
        """The training configuration that a valid form comes to; what is empty is left out."""
        chosen = {
            name: self.cleaned_data[name]
            for name in ("objective", "backbone", "max_length", "epochs", "learning_rate")
            if self.cleaned_data[name] not in (None, "")
        }
        if self.cleaned_data["frozen"]:
            chosen["frozen"] = self.cleaned_data["frozen"] == "true"
        return {"seed": self.project.seed, **chosen, **self.cleaned_data["config"]}


def _refuse(name: str) -> float:
    raise ValueError(name)


def _can_be_kept(values: dict[str, Any]) -> bool:
    """Whether a database takes it: escapes can spell NUL and halves of characters."""
    try:
        text = json.dumps(values, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        return False
    return rb"\u0000" not in text


def _titled(dataset: DatasetVersion) -> str:
    """A dataset with its number of training rows."""
    return gettext("%(dataset)s · %(n)d training rows") % {
        "dataset": dataset,
        "n": dataset.row_counts.get("train", 0),
    }


class PromotionForm(forms.Form):
    """Why a model comes into force, where that needs a reason."""

    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Needed where the gate refused."),
    )


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
