"""A person's own progress, pace and streak, read from their work days and never counted anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from annotate.models import Project, User, WorkDay

MAX_DAYS = 3_660
RECENT_DAYS = 7
Row = tuple[date, int, float]


@dataclass(frozen=True)
class Pace:
    """What one person did in a project.

    ``seconds`` is the time at work for one judgment, the mean over the last working days; None
    before there is any. ``streak`` counts the days in a row up to today or yesterday (UTC).
    ``left_today`` and ``left`` are what the project's caps still allow; None without a cap.
    """

    judged: int = 0
    today: int = 0
    seconds: float | None = None
    streak: int = 0
    left_today: int | None = None
    left: int | None = None


def own_pace(project: Project, user: User) -> Pace:
    """One query over the person's work days, newest first."""
    days = WorkDay.objects.filter(project=project, user=user, judged__gt=0).order_by("-day")
    rows = list(days.values_list("day", "judged", "active_seconds")[:MAX_DAYS])
    now = timezone.now().date()
    judged = sum(row[1] for row in rows)
    today = rows[0][1] if rows and rows[0][0] == now else 0
    return Pace(
        judged=judged,
        today=today,
        seconds=_seconds(rows[:RECENT_DAYS]),
        streak=_streak([row[0] for row in rows], now),
        left_today=_left(project.daily_cap, today),
        left=_left(project.items_per_annotator, judged),
    )


def _seconds(rows: Sequence[Row]) -> float | None:
    judged = sum(row[1] for row in rows)
    spent = sum(row[2] for row in rows)
    return spent / judged if judged and spent else None


def _streak(days: Sequence[date], today: date) -> int:
    """Consecutive days at the head of ``days``; a day that has only begun breaks nothing."""
    if not days or days[0] < today - timedelta(days=1):
        return 0
    gone_by = ((days[0] - day).days for day in days)
    return next((k for k, ago in enumerate(gone_by) if ago != k), len(days))


def _left(cap: int | None, done: int) -> int | None:
    return None if cap is None else max(cap - done, 0)
