"""A campaign: what is judged, how, by how many, and how the loop turns."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext as _

from annotate.answers import COMPARISON_ASPECTS, KINDS, SCALES

_POINT = re.compile(r"-?\d{1,6}")
RATING_BOUND = 1_000


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


def validate_anchors(value: Any) -> None:
    """Texts for points of a rating: ``{aspect or "*": {point: text}}``."""
    if not isinstance(value, dict):
        raise ValidationError("Give an object of aspect: {point: text}.")
    for points in value.values():
        if not isinstance(points, dict):
            raise ValidationError("Give an object of point: text for each aspect.")
        for point, text in points.items():
            if not _POINT.fullmatch(str(point)) or not isinstance(text, str) or len(text) > 300:
                raise ValidationError(
                    "Each point is a whole number, its text has 300 characters at most."
                )


def default_comparison_aspects() -> list[str]:
    return list(COMPARISON_ASPECTS)


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

    class RankingMode(models.TextChoices):
        ORDER = "order", "order all, ties allowed"
        BEST_WORST = "best_worst", "pick the best and the worst"

    class RatingStyle(models.TextChoices):
        POINTS = "points", "one button a point"
        SLIDER = "slider", "a slider"

    class StepsMode(models.TextChoices):
        FIRST_ERROR = "first_error", "stop at the first error"
        ALL = "all", "label every step"

    class QueueOrder(models.TextChoices):
        GIVEN = "given", "as the round lists them"
        PRIORITY = "priority", "highest priority first"
        RANDOM = "random", "random"
        PROMPT = "prompt", "by prompt: its items together"

    class GoldFeedback(models.TextChoices):
        SILENT = "silent", "say nothing"
        IMMEDIATE = "immediate", "say at once whether it was right"

    class Verifier(models.TextChoices):
        NONE = "none", "none"
        MATH = "math", "mathematics (math-verify)"

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    kinds = models.JSONField(default=default_kinds, validators=[validate_kinds])
    scale = models.CharField(max_length=16, choices=Scale, default=Scale.LLAMA2)
    aspects = models.JSONField(
        default=default_aspects, validators=[validate_names], help_text="What ratings are asked for"
    )
    rating_min = models.SmallIntegerField(
        default=1,
        validators=[MinValueValidator(-RATING_BOUND), MaxValueValidator(RATING_BOUND)],
    )
    rating_max = models.SmallIntegerField(
        default=5,
        validators=[MinValueValidator(-RATING_BOUND), MaxValueValidator(RATING_BOUND)],
    )
    rating_style = models.CharField(max_length=12, choices=RatingStyle, default=RatingStyle.POINTS)
    rating_anchors = models.JSONField(
        default=dict,
        blank=True,
        validators=[validate_anchors],
        help_text="What points mean: {aspect or *: {point: text}}",
    )
    asks_aspects = models.BooleanField(
        default=False, help_text="Ask for a preference on each aspect beside the overall one"
    )
    comparison_aspects = models.JSONField(
        default=default_comparison_aspects, validators=[validate_names]
    )
    ranking_mode = models.CharField(max_length=12, choices=RankingMode, default=RankingMode.ORDER)
    steps_mode = models.CharField(max_length=12, choices=StepsMode, default=StepsMode.FIRST_ERROR)
    step_points = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(10)],
        help_text="0 for −1, 0, +1; 2 to 10 for a Likert scale from 1",
    )
    verifier = models.CharField(max_length=12, choices=Verifier, default=Verifier.NONE)
    shows_verdict = models.BooleanField(
        default=False, help_text="Annotators see what the verifier says"
    )
    overlap = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="Judgments wanted for each item",
    )
    queue_order = models.CharField(max_length=12, choices=QueueOrder, default=QueueOrder.GIVEN)
    similarity_ceiling = models.FloatField(
        default=1.0,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text="Imported items whose responses are more alike than this are not asked, 0 to 1",
    )
    daily_cap = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    items_per_annotator = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    gold_rate = models.FloatField(
        default=0.0, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)]
    )
    gold_feedback = models.CharField(
        max_length=12, choices=GoldFeedback, default=GoldFeedback.SILENT
    )
    qualification_size = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(100)],
        help_text="Gold items to judge before real work; 0 for none",
    )
    qualification_pass = models.FloatField(
        default=0.8, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)]
    )
    hide_names = models.BooleanField(default=False, help_text="Reviewers see annotators as numbers")
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
                condition=models.Q(similarity_ceiling__gte=0, similarity_ceiling__lte=1),
                name="project_similarity_ceiling",
            ),
            models.CheckConstraint(
                condition=models.Q(qualification_pass__gte=0, qualification_pass__lte=1),
                name="project_qualification_pass",
            ),
            models.CheckConstraint(
                condition=models.Q(step_points=0)
                | models.Q(step_points__gte=2, step_points__lte=10),
                name="project_step_points",
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

    def clean(self) -> None:
        """A verifier must be installed to be chosen; the qualification leaves room for work."""
        super().clean()
        most = self.items_per_annotator
        if most is not None and most <= (self.qualification_size or 0):
            raise ValidationError(
                _("Let each person judge more items than the qualification has, or none is work.")
            )
        if self.verifier == self.Verifier.MATH and find_spec("math_verify") is None:
            raise ValidationError(
                {"verifier": _("Install the verifier first: pip install 'tiebreak[math]'.")}
            )

    def protocol(self, kind: str) -> str:
        """The scale that answers to items of a kind are given on, as judgments store it."""
        match kind:
            case "comparison":
                return self.scale
            case "ranking":
                return self.ranking_mode
            case "rating":
                return f"{self.rating_min}..{self.rating_max}"
            case "steps":
                return f"points-{self.step_points}" if self.step_points else "signs"
        return ""


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
