"""A secret is changed without a message being lost: for a while the former one signs too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("segments", "0004_outgoing")]

    operations = [
        migrations.AddField(
            "hook", "former_secret", models.TextField(default="", db_default="")
        ),
        migrations.AddField("hook", "former_until", models.DateTimeField(null=True)),
        migrations.AddField("hook", "renew_key", models.TextField(default="", db_default="")),
    ]
