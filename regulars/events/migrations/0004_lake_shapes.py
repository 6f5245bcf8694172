"""Every file of the lake says what it was made of, so that a release can write older ones anew."""

from django.db import migrations

from regulars.lake.sql import SHAPE_DDL


class Migration(migrations.Migration):
    dependencies = [("events", "0003_replay")]
    operations = [
        migrations.RunSQL(SHAPE_DDL, "ALTER TABLE lake_file DROP COLUMN shape"),
    ]
