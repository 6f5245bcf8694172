from django.db import migrations, models

from regulars.store.fences import fence


class Migration(migrations.Migration):
    initial = True
    dependencies = [("store", "0001_ground")]
    operations = [
        migrations.CreateModel(
            name="Snapshot",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("name", models.TextField()),
                ("at", models.DateTimeField()),
                ("rows", models.JSONField()),
                ("took_ms", models.IntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("workspace_id", "name"), name="snapshot_once")
                ],
            },
        ),
        *fence("reports_snapshot"),
    ]
