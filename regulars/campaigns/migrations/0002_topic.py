"""A campaign may be about one topic of the customers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_first")]

    operations = [
        migrations.AddField("campaign", "topic", models.TextField(default="", db_default=""))
    ]
