"""Who may not be written to at the address they have now, and pauses, as the lake follows them."""

from django.db import migrations, models

from regulars.store.fences import fence, versioned

# What was written down of owners until now; addresses that found another one are looked at again
# when the address, or what is said of it, next changes.
FILL = """
INSERT INTO customers_stop (workspace_id, customer_id, channel, is_gone)
SELECT DISTINCT s.workspace_id, c.id, s.channel, false FROM customers_suppression s
JOIN customers_customer o ON o.workspace_id = s.workspace_id AND o.id = s.customer_id
JOIN customers_customer c ON c.id = coalesce(o.merged_into, o.id)
WHERE s.lifted_at IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0008_stops_by_customer")]

    operations = [
        migrations.CreateModel(
            name="Stop",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("customer_id", models.BigIntegerField()),
                ("channel", models.TextField()),
                ("is_gone", models.BooleanField(default=False)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["workspace_id", "customer_id", "channel"], name="stop_once"
                    )
                ]
            },
        ),
        *fence("customers_stop"),
        *versioned("customers_stop"),
        *versioned("customers_preference"),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
