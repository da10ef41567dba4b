"""Judgments of programs, with a purpose of their own, and the runs of verifiers."""

import django.core.serializers.json
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


def forget(apps, schema_editor):
    """What programs judged, which earlier versions would take for imported opinions."""
    Assignment = apps.get_model("annotate", "Assignment")
    Judgment = apps.get_model("annotate", "Judgment")
    JudgmentRevision = apps.get_model("annotate", "JudgmentRevision")
    JudgmentRevision.objects.filter(judgment__assignment__purpose="machine").delete()
    Judgment.objects.filter(assignment__purpose="machine").delete()
    Assignment.objects.filter(purpose="machine").delete()
    schema_editor.connection.check_constraints()  # PostgreSQL alters no table with checks pending


class Migration(migrations.Migration):

    dependencies = [
        ('annotate', '0004_workdays_from_judgments'),
    ]

    operations = [
        migrations.CreateModel(
            name='VerificationRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('status', models.CharField(choices=[('pending', 'pending'), ('running', 'running'), ('succeeded', 'succeeded'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='pending', max_length=10)),
                ('progress', models.FloatField(default=0.0)),
                ('message', models.CharField(blank=True, max_length=300)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('worker', models.CharField(blank=True, max_length=120)),
                ('heartbeat_at', models.DateTimeField(blank=True, null=True)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('cancel_requested', models.BooleanField(default=False)),
                ('log', models.TextField(blank=True)),
                ('error', models.TextField(blank=True)),
                ('result', models.JSONField(blank=True, default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('verifier', models.CharField(choices=[('math', 'mathematics (math-verify)'), ('exact', 'exact match'), ('regex', 'regular expression')], max_length=12)),
                ('pattern', models.CharField(blank=True, help_text='What finds the answer in a response', max_length=300)),
            ],
            options={
                'ordering': ['-pk'],
                'abstract': False,
            },
        ),
        migrations.RemoveConstraint(
            model_name='assignment',
            name='assignment_purpose_known',
        ),
        migrations.AlterField(
            model_name='assignment',
            name='purpose',
            field=models.CharField(choices=[('work', 'work'), ('gold', 'gold'), ('qualification', 'qualification'), ('adjudication', 'adjudication'), ('import', 'import'), ('machine', 'machine')], default='work', max_length=16),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(('purpose__in', ['work', 'gold', 'qualification', 'adjudication', 'import', 'machine'])), name='assignment_purpose_known'),
        ),
        migrations.RunPython(migrations.RunPython.noop, forget),
        migrations.AddField(
            model_name='verificationrun',
            name='project',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='annotate.project'),
        ),
        migrations.AddField(
            model_name='verificationrun',
            name='requested_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='verificationrun',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'running', 'succeeded', 'failed', 'cancelled'])), name='verificationrun_status_known'),
        ),
        migrations.AddConstraint(
            model_name='verificationrun',
            constraint=models.CheckConstraint(condition=models.Q(('progress__gte', 0), ('progress__lte', 1)), name='verificationrun_progress'),
        ),
        migrations.AddConstraint(
            model_name='verificationrun',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'running'), _negated=True), ('lease_until__isnull', False), _connector='OR'), name='verificationrun_running_has_lease'),
        ),
        migrations.AddConstraint(
            model_name='verificationrun',
            constraint=models.CheckConstraint(condition=models.Q(('verifier__in', ['math', 'exact', 'regex'])), name='verificationrun_verifier_known'),
        ),
    ]
