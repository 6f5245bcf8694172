"""What a lead may say, and where it may go."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from regulars.kernel.errors import Invalid, Refused
from regulars.orders.pure.meaning import AMOUNT_MAX, DECIMALS_MAX, TEXT_LENGTH_MAX
from regulars.orders.records import LeadItem, LeadStatus, NewLead

ITEMS_MAX = 100
UTM_MAX = 20
KEY_LENGTH_MAX = 200
REASON_LENGTH_MAX = 500
LENGTHS = {
    "source": 60, "name": 200, "phone": 40, "email": 254, "comment": 5_000, "page_url": 2_000,
}  # fmt: skip
CLOSED = frozenset({LeadStatus.WON, LeadStatus.LOST})


def check(lead: NewLead) -> NewLead:
    """The lead trimmed, its items in their own shape.

    raises  Invalid(lead_source | lead_contact | lead_text | lead_items | lead_utm)
    """
    texts = {name: _text(name, getattr(lead, name), most) for name, most in LENGTHS.items()}
    if not texts["source"]:
        raise Invalid("lead_source", "Say where the lead came from.")
    if lead.customer_id is None and not (texts["name"] or texts["phone"] or texts["email"]):
        raise Invalid("lead_contact", "A lead needs a name, a phone or an e-mail address.")
    if len(lead.items) > ITEMS_MAX:
        raise Invalid("lead_items", f"A lead asks for at most {ITEMS_MAX} things.")
    if len(lead.utm) > UTM_MAX:
        raise Invalid("lead_utm", f"A lead keeps at most {UTM_MAX} marks of its campaign.")
    utm = {
        _text("utm", name, TEXT_LENGTH_MAX): _text("utm", value, TEXT_LENGTH_MAX)
        for name, value in lead.utm.items()
    }
    items = tuple(_item(item) for item in lead.items)
    return replace(lead, **texts, utm=utm, items=items)  # type: ignore[arg-type]


def body_hash(lead: NewLead) -> str:
    """A digest of what a checked lead says; the customer found for it stays out."""
    said = [lead.source, lead.name, lead.phone, lead.email, lead.comment, lead.page_url]
    text = json.dumps([*said, dict(lead.utm), items_json(lead)], sort_keys=True)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def items_json(lead: NewLead) -> list[dict[str, str | None]]:
    """The items as they are stored: numbers as the decimals received."""
    return [
        {
            "sku": item.sku,
            "name": item.name,
            "quantity": f"{item.quantity:f}",
            "unit_price": None if item.unit_price is None else f"{item.unit_price:f}",
        }
        for item in (LeadItem(*item) for item in lead.items)
    ]


def read_items(stored: list[Mapping[str, Any]]) -> tuple[LeadItem, ...]:
    """The items of a stored lead."""
    return tuple(
        LeadItem(
            row["sku"],
            row["name"],
            Decimal(row["quantity"]),
            None if row["unit_price"] is None else Decimal(row["unit_price"]),
        )
        for row in stored
    )


def next_status(present: LeadStatus, asked: LeadStatus, reason: str) -> LeadStatus | None:
    """The status to take, None when the lead is already there.

    A lost lead may be taken up again; one that became an order stays won.
    raises  Refused(lead_won | lead_not_converted), Invalid(lead_reason)
    """
    if present == asked:
        return None
    if present is LeadStatus.WON:
        raise Refused("lead_won", "The lead became an order; go on there.")
    if asked is LeadStatus.WON:
        raise Refused("lead_not_converted", "A lead is won by making it an order.")
    if asked is LeadStatus.LOST and not reason.strip():
        raise Invalid("lead_reason", "Say why the lead was lost.")
    return asked


def _item(item: LeadItem | tuple[Any, ...]) -> LeadItem:
    try:
        found = LeadItem(*item)
        quantity = Decimal(str(found.quantity))
        price = None if found.unit_price is None else Decimal(str(found.unit_price))
    except (TypeError, InvalidOperation):
        raise Invalid("lead_items", "An item of the lead cannot be read.") from None
    for amount in (quantity, price or Decimal(0)):
        if not amount.is_finite() or not 0 <= amount < AMOUNT_MAX:
            raise Invalid("lead_items", "An amount of an item is out of bounds.")
        if amount != round(amount, DECIMALS_MAX):
            raise Invalid("lead_items", f"Give at most {DECIMALS_MAX} decimal places.")
    sku = _text("items", found.sku, TEXT_LENGTH_MAX)
    name = _text("items", found.name or "", TEXT_LENGTH_MAX)
    if not (sku or name) or quantity == 0:
        raise Invalid("lead_items", "An item needs a code or a name, and a quantity above zero.")
    return LeadItem(sku or name, name, quantity, price)


def _text(name: str, value: Any, most: int) -> str:
    text = str(value or "").strip()
    if len(text) > most or "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise Invalid("lead_text", f"The field {name} has at most {most} plain characters.")
    return text
