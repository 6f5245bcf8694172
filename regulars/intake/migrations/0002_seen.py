"""What a file looks like is kept with its import, for the page that asks about its columns."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("intake", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="import", name="seen", field=models.JSONField(default=dict, db_default={})
        ),
    ]
