"""A campaign may give every receiver a code of a series."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0002_topic")]

    operations = [
        migrations.AddField("campaign", "code_series_id", models.BigIntegerField(null=True))
    ]
