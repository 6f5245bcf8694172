"""A request put back by hand is told from one that has just come."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("events", "0002_lake")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE events_inbox ADD COLUMN is_replay boolean NOT NULL DEFAULT false",
            "ALTER TABLE events_inbox DROP COLUMN is_replay",
        )
    ]
