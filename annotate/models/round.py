"""Rounds: numbered batches of items, and each person's place in them."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from annotate.models.item import Item
from annotate.models.project import Project

FRONT = -(2**62)
BEFORE_FRONT = FRONT - 1


class Round(models.Model):
    """A numbered batch of items, ``draft → open → closed``; one is open at a time."""

    class Status(models.TextChoices):
        DRAFT = "draft", "draft"
        OPEN = "open", "open"
        CLOSED = "closed", "closed"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=8, choices=Status, default=Status.DRAFT)
    strategy = models.CharField(max_length=40, default="random")
    seed = models.PositiveIntegerField(default=0)
    items = models.ManyToManyField(Item, through="RoundItem", related_name="rounds")
    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="round_number_unique"),
            models.UniqueConstraint(
                fields=["project"], condition=models.Q(status="open"), name="round_one_open"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["draft", "open", "closed"]),
                name="round_status_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project} round {self.number}"


class RoundItem(models.Model):
    """An item's place in a round and why it was picked.

    ``probability`` is the inclusion probability of a random pick, None for an active one.
    ``margin`` is the predicted reward of the first stored response minus the second.
    """

    class Arm(models.TextChoices):
        ACTIVE = "active", "active"
        RANDOM = "random", "random"
        ADJUDICATION = "adjudication", "adjudication"

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="entries")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="entries")
    position = models.PositiveIntegerField()
    arm = models.CharField(max_length=16, choices=Arm, default=Arm.RANDOM)
    probability = models.FloatField(null=True, blank=True)
    gain = models.FloatField(null=True, blank=True)
    margin = models.FloatField(null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["round", "item"], name="round_item_unique"),
            models.UniqueConstraint(fields=["round", "position"], name="round_item_position"),
            models.CheckConstraint(
                condition=models.Q(arm__in=["active", "random", "adjudication"]),
                name="round_item_arm_known",
            ),
            models.CheckConstraint(
                condition=models.Q(probability__isnull=True)
                | models.Q(probability__gt=0, probability__lte=1),
                name="round_item_probability",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round_id}[{self.position}]"


class RoundCursor(models.Model):
    """How far one person has come in a round: slots up to ``position`` are behind them.

    ``front`` is the same for the slots with negative positions, which are asked before all others
    (urgent items that joined an open round). ``claims`` counts the fresh items they were given.
    """

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="cursors")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="cursors"
    )
    position = models.BigIntegerField(default=-1)
    front = models.BigIntegerField(default=BEFORE_FRONT)
    claims = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "user"], name="round_cursor_unique")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.position}"
