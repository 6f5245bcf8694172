from __future__ import annotations

from django.db import migrations, models

from regulars.store.fences import fence

TABLES = (
    "orders_place", "orders_stock", "orders_reservation", "orders_lead", "orders_comment",
    "orders_payment", "orders_statuschange", "orders_delivery", "orders_carrier",
    "orders_support", "orders_category",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="Carrier",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("name", models.TextField()),
                ("public_id", models.CharField(max_length=22, unique=True)),
                ("account", models.TextField(default="")),
                ("sealed", models.TextField(default="")),
                ("is_on", models.BooleanField(default=True)),
                ("is_test", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Category",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("code", models.TextField()),
                ("parent_code", models.TextField(null=True)),
                ("name", models.TextField()),
                ("path", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Comment",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("subject", models.TextField()),
                ("subject_id", models.BigIntegerField()),
                ("key", models.TextField()),
                ("actor_id", models.BigIntegerField(null=True)),
                ("text", models.TextField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("order_id", models.BigIntegerField()),
                ("method", models.TextField(default="")),
                ("address", models.TextField(default="")),
                ("branch", models.TextField(default="")),
                ("carrier", models.TextField(default="")),
                ("tracking_number", models.TextField(default="")),
                ("tracking_url", models.TextField(default="")),
                ("carrier_code", models.TextField(default="")),
                ("is_code_unknown", models.BooleanField(default=False)),
                ("polled_at", models.DateTimeField(null=True)),
                ("poll_at", models.DateTimeField(null=True)),
                ("poll_until", models.DateTimeField(null=True)),
                ("fault", models.TextField(default="")),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Lead",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("public_id", models.CharField(max_length=22, unique=True)),
                ("key", models.TextField()),
                ("body_hash", models.TextField()),
                ("status", models.TextField()),
                ("lost_reason", models.TextField(default="")),
                ("source", models.TextField()),
                ("customer_id", models.BigIntegerField(null=True)),
                ("name", models.TextField(default="")),
                ("phone", models.TextField(default="")),
                ("email", models.TextField(default="")),
                ("comment", models.TextField(default="")),
                ("items", models.JSONField(default=list)),
                ("page_url", models.TextField(default="")),
                ("utm", models.JSONField(default=dict)),
                ("responsible_id", models.BigIntegerField(null=True)),
                ("order_id", models.BigIntegerField(null=True)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("order_id", models.BigIntegerField()),
                ("key", models.TextField()),
                ("amount_minor", models.BigIntegerField()),
                ("method", models.TextField(default="")),
                ("at", models.DateTimeField()),
                ("actor_id", models.BigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Place",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("public_id", models.CharField(max_length=22, unique=True)),
                ("name", models.TextField()),
                ("address", models.TextField(default="")),
                ("phone", models.TextField(default="")),
                ("is_open", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Reservation",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("order_id", models.BigIntegerField()),
                ("line_no", models.IntegerField()),
                ("place_id", models.BigIntegerField(null=True)),
                ("sku", models.TextField()),
                ("quantity", models.DecimalField(decimal_places=6, max_digits=18)),
                ("state", models.TextField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="StatusChange",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("order_id", models.BigIntegerField()),
                ("status", models.TextField()),
                ("at", models.DateTimeField()),
                ("written_at", models.DateTimeField()),
                ("actor_id", models.BigIntegerField(null=True)),
                ("source", models.TextField()),
                ("reason", models.TextField(default="")),
            ],
        ),
        migrations.CreateModel(
            name="Stock",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("place_id", models.BigIntegerField()),
                ("sku", models.TextField()),
                ("on_hand", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("reserved", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Support",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workspace_id", models.BigIntegerField()),
                ("phone", models.TextField(default="")),
                ("email", models.TextField(default="")),
                ("url", models.TextField(default="")),
            ],
        ),
        migrations.AddField(
            model_name="line",
            name="duration_min",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="line",
            name="ends_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="line",
            name="item",
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name="line",
            name="starts_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="order",
            name="delayed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="order",
            name="eta_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="order",
            name="paid_minor",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="order",
            name="payment",
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name="order",
            name="payment_url",
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name="order",
            name="place_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="order",
            name="refunded_minor",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="order",
            name="responsible_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="order",
            name="stage",
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name="order",
            name="token",
            field=models.CharField(max_length=40, null=True, unique=True),
        ),
        migrations.AddField(
            model_name="product",
            name="availability",
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name="product",
            name="catalogue_hash",
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name="product",
            name="category_code",
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name="product",
            name="duration_min",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="product",
            name="is_stocked",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="product",
            name="item",
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name="product",
            name="list_price",
            field=models.DecimalField(decimal_places=6, max_digits=18, null=True),
        ),
        migrations.AddField(
            model_name="product",
            name="old_price",
            field=models.DecimalField(decimal_places=6, max_digits=18, null=True),
        ),
        migrations.AddField(
            model_name="product",
            name="picture_url",
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name="product",
            name="url",
            field=models.TextField(null=True),
        ),
        migrations.AlterField(
            model_name="product",
            name="first_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="product",
            name="last_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("delayed_at__isnull", True), ("eta_at__isnull", False)),
                fields=["eta_at"],
                name="order_by_eta",
            ),
        ),
        migrations.AddConstraint(
            model_name="carrier",
            constraint=models.UniqueConstraint(
                fields=("workspace_id", "name"), name="carrier_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="category",
            constraint=models.UniqueConstraint(
                fields=("workspace_id", "code"), name="category_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.UniqueConstraint(
                fields=("workspace_id", "subject", "subject_id", "key"), name="comment_once"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["workspace_id", "carrier", "tracking_number"], name="delivery_by_number"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("poll_at__isnull", False)),
                fields=["poll_at"],
                name="delivery_by_poll",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("workspace_id", "order_id"), name="delivery_once"
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["workspace_id", "-created_at", "-id"], name="lead_by_time"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["workspace_id", "customer_id"], name="lead_by_customer"),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.UniqueConstraint(fields=("workspace_id", "key"), name="lead_once"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                fields=("workspace_id", "order_id", "key"), name="payment_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="place",
            constraint=models.UniqueConstraint(fields=("workspace_id", "name"), name="place_once"),
        ),
        migrations.AddIndex(
            model_name="reservation",
            index=models.Index(
                condition=models.Q(("expires_at__isnull", False), ("state", "held")),
                fields=["expires_at"],
                name="reservation_by_expiry",
            ),
        ),
        migrations.AddConstraint(
            model_name="reservation",
            constraint=models.UniqueConstraint(
                fields=("workspace_id", "order_id", "line_no"), name="reservation_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="statuschange",
            constraint=models.UniqueConstraint(
                fields=("workspace_id", "order_id", "status"), name="status_change_once"
            ),
        ),
        migrations.AddIndex(
            model_name="stock",
            index=models.Index(fields=["workspace_id", "sku", "place_id"], name="stock_by_sku"),
        ),
        migrations.AddConstraint(
            model_name="stock",
            constraint=models.UniqueConstraint(
                fields=("workspace_id", "place_id", "sku"), name="stock_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="stock",
            constraint=models.CheckConstraint(
                condition=models.Q(("on_hand__gte", 0), ("reserved__gte", 0)),
                name="stock_not_below_zero",
            ),
        ),
        migrations.AddConstraint(
            model_name="support",
            constraint=models.UniqueConstraint(fields=("workspace_id",), name="support_once"),
        ),
        *(operation for table in TABLES for operation in fence(table)),
    ]
