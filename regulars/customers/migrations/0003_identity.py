"""Merges as trees that can be undone, contacts with their standing, and pairs to be looked at."""

from __future__ import annotations

from django.db import migrations, models

from regulars.store.fences import fence

TABLES = (
    "customers_mergeentry",
    "customers_share",
    "customers_identitysetting",
    "customers_duplicate",
    "customers_duplicaterun",
)


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_countries")]

    operations = [
        # Empty means the customer itself, so a table of millions needs no filling.
        migrations.AddField("identifier", "held_by", models.BigIntegerField(null=True)),
        migrations.AddField(
            "identifier", "is_confirmed", models.BooleanField(default=False, db_default=False)
        ),
        migrations.AddField(
            "identifier", "has_access", models.BooleanField(default=False, db_default=False)
        ),
        migrations.AddField("customer", "own", models.JSONField(null=True)),
        migrations.AddField("merge", "into_id", models.BigIntegerField(null=True)),
        migrations.AddField(
            "merge", "is_gone", models.BooleanField(default=False, db_default=False)
        ),
        migrations.CreateModel(
            name="MergeEntry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("public_id", models.CharField(max_length=22, unique=True)),
                ("act", models.TextField()),
                ("loser_id", models.BigIntegerField()),
                ("into_id", models.BigIntegerField()),
                ("reason", models.TextField()),
                ("rule", models.TextField()),
                ("actor", models.TextField()),
                ("at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
                ("key", models.TextField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["workspace_id", "key"], name="merge_entry_once")
                ],
                "indexes": [
                    models.Index(fields=["workspace_id", "-id"], name="merge_entry_newest"),
                    models.Index(fields=["workspace_id", "loser_id"], name="merge_entry_by_loser"),
                    models.Index(fields=["workspace_id", "into_id"], name="merge_entry_by_into"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Share",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("kind", models.TextField()),
                ("value", models.TextField()),
                ("customer_id", models.BigIntegerField()),
                ("holder_id", models.BigIntegerField()),
                ("was_held", models.BooleanField()),
                ("rule", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["workspace_id", "kind", "value", "customer_id"], name="share_once"
                    )
                ],
                "indexes": [
                    models.Index(fields=["workspace_id", "customer_id"], name="share_by_customer"),
                    models.Index(fields=["workspace_id", "holder_id"], name="share_by_holder"),
                ],
            },
        ),
        migrations.CreateModel(
            name="IdentitySetting",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("are_ids_people", models.BooleanField()),
                ("changed_by", models.TextField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["workspace_id"], name="identity_setting_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Duplicate",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("public_id", models.CharField(max_length=22, unique=True)),
                ("one_id", models.BigIntegerField()),
                ("other_id", models.BigIntegerField()),
                ("probability", models.FloatField()),
                ("reasons", models.JSONField()),
                ("state", models.TextField()),
                ("found_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.TextField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["workspace_id", "one_id", "other_id"], name="duplicate_once"
                    )
                ],
                "indexes": [
                    models.Index(
                        fields=["workspace_id", "state", "-probability", "-id"],
                        name="duplicate_by_state",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DuplicateRun",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("state", models.TextField()),
                ("customers", models.BigIntegerField()),
                ("pairs", models.BigIntegerField()),
                ("left_out", models.BigIntegerField()),
                ("reason", models.TextField()),
                ("started_by", models.TextField()),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace_id", "-id"], name="duplicate_run_newest"),
                ],
            },
        ),
        *(operation for table in TABLES for operation in fence(table)),
    ]
