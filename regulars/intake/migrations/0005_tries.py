"""Tries to sign in, bodies seen lately, refunds that wait, and sites that may promise goods."""

from __future__ import annotations

from django.db import migrations, models

from regulars.store.fences import fence


class Migration(migrations.Migration):
    dependencies = [("intake", "0004_connectors")]

    operations = [
        migrations.AddField(
            "site", "promises_stock", models.BooleanField(db_default=False, default=False)
        ),
        migrations.AddIndex(
            "subject",
            models.Index(
                fields=["told_at"], name="subject_body_by_age", condition=models.Q(kind="body")
            ),
        ),
        migrations.AddIndex(
            "delivery",
            models.Index(
                fields=["connection_id", "detail"],
                name="delivery_waiting",
                condition=models.Q(failed_id__isnull=False, reason="order_unknown"),
            ),
        ),
        migrations.CreateModel(
            name="SigninTry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("connection_id", models.BigIntegerField()),
                ("who", models.TextField()),
                ("since", models.DateTimeField()),
                ("tries", models.IntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "connection_id", "who"), name="signin_try_once"
                    )
                ],
                "indexes": [models.Index(fields=["since"], name="signin_try_by_age")],
            },
        ),
        *fence("intake_signintry"),
    ]
