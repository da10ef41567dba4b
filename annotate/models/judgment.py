"""Judgments and their append-only revisions."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import models

from annotate.answers import Answer, parse_answer
from annotate.models.assignment import Assignment
from annotate.models.project import GuidelineVersion


class Judgment(models.Model):
    """What one person said of one item, with the protocol it was asked under.

    The answer itself stands in the revisions, in the order shown; ``display_order`` says which
    stored response stood at each place. ``active_seconds`` is time at work, idle time left out.
    ``body_digest`` tells a replay of a submit from another answer; of a program's judgment it is
    the hash of what it was made from.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    assignment = models.OneToOneField(Assignment, on_delete=models.PROTECT, related_name="judgment")
    scale = models.CharField(max_length=16)
    guideline = models.ForeignKey(
        GuidelineVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    display_order = models.JSONField()
    is_order_known = models.BooleanField(
        default=True, help_text="False where an import does not tell what was shown"
    )
    active_seconds = models.FloatField(null=True, blank=True)
    idempotency_key = models.CharField(max_length=100, blank=True)
    body_digest = models.CharField(max_length=64, blank=True)
    import_key = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["import_key"],
                condition=~models.Q(import_key=""),
                name="judgment_imported_once",
            ),
            models.CheckConstraint(
                condition=models.Q(active_seconds__isnull=True)
                | models.Q(active_seconds__gte=0, active_seconds__lte=86_400),
                name="judgment_active_seconds",
            ),
        ]

    def __str__(self) -> str:
        return f"judgment {self.public_id}"

    @property
    def latest(self) -> JudgmentRevision:
        """The revision in force."""
        return self.revisions.order_by("-number")[0]

    def latest_answer(self) -> Answer:
        """The answer in force, in the order in which it was shown."""
        return self._parsed(self.latest)

    def first_answer(self) -> Answer:
        """What was said at first, in the order in which it was shown."""
        return self._parsed(self.revisions.order_by("number")[0])

    def _parsed(self, revision: JudgmentRevision) -> Answer:
        shape = self.assignment.item.shape_on(self.scale)
        anything = replace(
            shape, aspects=(), all_steps=False, rating_range=(-(2**53), 2**53), by_machine=True
        )
        return parse_answer(revision.answer, anything)


class JudgmentRevision(models.Model):
    """One state of an answer; written once, never changed."""

    judgment = models.ForeignKey(Judgment, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField(default=1)
    answer = models.JSONField()
    reason = models.CharField(max_length=500, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="revisions"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["judgment", "number"], name="revision_number_unique")
        ]

    def __str__(self) -> str:
        return f"{self.judgment_id}.{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("Judgment revisions are append-only: write a new one.")
        super().save(*args, **kwargs)
