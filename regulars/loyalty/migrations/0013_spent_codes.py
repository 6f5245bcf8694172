from django.db import migrations, models

from regulars.store.fences import fence


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0012_google_follows")]
    operations = [
        migrations.CreateModel(
            name="SpentCode",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("card_id", models.BigIntegerField()),
                ("step", models.BigIntegerField()),
                ("purchase_id", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "loyalty_spentcode",
                "indexes": [models.Index(fields=["at"], name="loyalty_spentcode_by_time")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "card_id", "step"), name="loyalty_spentcode_once"
                    )
                ],
            },
        ),
        *fence("loyalty_spentcode"),
    ]
