"""Whoever was touched is asked for by their id: members of segments that are reachable follow them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0007_fewer_indexes")]

    operations = [
        migrations.AddIndex(
            "suppression",
            models.Index(
                fields=["workspace_id", "customer_id"],
                condition=models.Q(customer_id__isnull=False),
                name="suppression_of",
            ),
        ),
    ]
