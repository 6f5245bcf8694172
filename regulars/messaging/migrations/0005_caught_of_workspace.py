"""Caught letters that the product sent itself are told from those of the workspace."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0004_address_hash")]

    operations = [
        migrations.AddField(
            "caught", "is_of_workspace", models.BooleanField(default=False, db_default=False)
        )
    ]
