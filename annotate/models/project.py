"""A campaign: what is judged, how, by how many, and how the loop turns."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from annotate.answers import KINDS, SCALES


def validate_kinds(value: Any) -> None:
    """A project judges one or more of the known kinds of item."""
    if not isinstance(value, list) or not value or set(value) - set(KINDS):
        raise ValidationError(f"kinds must be a list of some of: {', '.join(KINDS)}.")


def validate_names(value: Any) -> None:
    """A list of short, distinct names."""
    if not isinstance(value, list) or len(set(map(str, value))) != len(value):
        raise ValidationError("Give a list of distinct names.")
    if not all(isinstance(name, str) and 0 < len(name) <= 60 for name in value):
        raise ValidationError("Each name must be text of 1 to 60 characters.")


def default_kinds() -> list[str]:
    return ["comparison"]


def default_aspects() -> list[str]:
    return ["helpfulness"]


class Project(models.Model):
    """A labelling campaign over items of one or more kinds."""

    class Scale(models.TextChoices):
        BINARY = "binary", "binary: left or right"
        LLAMA2 = "llama2", "Llama 2: four grades a side"
        SIGNED3 = "signed3", "−3 … 3: three grades a side"
        EIGHT = "eight", "eight points: four grades a side"

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    kinds = models.JSONField(default=default_kinds, validators=[validate_kinds])
    scale = models.CharField(max_length=16, choices=Scale, default=Scale.LLAMA2)
    aspects = models.JSONField(
        default=default_aspects, validators=[validate_names], help_text="What ratings are asked for"
    )
    rating_min = models.SmallIntegerField(default=1)
    rating_max = models.SmallIntegerField(default=5)
    overlap = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="Judgments wanted for each item",
    )
    gold_rate = models.FloatField(
        default=0.0, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)]
    )
    hide_others = models.BooleanField(
        default=True, help_text="Annotators see no progress or answer but their own"
    )
    include_simulated = models.BooleanField(
        default=False, help_text="Let the loop's datasets take in simulated judgments"
    )
    seed = models.PositiveIntegerField(default=0)
    loop_enabled = models.BooleanField(
        default=False, help_text="The worker turns the loop by itself"
    )
    loop_round_size = models.PositiveIntegerField(default=50, validators=[MinValueValidator(1)])
    loop_random_share = models.FloatField(
        default=0.25, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)]
    )
    loop_strategy = models.CharField(max_length=40, default="low_margin")
    loop_max_rounds = models.PositiveSmallIntegerField(default=10)
    loop_config = models.JSONField(
        default=dict, blank=True, help_text="Training configuration of the loop's reward model"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scale__in=list(SCALES)), name="project_scale_known"
            ),
            models.CheckConstraint(
                condition=models.Q(overlap__gte=1), name="project_overlap_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(gold_rate__gte=0, gold_rate__lte=1), name="project_gold_rate"
            ),
            models.CheckConstraint(
                condition=models.Q(loop_random_share__gte=0, loop_random_share__lte=1),
                name="project_random_share",
            ),
            models.CheckConstraint(
                condition=models.Q(rating_max__gt=models.F("rating_min")),
                name="project_rating_range",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class GuidelineVersion(models.Model):
    """One edition of a project's guidelines; each judgment knows the one it was made under."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="guidelines")
    number = models.PositiveIntegerField()
    text = models.TextField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="guideline_unique")
        ]

    def __str__(self) -> str:
        return f"{self.project} guidelines {self.number}"
