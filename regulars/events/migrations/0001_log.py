from django.db import migrations, models

from regulars.events.sql import TABLES, UNDO
from regulars.store.fences import fence


class Migration(migrations.Migration):
    initial = True
    dependencies = [("store", "0001_ground")]
    operations = [
        migrations.CreateModel(
            name="FailedEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("source", models.CharField(max_length=60)),
                ("received_at", models.DateTimeField()),
                ("failed_at", models.DateTimeField()),
                ("stage", models.CharField(max_length=20)),
                ("reason", models.CharField(max_length=60)),
                ("detail", models.CharField(max_length=500)),
                ("payload", models.BinaryField()),
                ("inbox_kind", models.CharField(max_length=20)),
                ("attempts", models.IntegerField(default=1)),
                ("replayed_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace_id", "-id"], name="failed_by_workspace")
                ]
            },
        ),
        migrations.RunSQL(TABLES, UNDO),
        *fence("events_failedevent"),
        *fence("events_inbox"),
        *fence("events_seen"),
        *fence("events_event"),
        *fence("events_parked"),
    ]
