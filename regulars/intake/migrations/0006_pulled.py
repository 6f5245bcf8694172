"""A pulled file is known by its name and what it held last, not by every content it ever had."""

from __future__ import annotations

from django.db import migrations, models

# Of a name only what came last matters.
LATEST = """
DELETE FROM intake_pulledfile AS old USING intake_pulledfile AS new
WHERE new.workspace_id = old.workspace_id AND new.connection_id = old.connection_id
  AND new.name = old.name AND (new.pulled_at, new.id) > (old.pulled_at, old.id)
"""


class Migration(migrations.Migration):
    dependencies = [("intake", "0005_tries")]

    operations = [
        migrations.RunSQL(LATEST, migrations.RunSQL.noop),
        migrations.AddField("pulledfile", "modified_ns", models.BigIntegerField(null=True)),
        migrations.RemoveConstraint("pulledfile", "pulled_file_once"),
        migrations.AddConstraint(
            "pulledfile",
            models.UniqueConstraint(
                fields=("workspace_id", "connection_id", "name"), name="pulled_file_once"
            ),
        ),
    ]
