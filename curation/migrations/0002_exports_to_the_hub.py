from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("curation", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="exportrun",
            name="target",
            field=models.CharField(
                choices=[
                    ("folder", "folder"),
                    ("download", "download"),
                    ("hub", "Hugging Face Hub"),
                ],
                default="folder",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="exportrun",
            name="destination",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="exportrun",
            name="format",
            field=models.CharField(blank=True, max_length=32),
        ),
        migrations.AddField(
            model_name="exportrun",
            name="form",
            field=models.CharField(default="parquet", max_length=10),
        ),
        migrations.AddField(
            model_name="exportrun",
            name="is_private",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="exportrun",
            name="card",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="exportrun",
            name="token_handle",
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AddConstraint(
            model_name="exportrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("target__in", ["folder", "download", "hub"])),
                name="exportrun_target_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="exportrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("target", "download"),
                    models.Q(("destination", ""), _negated=True),
                    _connector="OR",
                ),
                name="exportrun_has_destination",
            ),
        ),
    ]
