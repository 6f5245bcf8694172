"""Leads: taken once, moved along, made an order once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg.types.json import Jsonb

from regulars.customers import actions as customers
from regulars.customers import queries as people
from regulars.customers.records import Identity
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid
from regulars.kernel.ids import new_public_id
from regulars.orders.actions.desk import UNSAID, Unsaid, check_member
from regulars.orders.actions.record import record_order
from regulars.orders.pure import leads
from regulars.orders.queries.books import order_by_id
from regulars.orders.queries.leads import lead, lead_by_id
from regulars.orders.queries.products import products_by_sku
from regulars.orders.records import (
    ItemKind,
    LeadRecord,
    LeadStatus,
    NewLead,
    NewLine,
    NewOrder,
    OrderStatus,
    Outcome,
    PaymentState,
    Recorded,
)
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

INSERT = """
INSERT INTO orders_lead
  (workspace_id, public_id, key, body_hash, status, lost_reason, source, customer_id, name, phone,
   email, comment, items, page_url, utm, created_at, updated_at)
VALUES (%s, %s, %s, %s, 'new', '', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (workspace_id, key) DO NOTHING RETURNING id
"""


def take_lead(workspace_id: int, given: NewLead, *, key: str, origin: str = "live") -> LeadRecord:
    """Write the lead down, once for a key; a repeat answers with what is there.

    The customer is found or made by phone and email when none is given.
    raises  Invalid, Conflict(idempotency_mismatch) when the key came with another body
    """
    if not 0 < len(key) <= leads.KEY_LENGTH_MAX or not key.isprintable():
        raise Invalid("lead_key", f"Give a key of 1 to {leads.KEY_LENGTH_MAX} characters.")
    checked = leads.check(given)
    digest = leads.body_hash(checked)
    known = _known(workspace_id, key, digest)
    if known is not None:
        return lead_by_id(workspace_id, known)
    customer_id = checked.customer_id
    if customer_id is None:
        customer_id = _customer(workspace_id, checked, origin)
    now = clock.now()
    raw = cursor()
    raw.execute(
        INSERT,
        [
            workspace_id, new_public_id(), key, digest, checked.source, customer_id, checked.name,
            checked.phone, checked.email, checked.comment, Jsonb(leads.items_json(checked)),
            checked.page_url, Jsonb(dict(checked.utm)), now, now,
        ],
    )  # fmt: skip
    row = raw.fetchone()
    if row is None:
        # A twin committed between the look and the insert; it said the same or is a conflict.
        found = _known(workspace_id, key, digest)
        assert found is not None
        return lead_by_id(workspace_id, found)
    made = lead_by_id(workspace_id, row[0])
    tell(workspace_id, made, "lead.created", "created", origin=origin)
    return made


def tell(
    workspace_id: int,
    about: LeadRecord,
    kind: str,
    step: str,
    *,
    origin: str = "live",
    **more: Any,
) -> None:
    """Append what became of the lead to the log, once for a step."""
    event = NewEvent(
        kind=kind,
        time=about.updated_at,
        customer_id=about.customer_id,
        subject_id=about.id,
        props={"lead": about.public_id, "status": about.status, "source": about.source, **more},
        key=f"lead:{about.id}:{step}",
        origin=origin,
        source="orders",
    )
    events.record(workspace_id, event)


def _known(workspace_id: int, key: str, digest: str) -> int | None:
    raw = cursor()
    raw.execute(
        "SELECT id, body_hash FROM orders_lead WHERE workspace_id = %s AND key = %s",
        [workspace_id, key],
    )
    row = raw.fetchone()
    if row is None:
        return None
    if row[1] != digest:
        raise Conflict("idempotency_mismatch", "This key came before with another lead.")
    return int(row[0])


def _customer(workspace_id: int, told: NewLead, origin: str) -> int | None:
    """The customer whom phone and email name; None when neither can be read."""
    traits = {"name": told.name} if told.name else {}
    for email, phone in ((told.email, told.phone), (told.email, ""), ("", told.phone)):
        if not (email or phone):
            continue
        identity = Identity(email=email or None, phone=phone or None, traits=traits)
        (fault,) = people.identity_faults(workspace_id, [identity])
        if fault is None:
            (found,) = customers.identify_many(workspace_id, [identity], origin=origin)
            return found
    return None


def change_lead(
    workspace_id: int,
    public_id: str,
    *,
    status: LeadStatus | None = None,
    lost_reason: str = "",
    responsible_id: int | Unsaid | None = UNSAID,
) -> LeadRecord:
    """Move a lead or give it to somebody; the same again changes nothing.

    raises  NotFound, Refused(lead_won | lead_not_converted), Invalid(lead_reason |
            responsible_unknown)
    """
    present = lead(workspace_id, public_id, is_locked=True)
    before = LeadStatus(present.status)
    after = leads.next_status(before, status, lost_reason) if status else None
    keeper = present.responsible_id if isinstance(responsible_id, Unsaid) else responsible_id
    if keeper != present.responsible_id:
        check_member(workspace_id, keeper)
    if after is None and keeper == present.responsible_id:
        return present
    now = clock.now()
    reason = lost_reason.strip()[: leads.REASON_LENGTH_MAX] if after is LeadStatus.LOST else ""
    cursor().execute(
        "UPDATE orders_lead SET status = %s, lost_reason = %s, responsible_id = %s,"
        " updated_at = %s WHERE workspace_id = %s AND id = %s",
        [
            after or before, reason if after else present.lost_reason, keeper, now, workspace_id,
            present.id,
        ],
    )  # fmt: skip
    changed = lead_by_id(workspace_id, present.id)
    tell(workspace_id, changed, "lead.changed", f"changed:{now.timestamp():.6f}")
    return changed


def convert_lead(
    workspace_id: int,
    public_id: str,
    *,
    lines: Sequence[NewLine] | None = None,
    place_id: int | None = None,
    actor_id: int | None = None,
    is_stock_needed: bool = True,
    pays_on_delivery: bool = False,
) -> Recorded:
    """Make the lead an order, once; a repeat answers with the order it became.

    lines            what is sold; None takes what the lead asked for, at its prices or the
                     catalogue's
    is_stock_needed  refuse when there is not enough; else what lacks is kept as short
    raises  NotFound, Invalid(lead_items | lead_price | order_line …), Refused(stock_short)
    """
    present = lead(workspace_id, public_id, is_locked=True)
    if present.order_id is not None:
        order = order_by_id(workspace_id, present.order_id)
        return Recorded(order.id, order.public_id, order.source, order.number, Outcome.REPEATED)
    sold = tuple(lines) if lines is not None else _lines_of(workspace_id, present)
    if not sold:
        raise Invalid("lead_items", "The lead asks for nothing yet; write the lines of the order.")
    now = clock.now()
    made = record_order(
        workspace_id,
        NewOrder(
            number=f"L{present.id}",
            placed_at=now,
            currency=workspaces.workspace(workspace_id).currency,
            lines=sold,
            source="lead",
            status=OrderStatus.NEW,
            payment=PaymentState.UNPAID,
            customer_id=present.customer_id,
            place_id=place_id,
            responsible_id=present.responsible_id or actor_id,
            pays_on_delivery=pays_on_delivery,
        ),
        is_stock_needed=is_stock_needed,
    )
    cursor().execute(
        "UPDATE orders_lead SET status = 'won', order_id = %s, lost_reason = '', updated_at = %s"
        " WHERE workspace_id = %s AND id = %s",
        [made.id, now, workspace_id, present.id],
    )
    won = lead_by_id(workspace_id, present.id)
    tell(workspace_id, won, "lead.converted", "converted", order=made.public_id)
    return made


def _lines_of(workspace_id: int, present: LeadRecord) -> tuple[NewLine, ...]:
    known = products_by_sku(workspace_id, [item.sku for item in present.items])
    lines = []
    for item in present.items:
        product = known.get(item.sku)
        price = item.unit_price
        if price is None and product is not None:
            price = product.asked_price
        if price is None:
            raise Invalid("lead_price", f"Nobody knows the price of {item.sku}.", sku=item.sku)
        name = item.name or (product.name if product else None) or None
        kind = ItemKind(product.item) if product and product.item else None
        duration = product.duration_min if product else None
        if kind is ItemKind.BOOKING:
            raise Invalid("lead_booking", "Say on the new order when the booking starts.")
        lines.append(
            NewLine(
                item.sku,
                item.quantity,
                price,
                name,
                product.category if product else None,
                item=kind,
                duration_min=duration,
            )
        )
    return tuple(lines)
