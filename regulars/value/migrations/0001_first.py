from django.db import migrations, models

from regulars.store.fences import fence, versioned


def _id():
    return ("id", models.BigAutoField(primary_key=True, serialize=False))


class Migration(migrations.Migration):
    initial = True
    dependencies = [("store", "0001_ground")]
    operations = [
        migrations.CreateModel(
            name="Score",
            fields=[
                _id(),
                ("workspace_id", models.BigIntegerField()),
                ("customer_id", models.BigIntegerField()),
                ("orders", models.IntegerField()),
                ("money_minor", models.BigIntegerField()),
                ("first_on", models.DateField(null=True)),
                ("last_on", models.DateField(null=True)),
                ("recency_fifth", models.SmallIntegerField(null=True)),
                ("frequency_fifth", models.SmallIntegerField(null=True)),
                ("money_fifth", models.SmallIntegerField(null=True)),
                ("rfm_class", models.TextField(null=True)),
                ("gap_days", models.FloatField(null=True)),
                ("stage", models.TextField()),
                ("stage_since", models.DateField()),
                ("cooling_on", models.DateField(null=True)),
                ("lost_on", models.DateField(null=True)),
                ("returns_share", models.FloatField(null=True)),
                ("top_category", models.TextField(null=True)),
                ("cluster", models.TextField(null=True)),
                ("is_gone", models.BooleanField(default=False)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "customer_id"), name="score_once"
                    )
                ],
                "indexes": [
                    models.Index(
                        fields=["workspace_id", "recency_fifth", "frequency_fifth"],
                        name="score_by_cell",
                    ),
                    models.Index(fields=["workspace_id", "stage"], name="score_by_stage"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Setting",
            fields=[
                _id(),
                ("workspace_id", models.BigIntegerField()),
                ("borders", models.JSONField(null=True)),
                ("changed_by", models.TextField(default="")),
                ("touched_at", models.DateTimeField(null=True)),
                ("scored_at", models.DateTimeField(null=True)),
                ("took_ms", models.IntegerField(default=0)),
                ("clustered_at", models.DateTimeField(null=True)),
                ("cluster_note", models.TextField(default="")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("workspace_id",), name="value_setting_once")
                ]
            },
        ),
        migrations.CreateModel(
            name="Cluster",
            fields=[
                _id(),
                ("workspace_id", models.BigIntegerField()),
                ("slug", models.TextField()),
                ("size", models.IntegerField()),
                ("money_minor", models.BigIntegerField()),
                ("profile", models.JSONField()),
                ("rule", models.JSONField()),
                ("covered", models.FloatField()),
                ("exact", models.FloatField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("workspace_id", "slug"), name="cluster_once")
                ]
            },
        ),
        *fence("value_score"),
        *fence("value_setting"),
        *fence("value_cluster"),
        *versioned("value_score"),
    ]
