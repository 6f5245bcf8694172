"""Tables of orders. They are written by SQL; the classes describe them to Django."""

from __future__ import annotations

from django.db import models

from regulars.store.rows import WorkspaceRow

# Prices may be finer than a coin and are kept as received.
DIGITS = 18
PLACES = 6


class Product(WorkspaceRow):
    """Something sold, filled from order lines; the newest line's words win."""

    sku = models.TextField()
    name = models.TextField(null=True)
    category = models.TextField(null=True)
    brand = models.TextField(null=True)
    price = models.DecimalField(null=True, max_digits=DIGITS, decimal_places=PLACES)
    sold_quantity = models.DecimalField(max_digits=24, decimal_places=6, default=0)
    sold_minor = models.BigIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace_id", "sku"], name="product_once")]
        indexes = [
            models.Index(fields=["workspace_id", "-sold_minor", "id"], name="product_by_sales")
        ]


class Order(WorkspaceRow):
    """One order, return or adjustment, known by its source and number."""

    public_id = models.CharField(max_length=22, unique=True)
    number = models.TextField()
    customer_id = models.BigIntegerField(null=True)
    placed_at = models.DateTimeField()
    kind = models.TextField()
    status = models.TextField()
    currency = models.TextField()
    total_minor = models.BigIntegerField()
    lines_count = models.IntegerField()
    source = models.TextField()
    origin = models.TextField()
    # What the order said when it came, so that the same key with another body is seen.
    body_hash = models.TextField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "source", "number"], name="order_once")
        ]
        indexes = [
            models.Index(fields=["workspace_id", "-placed_at", "-id"], name="order_by_time"),
            models.Index(
                fields=["workspace_id", "customer_id", "-placed_at"], name="order_by_customer"
            ),
            models.Index(fields=["workspace_id", "number"], name="order_by_number"),
        ]


class Line(WorkspaceRow):
    """One line of an order; its total is rounded half up to whole coins."""

    order_id = models.BigIntegerField()
    customer_id = models.BigIntegerField(null=True)
    line_no = models.IntegerField()
    placed_at = models.DateTimeField()
    sku = models.TextField()
    name = models.TextField(null=True)
    category = models.TextField(null=True)
    quantity = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES)
    unit_price = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES)
    total_minor = models.BigIntegerField()
    kind = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["order_id", "line_no"], name="line_by_order")]


class CustomerValue(WorkspaceRow):
    """What a customer bought, kept in the transaction of each order.

    A purchase is a sale that was paid, was not cancelled or wholly returned, and cost something.
    """

    customer_id = models.BigIntegerField()
    orders_count = models.IntegerField(default=0)
    total_minor = models.BigIntegerField(default=0)
    returned_minor = models.BigIntegerField(default=0)
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "customer_id"], name="value_once")
        ]
