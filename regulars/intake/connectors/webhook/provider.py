"""Any system that posts JSON, signed by Standard Webhooks or with a token, read by a map."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from regulars.customers.records import Identity
from regulars.intake.connectors.pure import lines as order_lines
from regulars.intake.connectors.pure import paths, reading, signatures
from regulars.intake.connectors.pure.statuses import status_of
from regulars.intake.connectors.records import (
    Accepted,
    Consent,
    Context,
    CustomerNews,
    EventNews,
    News,
    Nothing,
    OrderNews,
    Ping,
)
from regulars.intake.connectors.webhook import mapping
from regulars.intake.connectors.webhook.mapping import Rule, Rules, WebhookMap
from regulars.kernel import clock
from regulars.kernel.errors import Invalid
from regulars.kernel.money import line_total_minor, to_minor
from regulars.orders.records import NewLine, OrderStatus

ITEMS_MAX = 1_000
PROPERTIES_MAX = 200
PROPERTY_LENGTH_MAX = 2_000
TOKEN_HEADER = "x-token"  # noqa: S105 - the name of a header
KEY_HEADERS = ("webhook-id", "idempotency-key")
# What a payment at the door is called, beside a plain yes.
ON_DELIVERY = (
    "1",
    "yes",
    "true",
    "так",
    "да",
    "cod",
    "cash_on_delivery",
    "cash on delivery",
    "післяплата",
    "наложенный платёж",
    "наложенный платеж",
)
YES = ("1", "yes", "true", "given", "subscribed", "так", "да")


def check(
    headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str], settings: Mapping[str, Any]
) -> Accepted | Ping:
    """The delivery when it proves who sent it. raises SignatureWrong"""
    secret = secrets.get("secret", "")
    if settings.get("proof") != "token":
        return Accepted(signatures.check_standard(headers, body, secret, clock.now().timestamp()))
    signatures.check_token(
        headers.get(str(settings.get("token_header") or TOKEN_HEADER), ""), secret
    )
    named = str(settings.get("id_header") or "").lower()
    names = (named, *KEY_HEADERS)
    given = next((headers[name] for name in names if name and headers.get(name)), "")
    if given:
        return Accepted(given[: signatures.ID_LENGTH_MAX])
    # Without an id of its sender a delivery is known by its content, for a while.
    return Accepted(hashlib.sha256(body).hexdigest(), is_by_content=True)


def read(body: bytes, topic: str, context: Context) -> list[News]:
    """What the delivery tells by the connection's map. raises Invalid"""
    del topic
    data = reading.parse(body)
    return read_by(mapping.parse(context.settings.get("mapping")), data, context)


def read_by(chosen: WebhookMap, data: Any, context: Context) -> list[News]:
    """What the JSON tells by this map. raises Invalid"""
    here = paths.find(data, data, chosen.each)
    rows = here if chosen.each and isinstance(here, list) else [here]
    if len(rows) > ITEMS_MAX:
        raise Invalid("list_long", f"A list has more than {ITEMS_MAX} entries.")
    found: list[News] = []
    for row in rows:
        found += _Row(data, row, context).news(chosen)
    return found or [Nothing("delivery_bare")]


class _Row:
    """One entry of a delivery, and the whole around it."""

    def __init__(self, body: Any, here: Any, context: Context) -> None:
        self.body = body
        self.here = here
        self.context = context

    def value(self, rule: Rule | None, here: Any = None) -> Any:
        if rule is None:
            return None
        start = self.here if here is None else here
        found = paths.find(self.body, start, rule.path) if rule.path is not None else None
        return rule.const if found is None else found

    def text(self, rules: Rules, name: str, here: Any = None) -> str | None:
        return reading.text(self.value(rules.get(name), here))

    def news(self, chosen: WebhookMap) -> list[News]:
        identity = self.identity(chosen.customer) if chosen.customer else None
        found: list[News] = []
        if chosen.order:
            found.append(self.order(chosen, identity))
        elif identity is not None and not chosen.event:
            found.append(self.customer(chosen.customer, identity))
        if chosen.event:
            if identity is None:
                raise Invalid("identity_missing", "The delivery does not name a customer.")
            found.append(self.event(chosen.event, identity))
        return found

    def identity(self, rules: Rules) -> Identity | None:
        told = ("name", "first_name", "last_name", "city", "country", "language", "gender")
        traits: dict[str, Any] = {
            name: value for name in told if (value := self.text(rules, name)) is not None
        }
        birth = self.text(rules, "birth_on")
        if birth is not None:
            traits["birth_on"] = _day(birth)
        found = Identity(
            external_id=self.context.external_id(self.text(rules, "external_id")),
            email=self.text(rules, "email"),
            phone=self.text(rules, "phone"),
            traits=traits,
        )
        return found if found.external_id or found.email or found.phone else None

    def customer(self, rules: Rules, identity: Identity) -> CustomerNews:
        told_at = self.moment(rules, "updated_at") or self.context.received_at
        said = self.text(rules, "email_consent")
        consents: tuple[Consent, ...] = ()
        if said is not None and said.lower() in YES:
            consents = (Consent("email", True, told_at),)
        key = identity.external_id or identity.email or identity.phone
        assert key is not None
        return CustomerNews(key=key, identity=identity, told_at=told_at, consents=consents)

    def order(self, chosen: WebhookMap, identity: Identity | None) -> OrderNews:
        rules = chosen.order
        number = reading.need(self.value(rules.get("number")), "number")
        currency = (self.text(rules, "currency") or self.context.currency).upper()
        placed_at = self.moment(rules, "placed_at") or self.context.received_at
        lines = self.lines(chosen) + self.charges(rules)
        told_total = self.value(rules.get("total"))
        if told_total in (None, ""):
            total = sum(line_total_minor(one.quantity, one.unit_price, currency) for one in lines)
        else:
            total = to_minor(reading.amount(told_total), currency)
        rule = rules.get("status")
        status = status_of(self.text(rules, "status"), rule.values if rule else {})
        return OrderNews(
            key=number,
            number=number,
            placed_at=placed_at,
            told_at=self.moment(rules, "updated_at") or self.context.received_at,
            currency=currency,
            status=status or OrderStatus.PAID,
            lines=order_lines.balanced(lines, total, currency) if lines else (),
            total_minor=total,
            identity=identity,
            pays_on_delivery=(self.text(rules, "pays_on_delivery") or "").lower() in ON_DELIVERY,
        )

    def lines(self, chosen: WebhookMap) -> list[NewLine]:
        if not chosen.lines:
            return []
        found = paths.find(self.body, self.here, chosen.lines_each)
        rows: Sequence[Any] = found if isinstance(found, list) else [found]
        if len(rows) > order_lines.LINES_MAX:
            raise Invalid("list_long", f"A list has more than {order_lines.LINES_MAX} entries.")
        return [self.line(chosen.lines, row) for row in rows if row is not None]

    def line(self, rules: Rules, here: Any) -> NewLine:
        name = self.text(rules, "name", here)
        sku = self.text(rules, "sku", here) or name
        if sku is None:
            raise Invalid("field_missing", "The delivery does not tell the product of a line.")
        counted = self.value(rules.get("quantity"), here)
        quantity = Decimal(1) if counted is None else reading.amount(counted)
        if quantity == 0:
            raise Invalid("line_quantity", "The quantity of a line is not zero.")
        whole = self.value(rules.get("line_total"), here)
        if whole is None:
            price = reading.need(self.value(rules.get("unit_price"), here), "the price of a line")
            whole = reading.amount(price) * quantity
        return order_lines.goods(
            sku[:200], quantity, reading.amount(whole), name=name,
            category=self.text(rules, "category", here), brand=self.text(rules, "brand", here),
        )  # fmt: skip

    def charges(self, rules: Rules) -> list[NewLine]:
        shipping = reading.amount(self.value(rules.get("shipping")))
        tax = reading.amount(self.value(rules.get("tax")))
        discount = reading.amount(self.value(rules.get("discount")))
        return [
            *order_lines.charge(order_lines.SHIPPING, shipping),
            *order_lines.charge(order_lines.TAX, tax),
            *order_lines.charge(order_lines.DISCOUNT, -abs(discount)),
        ]

    def event(self, rules: Rules, identity: Identity) -> EventNews:
        props = self.value(rules.get("properties"))
        kind = reading.need(self.value(rules.get("kind")), "the name of the event")
        return EventNews(
            key=self.text(rules, "key") or "",
            kind=kind,
            time=self.moment(rules, "time") or self.context.received_at,
            identity=identity,
            props=_properties(props),
        )

    def moment(self, rules: Rules, name: str) -> datetime | None:
        return reading.moment(self.value(rules.get(name)))


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written[:10])
    except ValueError:
        raise Invalid("time_malformed", "A time of the delivery cannot be read.") from None


def _properties(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {}
    plain = {
        name[:100]: inner[:PROPERTY_LENGTH_MAX] if isinstance(inner, str) else inner
        for name, inner in value.items()
        if inner is not None
    }
    return dict(list(plain.items())[:PROPERTIES_MAX])
