"""Work days of the judgments that are there already; imports and adjudication are no days."""

from django.db import migrations
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce, TruncDate


def fill(apps, schema_editor):
    Judgment = apps.get_model("annotate", "Judgment")
    WorkDay = apps.get_model("annotate", "WorkDay")
    days = (
        Judgment.objects.exclude(assignment__purpose__in=["import", "adjudication"])
        .annotate(day=TruncDate("created_at"))
        .values("assignment__item__project_id", "assignment__annotator_id", "day")
        .annotate(judged=Count("pk"), seconds=Coalesce(Sum("active_seconds"), 0.0))
        .order_by()
    )
    WorkDay.objects.bulk_create(
        [
            WorkDay(
                project_id=row["assignment__item__project_id"],
                user_id=row["assignment__annotator_id"],
                day=row["day"],
                judged=row["judged"],
                active_seconds=row["seconds"],
            )
            for row in days
        ],
        batch_size=1_000,
    )


class Migration(migrations.Migration):
    dependencies = [("annotate", "0003_queue_kinds_and_gold")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
