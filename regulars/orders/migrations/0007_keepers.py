"""Indexes for the orders of one member of the staff and of one place, which are few among many."""

from __future__ import annotations

from django.db import migrations

INDEX = (
    "CREATE INDEX order_by_{0} ON orders_order (workspace_id, {1}, placed_at DESC, id DESC)"
    " WHERE {1} IS NOT NULL"
)


class Migration(migrations.Migration):
    dependencies = [("orders", "0006_corrections")]

    operations = [
        migrations.RunSQL(INDEX.format("keeper", "responsible_id"), "DROP INDEX order_by_keeper"),
        migrations.RunSQL(INDEX.format("place", "place_id"), "DROP INDEX order_by_place"),
    ]
