"""A made signing key waits beside the one in use until its record stands in DNS."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0002_hold")]

    operations = [
        migrations.AddField("sender", "next_dkim_selector", models.TextField(default="")),
        migrations.AddField("sender", "next_dkim_key_sealed", models.TextField(default="")),
    ]
