"""Connections to other systems, their deliveries, exchanges and pulls."""

from __future__ import annotations

from django.db import migrations, models

from regulars.store.fences import fence

TABLES = (
    "intake_connection",
    "intake_delivery",
    "intake_subject",
    "intake_exchangefile",
    "intake_pulledfile",
)


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0003_site"),
    ]

    operations = [
        migrations.CreateModel(
            name="Connection",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("public_id", models.CharField(max_length=40, unique=True)),
                ("kind", models.TextField()),
                ("name", models.TextField()),
                ("source", models.TextField()),
                ("state", models.TextField()),
                ("settings", models.JSONField(default=dict)),
                ("secrets", models.JSONField(default=dict)),
                ("sample", models.JSONField(null=True)),
                ("created_by", models.TextField(default="")),
                ("created_at", models.DateTimeField()),
                ("success_at", models.DateTimeField(null=True)),
                ("error_at", models.DateTimeField(null=True)),
                ("error_code", models.TextField(default="")),
                ("error_text", models.TextField(default="")),
                ("failures", models.IntegerField(default=0)),
                ("due_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "source"), name="connection_source"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("connection_id", models.BigIntegerField()),
                ("key", models.TextField()),
                ("topic", models.TextField(default="")),
                ("received_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField()),
                ("outcome", models.TextField()),
                ("reason", models.TextField(default="")),
                ("detail", models.TextField(default="")),
                ("counts", models.JSONField(default=dict)),
                ("failed_id", models.BigIntegerField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["connection_id", "-id"], name="delivery_by_connection"),
                    models.Index(fields=["finished_at"], name="connector_delivery_by_age"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ExchangeFile",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("connection_id", models.BigIntegerField()),
                ("session", models.TextField()),
                ("kind", models.TextField()),
                ("name", models.TextField()),
                ("stored_as", models.TextField()),
                ("size", models.BigIntegerField(default=0)),
                ("hash", models.TextField(default="")),
                ("state", models.TextField()),
                ("reason", models.TextField(default="")),
                ("detail", models.TextField(default="")),
                ("rows_done", models.BigIntegerField(default=0)),
                ("counts", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["created_at"], name="exchange_file_by_age")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "connection_id", "session", "kind", "name"),
                        name="exchange_file_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PulledFile",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("connection_id", models.BigIntegerField()),
                ("name", models.TextField()),
                ("hash", models.TextField()),
                ("outcome", models.TextField()),
                ("pulled_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "connection_id", "hash"), name="pulled_file_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Subject",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("connection_id", models.BigIntegerField()),
                ("kind", models.TextField()),
                ("key", models.TextField()),
                ("told_at", models.DateTimeField(null=True)),
                ("target", models.TextField(default="")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "connection_id", "kind", "key"), name="subject_once"
                    )
                ],
            },
        ),
        *(operation for table in TABLES for operation in fence(table)),
    ]
