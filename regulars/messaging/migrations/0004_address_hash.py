"""A message remembers, unreadably, the address it was written to."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0003_next_dkim_key")]

    operations = [migrations.AddField("message", "address_hash", models.BinaryField(null=True))]
