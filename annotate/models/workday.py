"""What one person did in a project on one day: derived, so that a claim need not count."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from annotate.models.project import Project


class WorkDay(models.Model):
    """Judgments and seconds at work of one person in one project on one day (UTC).

    Written by ``submit_judgment`` alone, in its transaction; ``rebuild_workdays`` makes the same
    rows from the judgments.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="workdays")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="workdays"
    )
    day = models.DateField()
    judged = models.PositiveIntegerField(default=0)
    active_seconds = models.FloatField(default=0.0)

    class Meta:
        ordering = ["-day"]
        constraints = [
            models.UniqueConstraint(fields=["user", "project", "day"], name="workday_unique")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.day}: {self.judged}"
