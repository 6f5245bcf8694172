"""Public ids are compared whole: the index for their beginnings only cost time on every row."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("messaging", "0006_questions")]
    operations = [
        migrations.RunSQL("DROP INDEX IF EXISTS messaging_message_public_id_82b7a873_like", migrations.RunSQL.noop),
    ]
