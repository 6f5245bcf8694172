"""Whom a channel reaches means more than it did: segments that ask it are computed anew at once."""

from django.db import migrations

RENEW = """
UPDATE segments_segment SET stale_at = now(), stale_why = 'import'
WHERE kept IS NOT NULL AND archived_at IS NULL AND stale_at IS NULL
  AND kept::text LIKE '%"reachable"%'
"""


class Migration(migrations.Migration):
    dependencies = [("segments", "0005_two_secrets"), ("customers", "0009_stops")]

    operations = [migrations.RunSQL(RENEW, migrations.RunSQL.noop)]
