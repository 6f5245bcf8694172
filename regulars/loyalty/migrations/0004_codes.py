import django.db.models.expressions
from django.db import migrations, models

from regulars.store.fences import fence


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0003_purchases")]

    operations = [
        migrations.CreateModel(
            name="Code",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("series_id", models.BigIntegerField()),
                ("code", models.TextField()),
                ("shown", models.TextField(null=True)),
                ("state", models.TextField(db_default="active", default="active")),
                ("customer_id", models.BigIntegerField(null=True)),
                ("uses_max", models.IntegerField(null=True)),
                ("reserved", models.IntegerField(db_default=0, default=0)),
                ("used", models.IntegerField(db_default=0, default=0)),
                ("ends_at", models.DateTimeField(null=True)),
                ("batch_id", models.BigIntegerField(null=True)),
                ("issue_key", models.TextField(null=True)),
                ("issued_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "loyalty_code",
                "indexes": [
                    models.Index(fields=["series_id", "id"], name="loyalty_code_of"),
                    models.Index(
                        condition=models.Q(("issued_at__isnull", True), ("state", "active")),
                        fields=["series_id", "id"],
                        name="loyalty_code_free",
                    ),
                    models.Index(
                        condition=models.Q(("customer_id__isnull", False)),
                        fields=["workspace_id", "customer_id"],
                        name="loyalty_code_owner",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "code"), name="loyalty_code_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("issue_key__isnull", False)),
                        fields=("workspace_id", "issue_key"),
                        name="loyalty_code_issued_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reserved__gte", 0),
                            ("used__gte", 0),
                            models.Q(
                                ("uses_max__isnull", True),
                                (
                                    "uses_max__gte",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("reserved"), "+", models.F("used")
                                    ),
                                ),
                                _connector="OR",
                            ),
                        ),
                        name="loyalty_code_within",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CodeBatch",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("public_id", models.CharField(max_length=22, unique=True)),
                ("series_id", models.BigIntegerField()),
                ("kind", models.TextField()),
                ("state", models.TextField(default="waiting")),
                ("asked", models.IntegerField()),
                ("made", models.IntegerField(default=0)),
                ("rejected", models.IntegerField(default=0)),
                ("file_name", models.TextField(default="")),
                ("reason", models.TextField(default="")),
                ("create_key", models.TextField(null=True)),
                ("create_hash", models.TextField(default="")),
                ("created_by", models.TextField(default="")),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "loyalty_codebatch",
                "indexes": [models.Index(fields=["series_id", "-id"], name="loyalty_codebatch_of")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "create_key"), name="loyalty_codebatch_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CodeCount",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("series_id", models.BigIntegerField()),
                ("member_id", models.BigIntegerField()),
                ("period_on", models.DateField()),
                ("taken", models.IntegerField()),
            ],
            options={
                "db_table": "loyalty_codecount",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "series_id", "member_id", "period_on"),
                        name="loyalty_codecount_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("taken__gte", 0)), name="loyalty_codecount_whole"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CodeReject",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("batch_id", models.BigIntegerField()),
                ("row_no", models.IntegerField()),
                ("value", models.TextField()),
                ("reason", models.TextField()),
            ],
            options={
                "db_table": "loyalty_codereject",
                "indexes": [
                    models.Index(fields=["batch_id", "row_no"], name="loyalty_codereject_of")
                ],
            },
        ),
        migrations.CreateModel(
            name="CodeSeries",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("public_id", models.CharField(max_length=22, unique=True)),
                ("slug", models.TextField()),
                ("name", models.TextField()),
                ("kind", models.TextField()),
                ("promotion_slug", models.TextField(default="")),
                ("state", models.TextField(default="active")),
                ("starts_at", models.DateTimeField(null=True)),
                ("ends_at", models.DateTimeField(null=True)),
                ("valid_days", models.IntegerField(null=True)),
                ("uses_per_code", models.IntegerField(null=True)),
                ("uses_per_member", models.IntegerField(null=True)),
                ("uses_total", models.IntegerField(null=True)),
                ("period", models.TextField(default="all")),
                ("prefix", models.TextField(default="")),
                ("create_key", models.TextField(null=True)),
                ("create_hash", models.TextField(default="")),
                ("created_by", models.TextField(default="")),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "db_table": "loyalty_codeseries",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "slug"), name="loyalty_codeseries_slug_once"
                    ),
                    models.UniqueConstraint(
                        fields=("workspace_id", "create_key"),
                        name="loyalty_codeseries_created_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CodeUse",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("code_id", models.BigIntegerField()),
                ("series_id", models.BigIntegerField()),
                ("purchase_id", models.TextField()),
                ("member_id", models.BigIntegerField(null=True)),
                ("state", models.TextField()),
                ("until", models.DateTimeField()),
                ("period_on", models.DateField()),
                ("at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "loyalty_codeuse",
                "indexes": [
                    models.Index(fields=["code_id", "id"], name="loyalty_codeuse_of"),
                    models.Index(fields=["series_id", "id"], name="loyalty_codeuse_series"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "purchase_id", "code_id"),
                        name="loyalty_codeuse_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="GiftCard",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("public_id", models.CharField(max_length=22, unique=True)),
                ("code", models.TextField()),
                ("shown", models.TextField(null=True)),
                ("state", models.TextField(default="active")),
                ("currency", models.TextField()),
                ("face_minor", models.BigIntegerField()),
                ("available_minor", models.BigIntegerField()),
                ("held_minor", models.BigIntegerField(default=0)),
                ("expired_minor", models.BigIntegerField(default=0)),
                ("customer_id", models.BigIntegerField(null=True)),
                ("starts_at", models.DateTimeField(null=True)),
                ("ends_at", models.DateTimeField(null=True)),
                ("note", models.TextField(default="")),
                ("issue_key", models.TextField(null=True)),
                ("issue_hash", models.TextField(default="")),
                ("issued_by", models.TextField(default="")),
                ("issued_at", models.DateTimeField()),
            ],
            options={
                "db_table": "loyalty_giftcard",
                "indexes": [
                    models.Index(fields=["workspace_id", "-id"], name="loyalty_giftcard_new"),
                    models.Index(
                        condition=models.Q(("available_minor__gt", 0)),
                        fields=["ends_at"],
                        name="loyalty_giftcard_ends",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "code"), name="loyalty_giftcard_code"
                    ),
                    models.UniqueConstraint(
                        fields=("workspace_id", "issue_key"), name="loyalty_giftcard_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("available_minor__gte", 0),
                            ("held_minor__gte", 0),
                            (
                                "face_minor__gte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("available_minor"), "+", models.F("held_minor")
                                ),
                            ),
                        ),
                        name="loyalty_giftcard_within",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GiftUse",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("card_id", models.BigIntegerField()),
                ("purchase_id", models.TextField()),
                ("amount_minor", models.BigIntegerField()),
                ("returned_minor", models.BigIntegerField(default=0)),
                ("state", models.TextField()),
                ("until", models.DateTimeField()),
                ("at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "loyalty_giftuse",
                "indexes": [models.Index(fields=["card_id", "id"], name="loyalty_giftuse_of")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "purchase_id", "card_id"),
                        name="loyalty_giftuse_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount_minor__gt", 0),
                            ("returned_minor__gte", 0),
                            ("returned_minor__lte", models.F("amount_minor")),
                        ),
                        name="loyalty_giftuse_within",
                    ),
                ],
            },
        ),
        *fence("loyalty_codeseries"),
        *fence("loyalty_code"),
        *fence("loyalty_codeuse"),
        *fence("loyalty_codecount"),
        *fence("loyalty_codebatch"),
        *fence("loyalty_codereject"),
        *fence("loyalty_giftcard"),
        *fence("loyalty_giftuse"),
    ]
