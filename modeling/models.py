"""Checkpoints, scores and the runs that make them."""

from __future__ import annotations

import uuid
from pathlib import Path

from django.conf import settings
from django.db import models
from django.urls import reverse

from annotate.models import Project, Response, Round, Run
from curation.models import DatasetVersion

LOCAL = "local:"
"""What the names of judges on this machine begin with."""


class TrainingRun(Run):
    """Training one reward model on one dataset version."""

    task_name = "modeling.run_training"
    queue = "gpu"
    label = "Training"

    dataset = models.ForeignKey(
        DatasetVersion, on_delete=models.PROTECT, related_name="training_runs"
    )
    config = models.JSONField(default=dict)
    curve = models.JSONField(default=list, blank=True, help_text="[{fraction, loss}] as it went")

    class Meta(Run.Meta):
        abstract = False

    @property
    def objective(self) -> str:
        """What is trained; runs from before there was a choice name nothing."""
        return str(self.config.get("objective", "bradley_terry"))

    @property
    def shown_at(self) -> str:
        return reverse("modeling:run-detail", args=[self.public_id])


class Checkpoint(models.Model):
    """Immutable weights and the manifest that says how they came to be.

    ``is_promoted`` marks the project's checkpoint in force; one at a time.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="checkpoints")
    run = models.OneToOneField(TrainingRun, on_delete=models.PROTECT, related_name="checkpoint")
    number = models.PositiveIntegerField()
    path = models.CharField(max_length=500)
    manifest = models.JSONField(default=dict)
    metrics = models.JSONField(default=dict)
    is_promoted = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="checkpoint_number_unique"),
            models.UniqueConstraint(
                fields=["project"],
                condition=models.Q(is_promoted=True),
                name="checkpoint_one_promoted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project.slug}-rm-{self.number}"

    @property
    def directory(self) -> Path:
        """Where its weights lie; ``path`` is relative to the checkpoint folder."""
        return Path(settings.CHECKPOINT_DIR) / self.path


class Score(models.Model):
    """A checkpoint's reward for a response, in log-odds units; uncertainty where it is known."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.CASCADE, related_name="scores")
    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="scores")
    reward = models.FloatField()
    uncertainty = models.FloatField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["checkpoint", "response"], name="score_unique")
        ]

    def __str__(self) -> str:
        return f"{self.reward:.3f}"


class EvaluationRun(Run):
    """Measuring one checkpoint on a file of known judgments."""

    task_name = "modeling.run_evaluation"
    queue = "gpu"
    label = "Evaluation"

    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.CASCADE, related_name="evaluation_runs"
    )
    data = models.CharField(max_length=500)

    class Meta(Run.Meta):
        abstract = False


class ScoringRun(Run):
    """Scoring the unjudged pairs with a checkpoint and picking the next round from them.

    ``checkpoint`` is None for a first, purely random round.
    """

    task_name = "modeling.run_scoring"
    queue = "gpu"
    label = "Selection"

    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.CASCADE, null=True, blank=True, related_name="scoring_runs"
    )
    strategy = models.CharField(max_length=40, default="low_margin")
    size = models.PositiveIntegerField(default=50)
    random_share = models.FloatField(default=0.25)
    seed = models.PositiveIntegerField(default=0)
    open_round = models.BooleanField(default=True)
    round = models.OneToOneField(
        Round, on_delete=models.SET_NULL, null=True, blank=True, related_name="scoring_run"
    )

    class Meta(Run.Meta):
        abstract = False
        constraints = [
            *Run.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(random_share__gte=0, random_share__lte=1),
                name="scoringrun_random_share",
            ),
            models.CheckConstraint(condition=models.Q(size__gte=1), name="scoringrun_size"),
        ]


class JudgeRun(Run):
    """A language model on its way through a project's items, as one more annotator.

    ``form`` is how comparisons and rankings are judged; ratings and outcomes have one form each.
    ``kinds`` are the kinds of item, all where it is empty; ``criteria`` a list of
    {name, description}. ``limit`` bounds the items that are asked about, ``budget`` the cost in
    the currency of the configured prices. Endpoints and keys stand in the settings alone.
    """

    class Form(models.TextChoices):
        PAIRWISE = "pairwise", "two responses side by side, in both orders"
        SINGLE = "single", "a grade for each response"
        RUBRIC = "rubric", "scores for criteria"

    task_name = "modeling.run_judging"
    label = "Judging"

    model = models.CharField(max_length=200)
    form = models.CharField(max_length=12, choices=Form, default=Form.PAIRWISE)
    kinds = models.JSONField(default=list, blank=True)
    criteria = models.JSONField(default=list, blank=True)
    limit = models.PositiveIntegerField(null=True, blank=True)
    budget = models.FloatField(null=True, blank=True)

    class Meta(Run.Meta):
        abstract = False
        constraints = [
            *Run.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(form__in=["pairwise", "single", "rubric"]),
                name="judgerun_form_known",
            ),
            models.CheckConstraint(
                condition=models.Q(limit__isnull=True) | models.Q(limit__gte=1),
                name="judgerun_limit",
            ),
            models.CheckConstraint(
                condition=models.Q(budget__isnull=True) | models.Q(budget__gte=0),
                name="judgerun_budget",
            ),
        ]

    @property
    def queue(self) -> str:  # type: ignore[override]
        """A model on this machine wants its accelerator; an endpoint only wants patience."""
        return "gpu" if self.model.startswith(LOCAL) else "default"


class LoopProject(Project):
    """A project as the administration of its loop shows it."""

    class Meta:
        proxy = True
        verbose_name = "loop"
