"""How much one person may do: a day's cap, a cap for the project, and a passed qualification."""

from __future__ import annotations

from django.utils import timezone

from annotate.models import Assignment, Judgment, Project, User, WorkDay
from annotate.selectors import idle_reason
from annotate.services.statements import count_judgment

Purpose = Assignment.Purpose


def room_for(project: Project, user: User, *, held: int) -> bool:
    """Whether the person may be given one more item beside those they hold."""
    return not idle_reason(project, user, held=held)


def count_work(project: Project, user: User, active_seconds: float | None) -> None:
    """Add one judgment to the person's day; part of the submit's transaction."""
    day, seconds = timezone.now().date(), active_seconds or 0.0
    if not count_judgment(user=user.pk, project=project.pk, day=day, seconds=seconds):
        WorkDay.objects.get_or_create(user=user, project=project, day=day)
        count_judgment(user=user.pk, project=project.pk, day=day, seconds=seconds)


def rebuild_workdays(project: Project) -> int:
    """Make the project's work days from its judgments again; returns how many there are."""
    rows: dict[tuple[int, object], WorkDay] = {}
    made = Judgment.objects.filter(assignment__item__project=project).exclude(
        assignment__purpose__in=[Purpose.IMPORT, Purpose.ADJUDICATION, Purpose.MACHINE]
    )
    for user, at, seconds in made.values_list(
        "assignment__annotator_id", "created_at", "active_seconds"
    ).iterator(chunk_size=5_000):
        day = at.date()
        row = rows.setdefault((user, day), WorkDay(project=project, user_id=user, day=day))
        row.judged += 1
        row.active_seconds += seconds or 0.0
    WorkDay.objects.filter(project=project).delete()
    WorkDay.objects.bulk_create(rows.values(), batch_size=1_000)
    return len(rows)
