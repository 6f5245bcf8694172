import django.contrib.postgres.fields
from django.db import migrations, models

from regulars.store.fences import fence


class Migration(migrations.Migration):
    dependencies = [("segments", "0003_why")]

    operations = [
        migrations.CreateModel(
            name="Hook",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("public_id", models.CharField(max_length=22, unique=True)),
                ("segment_id", models.BigIntegerField()),
                ("url", models.TextField()),
                ("secret", models.TextField()),
                ("on_entry", models.BooleanField(default=True)),
                ("on_exit", models.BooleanField(default=True)),
                ("state", models.TextField(default="on")),
                ("reason", models.TextField(default="")),
                ("create_key", models.TextField(null=True)),
                ("create_hash", models.TextField(default="")),
                ("created_by", models.TextField(default="")),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "create_key"), name="segment_hook_once"
                    )
                ],
                "indexes": [models.Index(fields=["segment_id"], name="segment_hook_of")],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("hook_id", models.BigIntegerField()),
                ("message_id", models.TextField()),
                ("kind", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "customer_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
                ("more", models.JSONField(default=dict)),
                ("state", models.TextField(default="waiting")),
                ("attempts", models.IntegerField(default=0)),
                ("next_at", models.DateTimeField()),
                ("status", models.IntegerField(null=True)),
                ("error", models.TextField(default="")),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("hook_id", "message_id"), name="segment_delivery_once"
                    )
                ],
                "indexes": [
                    models.Index(fields=["hook_id", "state", "id"], name="segment_delivery_next")
                ],
            },
        ),
        migrations.CreateModel(
            name="AudienceFile",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("public_id", models.CharField(max_length=22, unique=True)),
                ("segment_id", models.BigIntegerField()),
                ("kind", models.TextField()),
                ("purpose", models.TextField()),
                ("state", models.TextField(default="waiting")),
                ("members", models.BigIntegerField(default=0)),
                ("rows", models.BigIntegerField(default=0)),
                ("owner_id", models.BigIntegerField()),
                ("create_key", models.TextField(null=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "create_key"), name="segment_audience_once"
                    )
                ],
                "indexes": [models.Index(fields=["segment_id", "-id"], name="segment_audience_of")],
            },
        ),
        *fence("segments_hook"),
        *fence("segments_delivery"),
        *fence("segments_audiencefile"),
    ]
