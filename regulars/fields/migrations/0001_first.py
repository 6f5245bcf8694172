from django.db import migrations, models

from regulars.store.fences import fence


class Migration(migrations.Migration):
    initial = True
    dependencies = [("store", "0001_ground")]
    operations = [
        migrations.CreateModel(
            name="Field",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("kind", models.TextField()),
                ("name", models.TextField()),
                ("label", models.TextField(default="", db_default="")),
                ("description", models.TextField(default="", db_default="")),
                ("is_hidden", models.BooleanField(default=False, db_default=False)),
                ("is_made", models.BooleanField(default=False, db_default=False)),
                ("declared_type", models.TextField(default="", db_default="")),
                ("types", models.JSONField(default=dict, db_default={})),
                ("first_at", models.DateTimeField(null=True)),
                ("last_at", models.DateTimeField(null=True)),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "kind", "name"), name="field_once"
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="Scan",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("done_id", models.BigIntegerField(default=0)),
                ("seen_id", models.BigIntegerField(default=0)),
                ("left_out", models.BigIntegerField(default=0)),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("workspace_id",), name="scan_once")
                ]
            },
        ),
        *fence("fields_field"),
        *fence("fields_scan"),
    ]
