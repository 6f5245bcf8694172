"""The programme, its versions, promotions, offers in person and replays of past receipts."""

from django.db import migrations, models

from regulars.store.fences import append_only, fence


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0001_ledger"),
    ]

    operations = [
        migrations.CreateModel(
            name="Offer",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("promotion_id", models.BigIntegerField()),
                ("slug", models.TextField()),
                ("member_id", models.BigIntegerField()),
                ("key", models.TextField()),
                ("until", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "loyalty_offer",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "member_id", "promotion_id"),
                        name="loyalty_offer_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Programme",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("settings", models.JSONField(default=dict)),
                ("version", models.BigIntegerField(db_default=1, default=1)),
                ("is_open", models.BooleanField(db_default=False, default=False)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "db_table": "loyalty_programme",
                "constraints": [
                    models.UniqueConstraint(fields=("workspace_id",), name="loyalty_programme_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ProgrammeVersion",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("version", models.BigIntegerField()),
                ("settings", models.JSONField(null=True)),
                ("is_open", models.BooleanField(default=False)),
                ("what", models.TextField()),
                ("actor", models.TextField(default="")),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "loyalty_programmeversion",
                "indexes": [
                    models.Index(fields=["workspace_id", "at"], name="loyalty_version_by_time")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "version"), name="loyalty_version_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Promotion",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("slug", models.TextField()),
                ("name", models.TextField()),
                ("note", models.TextField(default="")),
                ("state", models.TextField(default="draft")),
                ("version", models.BigIntegerField(default=1)),
                ("definition", models.JSONField()),
                ("lane", models.TextField(default="cart")),
                ("priority", models.IntegerField(default=100)),
                ("starts_at", models.DateTimeField(null=True)),
                ("ends_at", models.DateTimeField(null=True)),
                ("create_key", models.TextField(null=True)),
                ("create_hash", models.TextField(default="")),
                ("created_by", models.TextField(default="")),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "db_table": "loyalty_promotion",
                "indexes": [
                    models.Index(
                        fields=["workspace_id", "state"], name="loyalty_promotion_by_state"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "slug"), name="loyalty_promotion_once"
                    ),
                    models.UniqueConstraint(
                        fields=("workspace_id", "create_key"), name="loyalty_promotion_key"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PromotionVersion",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("promotion_id", models.BigIntegerField()),
                ("slug", models.TextField()),
                ("version", models.BigIntegerField()),
                ("programme_version", models.BigIntegerField()),
                ("state", models.TextField()),
                ("name", models.TextField()),
                ("definition", models.JSONField()),
                ("actor", models.TextField(default="")),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "loyalty_promotionversion",
                "indexes": [
                    models.Index(
                        fields=["workspace_id", "slug", "-programme_version"],
                        name="loyalty_promotion_history",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("promotion_id", "programme_version"),
                        name="loyalty_promotion_version",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Replay",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("public_id", models.CharField(max_length=22, unique=True)),
                ("key", models.TextField(null=True)),
                ("asked", models.JSONField(default=dict)),
                ("asked_hash", models.TextField(default="")),
                ("state", models.TextField(default="waiting")),
                ("found", models.JSONField(null=True)),
                ("actor", models.TextField(default="")),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "loyalty_replay",
                "indexes": [
                    models.Index(
                        fields=["workspace_id", "-created_at"], name="loyalty_replay_by_time"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "key"), name="loyalty_replay_once"
                    )
                ],
            },
        ),
        *fence("loyalty_programme"),
        *append_only("loyalty_programmeversion"),
        *fence("loyalty_promotion"),
        *append_only("loyalty_promotionversion"),
        *fence("loyalty_offer"),
        *fence("loyalty_replay"),
    ]
