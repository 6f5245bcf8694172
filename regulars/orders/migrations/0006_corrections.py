"""Lines that may change, holds of goods, and what the list of orders is filtered by.

Stage and payment as they stand are columns the database fills itself: row-level security lets no
index of an expression be used, an index of a column it does.
"""

from __future__ import annotations

from django.db import migrations, models

from regulars.store.fences import fence

STAGE = "CASE WHEN stage IS NOT NULL THEN stage WHEN status IN ('new', 'paid') THEN 'received' ELSE status END"
PAYMENT = (
    "CASE WHEN payment IS NOT NULL THEN payment"
    " WHEN status IN ('paid', 'processing', 'shipped', 'delivered') THEN 'paid'"
    " WHEN status = 'returned' THEN 'refunded' ELSE 'unpaid' END"
)
ADD = (
    f"ALTER TABLE orders_order"
    f" ADD COLUMN stage_now text GENERATED ALWAYS AS ({STAGE}) STORED,"
    f" ADD COLUMN payment_now text GENERATED ALWAYS AS ({PAYMENT}) STORED"
)
INDEX = (
    "CREATE INDEX order_by_{0} ON orders_order (workspace_id, {0}_now, placed_at DESC, id DESC)"
    " WHERE kind = 'sale'"
)


class Migration(migrations.Migration):
    dependencies = [("orders", "0005_delays")]

    operations = [
        migrations.AddField("line", "is_gone", models.BooleanField(db_default=False, default=False)),
        migrations.AddField("order", "told_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "order", "pays_on_delivery", models.BooleanField(db_default=False, default=False)
        ),
        migrations.AddField(
            "order", "hold", models.TextField(db_default="usual", default="usual")
        ),
        migrations.RunSQL(
            ADD, "ALTER TABLE orders_order DROP COLUMN stage_now, DROP COLUMN payment_now"
        ),
        migrations.RunSQL(INDEX.format("stage"), "DROP INDEX order_by_stage"),
        migrations.RunSQL(INDEX.format("payment"), "DROP INDEX order_by_payment"),
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("order_id", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("written_at", models.DateTimeField()),
                ("actor_id", models.BigIntegerField(null=True)),
                ("source", models.TextField()),
                ("before_minor", models.BigIntegerField()),
                ("after_minor", models.BigIntegerField()),
                ("changes", models.JSONField(default=list)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace_id", "order_id", "id"], name="correction_by_order")
                ],
            },
        ),
        *fence("orders_correction"),
    ]
