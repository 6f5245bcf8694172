from django.db import migrations

from regulars.lake.sql import MANIFEST_DDL
from regulars.store.fences import fence


class Migration(migrations.Migration):
    dependencies = [("events", "0001_log")]
    operations = [
        migrations.RunSQL(MANIFEST_DDL, "DROP TABLE lake_file, lake_cursor CASCADE"),
        *fence("lake_file"),
    ]
