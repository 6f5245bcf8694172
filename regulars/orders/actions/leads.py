"""Leads: taken once, moved along, made an order once."""

from __future__ import annotations

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
from regulars.orders.pure import leads
from regulars.orders.queries.leads import lead_by_id
from regulars.orders.records import LeadRecord, NewLead
from regulars.store.scope import cursor

INSERT = """
INSERT INTO orders_lead
  (workspace_id, public_id, key, body_hash, status, lost_reason, source, customer_id, name, phone,
   email, comment, items, page_url, utm, created_at, updated_at)
VALUES (%s, %s, %s, %s, 'new', '', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (workspace_id, key) DO NOTHING RETURNING id
"""


def take_lead(workspace_id: int, lead: NewLead, *, key: str, origin: str = "live") -> LeadRecord:
    """Write the lead down, once for a key; a repeat answers with what is there.

    The customer is found or made by phone and email when none is given.
    raises  Invalid, Conflict(idempotency_mismatch) when the key came with another body
    """
    if not 0 < len(key) <= leads.KEY_LENGTH_MAX or not key.isprintable():
        raise Invalid("lead_key", f"Give a key of 1 to {leads.KEY_LENGTH_MAX} characters.")
    checked = leads.check(lead)
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
    lead: LeadRecord,
    kind: str,
    step: str,
    *,
    origin: str = "live",
    **more: Any,
) -> None:
    """Append what became of the lead to the log, once for a step."""
    event = NewEvent(
        kind=kind,
        time=lead.updated_at,
        customer_id=lead.customer_id,
        subject_id=lead.id,
        props={"lead": lead.public_id, "status": lead.status, "source": lead.source, **more},
        key=f"lead:{lead.id}:{step}",
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


def _customer(workspace_id: int, lead: NewLead, origin: str) -> int | None:
    """The customer whom phone and email name; None when neither can be read."""
    traits = {"name": lead.name} if lead.name else {}
    for email, phone in ((lead.email, lead.phone), (lead.email, ""), ("", lead.phone)):
        if not (email or phone):
            continue
        identity = Identity(email=email or None, phone=phone or None, traits=traits)
        (fault,) = people.identity_faults(workspace_id, [identity])
        if fault is None:
            (found,) = customers.identify_many(workspace_id, [identity], origin=origin)
            return found
    return None
