from django.db import migrations, models

from regulars.store.fences import fence, versioned


class Migration(migrations.Migration):
    initial = True
    dependencies = [("store", "0001_ground")]
    operations = [
        migrations.CreateModel(
            name="Assignment",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("experiment", models.TextField()),
                ("customer_id", models.BigIntegerField()),
                ("arm", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["workspace_id", "customer_id"], name="assignment_by_customer"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "experiment", "customer_id"),
                        name="assignment_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("arm__in", ["contacted", "control"])),
                        name="assignment_arm",
                    ),
                ],
            },
        ),
        *fence("experiments_assignment"),
        *versioned("experiments_assignment"),
    ]
