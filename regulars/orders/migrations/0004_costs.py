"""What advertising cost, by day."""

from __future__ import annotations

from django.db import migrations, models

from regulars.store.fences import fence, versioned


class Migration(migrations.Migration):
    dependencies = [("orders", "0003_carts")]
    operations = [
        migrations.CreateModel(
            name="Cost",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("day", models.DateField()),
                ("source", models.TextField()),
                ("campaign", models.TextField()),
                ("ad_group", models.TextField(default="")),
                ("currency", models.TextField()),
                ("impressions", models.BigIntegerField(default=0)),
                ("clicks", models.BigIntegerField(default=0)),
                ("amount_minor", models.BigIntegerField()),
                ("is_gone", models.BooleanField(default=False)),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["workspace_id", "day"], name="cost_by_day")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=[
                            "workspace_id",
                            "source",
                            "day",
                            "campaign",
                            "ad_group",
                            "currency",
                        ],
                        name="cost_once",
                    )
                ],
            },
        ),
        *fence("orders_cost"),
        *versioned("orders_cost"),
    ]
