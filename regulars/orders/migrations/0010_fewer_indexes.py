"""Public ids are compared whole: the index for their beginnings only cost time on every row."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0009_accounts")]
    operations = [
        migrations.RunSQL("DROP INDEX IF EXISTS orders_order_public_id_477d735f_like", migrations.RunSQL.noop),
        migrations.RunSQL("DROP INDEX IF EXISTS orders_order_token_6d467ae5_like", migrations.RunSQL.noop),
    ]
