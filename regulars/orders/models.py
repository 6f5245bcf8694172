"""Tables of orders. They are written by SQL; the classes describe them to Django."""

from __future__ import annotations

from django.db import models

from regulars.store.rows import WorkspaceRow

# Prices may be finer than a coin and are kept as received.
DIGITS = 18
PLACES = 6


class Product(WorkspaceRow):
    """Something sold or for sale; the catalogue's words win, else those of the newest line."""

    sku = models.TextField()
    name = models.TextField(null=True)
    category = models.TextField(null=True)
    brand = models.TextField(null=True)
    # What the newest line was sold for; the catalogue's own price stands beside it.
    price = models.DecimalField(null=True, max_digits=DIGITS, decimal_places=PLACES)
    list_price = models.DecimalField(null=True, max_digits=DIGITS, decimal_places=PLACES)
    old_price = models.DecimalField(null=True, max_digits=DIGITS, decimal_places=PLACES)
    item = models.TextField(null=True)
    duration_min = models.IntegerField(null=True)
    category_code = models.TextField(null=True)
    url = models.TextField(null=True)
    picture_url = models.TextField(null=True)
    availability = models.TextField(null=True)
    # Stock is kept for it: it is reserved and runs out.
    is_stocked = models.BooleanField(db_default=False, default=False)
    # What the catalogue said last; null for what is known from orders only.
    catalogue_hash = models.TextField(null=True)
    sold_quantity = models.DecimalField(max_digits=24, decimal_places=6, default=0)
    sold_minor = models.BigIntegerField(default=0)
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)

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
    # The desk's own view, absent until somebody speaks of it: then the status tells all.
    stage = models.TextField(null=True)
    delayed_at = models.DateTimeField(null=True)
    payment = models.TextField(null=True)
    paid_minor = models.BigIntegerField(db_default=0, default=0)
    refunded_minor = models.BigIntegerField(db_default=0, default=0)
    payment_url = models.TextField(null=True)
    eta_at = models.DateTimeField(null=True)
    place_id = models.BigIntegerField(null=True)
    responsible_id = models.BigIntegerField(null=True)
    token = models.CharField(max_length=40, null=True, unique=True)
    # When its source said what the books know now; older news of its lines come too late.
    told_at = models.DateTimeField(null=True)
    pays_on_delivery = models.BooleanField(db_default=False, default=False)
    # How its goods are promised: records.Hold. Two columns more, stage_now and payment_now, are
    # filled by the database (migration 0006), for the list to be filtered by.
    hold = models.TextField(db_default="usual", default="usual")

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
            # Orders under way whose day of arrival may pass.
            models.Index(
                fields=["eta_at"],
                name="order_by_eta",
                condition=models.Q(eta_at__isnull=False, delayed_at__isnull=True),
            ),
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
    brand = models.TextField(null=True)
    quantity = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES)
    unit_price = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES)
    total_minor = models.BigIntegerField()
    kind = models.TextField()
    # A product unless it says otherwise; a booking has its time, a service its length.
    item = models.TextField(null=True)
    duration_min = models.IntegerField(null=True)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    # A correction took it out; the row stays so that the lake can follow.
    is_gone = models.BooleanField(db_default=False, default=False)

    class Meta:
        indexes = [models.Index(fields=["order_id", "line_no"], name="line_by_order")]


class Correction(WorkspaceRow):
    """A change of what an order says: its sum before and after, and the lines that changed."""

    order_id = models.BigIntegerField()
    at = models.DateTimeField()
    written_at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    source = models.TextField()
    before_minor = models.BigIntegerField()
    after_minor = models.BigIntegerField()
    # Product, name, quantity and price of each line before and after, as text.
    changes = models.JSONField(default=list)

    class Meta:
        indexes = [
            models.Index(fields=["workspace_id", "order_id", "id"], name="correction_by_order")
        ]


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


class Place(WorkspaceRow):
    """A shop or a store room: where goods lie and orders are picked up."""

    public_id = models.CharField(max_length=22, unique=True)
    name = models.TextField()
    address = models.TextField(default="")
    phone = models.TextField(default="")
    is_open = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace_id", "name"], name="place_once")]


class Stock(WorkspaceRow):
    """How much of a product lies in a place, and how much of that is promised."""

    place_id = models.BigIntegerField()
    sku = models.TextField()
    on_hand = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES, default=0)
    reserved = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES, default=0)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "place_id", "sku"], name="stock_once"),
            models.CheckConstraint(
                condition=models.Q(on_hand__gte=0, reserved__gte=0), name="stock_not_below_zero"
            ),
        ]
        indexes = [models.Index(fields=["workspace_id", "sku", "place_id"], name="stock_by_sku")]


class Reservation(WorkspaceRow):
    """Goods promised to a line of an order: held, taken, released, expired, or short."""

    order_id = models.BigIntegerField()
    line_no = models.IntegerField()
    place_id = models.BigIntegerField(null=True)
    sku = models.TextField()
    quantity = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES)
    state = models.TextField()
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "order_id", "line_no"], name="reservation_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                name="reservation_by_expiry",
                condition=models.Q(state="held", expires_at__isnull=False),
            )
        ]


class Lead(WorkspaceRow):
    """A wish to buy that is no order yet, known for ever by its key."""

    public_id = models.CharField(max_length=22, unique=True)
    key = models.TextField()
    body_hash = models.TextField()
    status = models.TextField()
    lost_reason = models.TextField(default="")
    source = models.TextField()
    customer_id = models.BigIntegerField(null=True)
    name = models.TextField(default="")
    phone = models.TextField(default="")
    email = models.TextField(default="")
    comment = models.TextField(default="")
    items = models.JSONField(default=list)
    page_url = models.TextField(default="")
    utm = models.JSONField(default=dict)
    responsible_id = models.BigIntegerField(null=True)
    order_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace_id", "key"], name="lead_once")]
        indexes = [
            models.Index(fields=["workspace_id", "-created_at", "-id"], name="lead_by_time"),
            models.Index(fields=["workspace_id", "customer_id"], name="lead_by_customer"),
        ]


class Comment(WorkspaceRow):
    """What staff wrote about an order or a lead; never changed."""

    subject = models.TextField()
    subject_id = models.BigIntegerField()
    key = models.TextField()
    actor_id = models.BigIntegerField(null=True)
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "subject", "subject_id", "key"], name="comment_once"
            )
        ]


class Payment(WorkspaceRow):
    """Money that came for an order (above zero) or went back (below)."""

    order_id = models.BigIntegerField()
    key = models.TextField()
    amount_minor = models.BigIntegerField()
    method = models.TextField(default="")
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "order_id", "key"], name="payment_once")
        ]


class StatusChange(WorkspaceRow):
    """A status an order reached, once for each."""

    order_id = models.BigIntegerField()
    status = models.TextField()
    at = models.DateTimeField()
    written_at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    source = models.TextField()
    reason = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "order_id", "status"], name="status_change_once"
            )
        ]


class Delivery(WorkspaceRow):
    """How an order travels, and what its carrier said last."""

    order_id = models.BigIntegerField()
    method = models.TextField(default="")
    address = models.TextField(default="")
    branch = models.TextField(default="")
    carrier = models.TextField(default="")
    tracking_number = models.TextField(default="")
    tracking_url = models.TextField(default="")
    # The carrier's own word, kept even when the map does not know it.
    carrier_code = models.TextField(default="")
    is_code_unknown = models.BooleanField(default=False)
    polled_at = models.DateTimeField(null=True)
    poll_at = models.DateTimeField(null=True)
    poll_until = models.DateTimeField(null=True)
    fault = models.TextField(default="")
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "order_id"], name="delivery_once")
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "carrier", "tracking_number"], name="delivery_by_number"
            ),
            models.Index(
                fields=["poll_at"],
                name="delivery_by_poll",
                condition=models.Q(poll_at__isnull=False),
            ),
        ]


class Carrier(WorkspaceRow):
    """The account of a workspace with a carrier; its secrets are sealed."""

    name = models.TextField()
    public_id = models.CharField(max_length=22, unique=True)
    account = models.TextField(default="")
    sealed = models.TextField(default="")
    is_on = models.BooleanField(default=True)
    is_test = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "name"], name="carrier_once")
        ]


class Support(WorkspaceRow):
    """Whom a customer may ask about an order, as the public page says it."""

    phone = models.TextField(default="")
    email = models.TextField(default="")
    url = models.TextField(default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace_id"], name="support_once")]


class Category(WorkspaceRow):
    """A branch of the catalogue's tree."""

    code = models.TextField()
    parent_code = models.TextField(null=True)
    name = models.TextField()
    path = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "code"], name="category_once")
        ]


class Cart(WorkspaceRow):
    """What a customer means to buy, or to remember: one open list of each kind a customer.

    kind   cart or wishlist
    state  open, ordered (an order took it) or merged (it went into another customer's)
    """

    public_id = models.CharField(max_length=22, unique=True)
    customer_id = models.BigIntegerField()
    kind = models.TextField()
    state = models.TextField()
    # The shop's own name of the cart, when it tells one.
    source_id = models.TextField(default="")
    # Opens the cart again from a letter; cannot be guessed and says nothing.
    token = models.CharField(max_length=22, unique=True)
    total_minor = models.BigIntegerField(default=0)
    currency = models.TextField()
    coupon = models.TextField(default="")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    # When the shop last told the whole list; what happened before is in it already.
    told_at = models.DateTimeField(null=True)
    checkout_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    order_number = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "customer_id", "kind"],
                condition=models.Q(state="open"),
                name="cart_open_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "customer_id", "kind", "-closed_at"],
                name="cart_by_customer",
            ),
            models.Index(fields=["workspace_id", "changed_at"], name="cart_by_change"),
        ]


class CartLine(WorkspaceRow):
    """A product in a cart."""

    cart_id = models.BigIntegerField()
    sku = models.TextField()
    name = models.TextField(null=True)
    quantity = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES)
    unit_price = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES)
    added_at = models.DateTimeField()
    # When it was taken out; an addition that happened before comes too late to count.
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cart_id", "sku"], name="cart_line_once"),
        ]


class Cost(WorkspaceRow):
    """What advertising cost on a day, by source, account, campaign and group of ads."""

    day = models.DateField()
    source = models.TextField()
    # Which of the shop's accounts at the source; empty when it is not told.
    account = models.TextField(db_default="", default="")
    campaign = models.TextField()
    ad_group = models.TextField(default="")
    currency = models.TextField()
    impressions = models.BigIntegerField(default=0)
    clicks = models.BigIntegerField(default=0)
    amount_minor = models.BigIntegerField()
    # A corrected file no longer tells it; the row stays so that the lake can follow.
    is_gone = models.BooleanField(default=False)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "workspace_id",
                    "source",
                    "account",
                    "day",
                    "campaign",
                    "ad_group",
                    "currency",
                ],
                name="cost_once",
            )
        ]
        indexes = [models.Index(fields=["workspace_id", "day"], name="cost_by_day")]
