"""Carts and wish lists, filled from what customers do on a site."""

from __future__ import annotations

from django.db import migrations, models

from regulars.store.fences import fence

TABLES = ("orders_cart", "orders_cartline")


class Migration(migrations.Migration):
    dependencies = [("orders", "0002_desk")]
    operations = [
        migrations.CreateModel(
            name="Cart",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("public_id", models.CharField(max_length=22, unique=True)),
                ("customer_id", models.BigIntegerField()),
                ("kind", models.TextField()),
                ("state", models.TextField()),
                ("source_id", models.TextField(default="")),
                ("token", models.CharField(max_length=22, unique=True)),
                ("total_minor", models.BigIntegerField(default=0)),
                ("currency", models.TextField()),
                ("coupon", models.TextField(default="")),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("told_at", models.DateTimeField(null=True)),
                ("checkout_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("order_number", models.TextField(default="")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace_id", "customer_id", "kind"),
                        condition=models.Q(state="open"),
                        name="cart_open_once",
                    )
                ],
                "indexes": [
                    models.Index(
                        fields=["workspace_id", "customer_id", "kind", "-closed_at"],
                        name="cart_by_customer",
                    ),
                    models.Index(fields=["workspace_id", "changed_at"], name="cart_by_change"),
                ],
            },
        ),
        migrations.CreateModel(
            name="CartLine",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("cart_id", models.BigIntegerField()),
                ("sku", models.TextField()),
                ("name", models.TextField(null=True)),
                ("quantity", models.DecimalField(decimal_places=6, max_digits=18)),
                ("unit_price", models.DecimalField(decimal_places=6, max_digits=18)),
                ("added_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("cart_id", "sku"), name="cart_line_once")
                ],
            },
        ),
        *(operation for table in TABLES for operation in fence(table)),
    ]
