"""What people type into pages, checked before it goes to a service."""

from __future__ import annotations

from typing import Any

from django import forms

from annotate.models import Item, Membership, Project
from annotate.services.projects import MAX_ANNOTATORS

MAX_GUIDELINES = 100_000
MAX_UPLOADS = 20
UPLOAD_SUFFIXES = (".jsonl", ".jsonl.gz", ".json", ".csv", ".parquet")
SKIP_REASONS = {
    "too-long": "Too long to judge well",
    "unclear": "The prompt or a response is unclear",
    "expertise": "Needs knowledge that I do not have",
    "language": "Not in a language that I read",
    "upsetting": "I would rather not read this",
    "broken": "The item looks broken",
}


class NamesField(forms.CharField):
    """Distinct names separated by commas, as a list."""

    def prepare_value(self, value: Any) -> Any:
        """Show a list as the person would type it."""
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """The names without blanks around them; raises ValidationError for control characters."""
        if any(ord(char) < 32 for char in str(value or "")):
            raise forms.ValidationError("Names are plain text on one line.")
        names = (name.strip() for name in (super().to_python(value) or "").split(","))
        return list(dict.fromkeys(name for name in names if name))


class ProjectForm(forms.ModelForm):
    """A new project."""

    kinds = forms.MultipleChoiceField(
        choices=[(kind.value, kind.label.capitalize()) for kind in Item.Kind],
        widget=forms.CheckboxSelectMultiple,
        initial=["comparison"],
        label="What is judged",
    )
    aspects = NamesField(
        initial="helpfulness",
        help_text="For ratings, separated by commas: helpfulness, honesty.",
    )

    class Meta:
        model = Project
        fields = [
            "slug",
            "name",
            "description",
            "kinds",
            "scale",
            "overlap",
            "aspects",
            "rating_min",
            "rating_max",
        ]
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}
        labels = {
            "slug": "Short name",
            "scale": "Grades of a comparison",
            "overlap": "Judgments per item",
            "rating_min": "Lowest rating",
            "rating_max": "Highest rating",
        }
        help_texts = {
            "slug": "Used in addresses and commands: lower-case letters, digits and hyphens.",
            "description": "Shown on the project's page. Markdown works.",
            "overlap": "How many people judge each item.",
        }

    def clean(self) -> dict[str, Any]:
        """The rating range must have two ends."""
        data: dict[str, Any] = super().clean() or {}
        low, high = data.get("rating_min"), data.get("rating_max")
        if low is not None and high is not None and low >= high:
            self.add_error("rating_max", "The highest rating must be above the lowest.")
        return data


class ProjectSettingsForm(forms.ModelForm):
    """What managers change in a running project."""

    aspects = NamesField(help_text="For ratings, separated by commas.")

    class Meta:
        model = Project
        fields = [
            "name",
            "description",
            "scale",
            "overlap",
            "aspects",
            "hide_others",
            "loop_enabled",
            "loop_round_size",
            "loop_random_share",
            "loop_max_rounds",
            "include_simulated",
        ]
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}
        labels = {
            "scale": "Grades of a comparison",
            "overlap": "Judgments per item",
            "hide_others": "Annotators see their own progress only",
            "loop_enabled": "Turn the loop by itself",
            "loop_round_size": "Items per round",
            "loop_random_share": "Share picked at random",
            "loop_max_rounds": "Rounds at most",
            "include_simulated": "Use simulated judgments too",
        }
        help_texts = {
            "description": "Shown on the project's page. Markdown works.",
            "scale": "Judgments keep the scale they were made with.",
            "overlap": "For items imported from now on.",
            "hide_others": "",
            "loop_enabled": "When a round is full: build a dataset, train, open the next round.",
            "loop_random_share": "From 0 to 1. Random items measure what the picked ones gain.",
            "include_simulated": "",
        }


class GuidelinesForm(forms.Form):
    """A new edition of the guidelines."""

    text = forms.CharField(
        label="Guidelines",
        max_length=MAX_GUIDELINES,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 20, "spellcheck": "true"}),
        help_text="Markdown. Each judgment remembers the edition it was made under.",
    )


class AnnotatorsForm(forms.Form):
    """Accounts to create, once for each ``key``."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    n = forms.IntegerField(label="How many", min_value=1, max_value=MAX_ANNOTATORS, initial=3)
    role = forms.ChoiceField(
        choices=[(role.value, role.label.capitalize()) for role in Membership.Role]
    )


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
            raise forms.ValidationError(f"Upload {MAX_UPLOADS} files at most at a time.")
        checked = [super(MultipleFileField, self).clean(file, initial) for file in files or [None]]
        for file in checked:
            if not file.name.lower().endswith(UPLOAD_SUFFIXES):
                known = ", ".join(UPLOAD_SUFFIXES)
                raise forms.ValidationError(
                    f"{file.name} has an unknown suffix; these are read: {known}."
                )
        return checked


class ImportForm(forms.Form):
    """Files to turn into items."""

    uploads = MultipleFileField(
        label="Files", help_text="JSON Lines, JSON, CSV or Parquet, plain or compressed with gzip."
    )
    kind = forms.ChoiceField(
        label="Kind of item",
        required=False,
        choices=[
            ("", "Find out from the file"),
            *((kind.value, kind.label.capitalize()) for kind in Item.Kind),
        ],
    )
    oracle = forms.BooleanField(
        label="Keep the labels hidden",
        required=False,
        help_text="As known answers for checks and simulation; the items are open to judge.",
    )
    open_round = forms.BooleanField(
        label="Ask right away",
        required=False,
        initial=True,
        help_text="Put the new items into the open round, or open one.",
    )


class SubmissionForm(forms.Form):
    """What travels beside an answer."""

    fence = forms.IntegerField(min_value=0)
    idempotency_key = forms.CharField(max_length=100)
    active_seconds = forms.FloatField(required=False, min_value=0)


class SkipForm(forms.Form):
    """Why an item is skipped."""

    fence = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    reason = forms.ChoiceField(
        choices=list(SKIP_REASONS.items()), required=False, widget=forms.RadioSelect
    )
    detail = forms.CharField(max_length=150, required=False, label="In your own words")

    def clean(self) -> dict[str, Any]:
        """A reason from the list, own words, or both."""
        data: dict[str, Any] = super().clean() or {}
        if not self.errors and not (data.get("reason") or data.get("detail")):
            raise forms.ValidationError("Choose a reason or write one.")
        return data

    def sentence(self) -> str:
        """The reason as it is stored."""
        parts = (SKIP_REASONS.get(self.cleaned_data["reason"]), self.cleaned_data["detail"])
        return ": ".join(part for part in parts if part)


def first_error(form: forms.BaseForm) -> str:
    """The first thing that is wrong with a form, as a sentence."""
    for name, errors in form.errors.items():
        label = form.fields[name].label or name if name in form.fields else ""
        return f"{label}: {errors[0]}" if label else str(errors[0])
    return ""
