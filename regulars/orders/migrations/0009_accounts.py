"""Whose account an ad cost is of: two accounts of one network each tell their own days."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0008_brands")]

    operations = [
        # Rows that are here told no account; they stay.
        migrations.AddField("cost", "account", models.TextField(db_default="", default="")),
        migrations.RemoveConstraint("cost", "cost_once"),
        migrations.AddConstraint(
            "cost",
            models.UniqueConstraint(
                fields=[
                    "workspace_id",
                    "source",
                    "account",
                    "day",
                    "campaign",
                    "ad_group",
                    "currency",
                ],
                name="cost_once",
            ),
        ),
    ]
