"""Public ids are compared whole: the index for their beginnings only cost time on every row."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("customers", "0006_marks")]
    operations = [
        migrations.RunSQL("DROP INDEX IF EXISTS customers_customer_public_id_3fc024ec_like", migrations.RunSQL.noop),
    ]
