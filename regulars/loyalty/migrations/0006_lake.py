"""Where customers stand in the programme, for facts and the lake."""

from django.db import migrations, models
from django.db.migrations.operations.base import Operation

from regulars.store.fences import fence, versioned


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0005_rewards")]
    operations: list[Operation] = [
        migrations.CreateModel(
            name="Standing",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("customer_id", models.BigIntegerField()),
                ("is_member", models.BooleanField()),
                ("is_blocked", models.BooleanField()),
                ("joined_on", models.DateField(null=True)),
                ("tier", models.TextField(null=True)),
                ("tier_until", models.DateField(null=True)),
                ("balance", models.BigIntegerField()),
                ("pending", models.BigIntegerField()),
                ("debt", models.BigIntegerField()),
                ("next_expiry_on", models.DateField(null=True)),
                ("next_expiry_points", models.BigIntegerField()),
                ("has_code", models.BooleanField()),
                ("is_gone", models.BooleanField(default=False)),
                ("due_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["workspace_id", "customer_id"], name="loyalty_standing_once"
                    )
                ],
                "indexes": [
                    models.Index(
                        fields=["due_at"],
                        condition=models.Q(due_at__isnull=False),
                        name="loyalty_standing_due",
                    )
                ],
            },
        ),
        *fence("loyalty_standing"),
        *versioned("loyalty_standing"),
    ]
