"""The brand of a line, for rules ask who never bought one; known lines take the catalogue's."""

from __future__ import annotations

from django.db import migrations, models

FILL = """
UPDATE orders_line AS l SET brand = p.brand FROM orders_product AS p
WHERE p.workspace_id = l.workspace_id AND p.sku = l.sku AND p.brand IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0007_keepers")]

    operations = [
        migrations.AddField("line", "brand", models.TextField(null=True)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
