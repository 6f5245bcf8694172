"""Customers join the programme, are blocked and let in again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_noop as _

from regulars.customers import queries as customers
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.kernel.ids import new_public_id
from regulars.loyalty.actions import tiers
from regulars.store import trail
from regulars.store.scope import cursor

ENROLLED_MAX = 10_000
JOIN = """
INSERT INTO loyalty_member (workspace_id, public_id, customer_id, joined_at)
SELECT %s, g.public_id, g.customer_id, %s
FROM unnest(%s::text[], %s::bigint[]) AS g (public_id, customer_id)
JOIN customers_customer c ON c.id = g.customer_id AND c.workspace_id = %s
ORDER BY g.customer_id
ON CONFLICT (workspace_id, customer_id) DO NOTHING RETURNING id, customer_id, public_id
"""
FOUND = """
SELECT customer_id, id FROM loyalty_member
WHERE workspace_id = %s AND customer_id = ANY(%s::bigint[])
"""


def enrol(workspace_id: int, customer_ids: Sequence[int], now: datetime | None = None) -> list[int]:
    """The member of each customer, in order; who does not take part yet joins now.

    A merged customer is the one they were merged into. raises NotFound(customer_unknown)
    """
    assert len(customer_ids) <= ENROLLED_MAX
    roots = customers.roots_of(workspace_id, customer_ids)
    if set(customer_ids) - set(roots):
        raise NotFound("customer_unknown", _("There is no such customer."))
    wanted = sorted(set(roots.values()))
    raw = cursor()
    raw.execute(FOUND, [workspace_id, wanted])
    known: dict[int, int] = dict(raw.fetchall())
    missing = [one for one in wanted if one not in known]
    if missing:
        _join(workspace_id, missing, now or clock.now())
        raw.execute(FOUND, [workspace_id, wanted])
        known = dict(raw.fetchall())
    return [known[roots[one]] for one in customer_ids]


def _join(workspace_id: int, customer_ids: Sequence[int], now: datetime) -> None:
    raw = cursor()
    names = [new_public_id() for _ in customer_ids]
    raw.execute(JOIN, [workspace_id, now, names, list(customer_ids), workspace_id])
    joined = raw.fetchall()
    tiers.advance(workspace_id, [row[0] for row in joined], now)
    events.record_many(
        workspace_id,
        [
            NewEvent(
                kind="member.joined",
                time=now,
                key=None,
                customer_id=customer_id,
                props={"member": public_id},
                source="loyalty",
            )
            for _, customer_id, public_id in joined
        ],
    )


def block(workspace_id: int, public_id: str) -> None:
    """The member may earn but not spend from now on. raises NotFound(member_unknown)"""
    _set_state(workspace_id, public_id, "blocked")


def unblock(workspace_id: int, public_id: str) -> None:
    """The member may spend again. raises NotFound(member_unknown)"""
    _set_state(workspace_id, public_id, "active")


def _set_state(workspace_id: int, public_id: str, state: str) -> None:
    raw = cursor()
    raw.execute(
        "UPDATE loyalty_member SET state = %s WHERE workspace_id = %s AND public_id = %s",
        [state, workspace_id, public_id],
    )
    if not raw.rowcount:
        raise NotFound("member_unknown", _("There is no such member."))
    trail.note(workspace_id, f"member.{state}", "loyalty_member", public_id)


def hold_member(workspace_id: int, member_id: int) -> None:
    """Of two that ask for the same member one waits until the other's transaction ends.

    Balances are held first where both are: a member without points has none to hold.
    """
    cursor().execute(
        "SELECT 1 FROM loyalty_member WHERE workspace_id = %s AND id = %s FOR NO KEY UPDATE",
        [workspace_id, member_id],
        prepare=True,
    )
