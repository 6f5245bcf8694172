"""Who takes part in the programme."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from regulars.customers import queries as customers
from regulars.customers.records import Identifier, IdentifierKind, Identity
from regulars.kernel import clock
from regulars.loyalty.queries import cards
from regulars.store.scope import cursor

KeyKind = Literal["phone", "card", "token", "external_id", "customer", "email", "member"]
COLUMNS = """
m.id, m.public_id, m.customer_id, m.state, m.joined_at, m.tier_slug, m.tier_since, m.tier_until,
m.tier_counted
"""


@dataclass(frozen=True, slots=True)
class MemberKey:
    """How somebody at a till, a page or a letter names a member."""

    kind: KeyKind
    value: str


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """A member and where they stand."""

    id: int
    public_id: str
    customer_id: int
    state: str
    joined_at: datetime
    tier_slug: str
    tier_since: datetime | None
    tier_until: datetime | None
    tier_counted: int

    @property
    def is_blocked(self) -> bool:
        return self.state == "blocked"


def member(workspace_id: int, public_id: str) -> MemberRecord | None:
    """The member of this public id, or whom they were merged into."""
    return _one(
        workspace_id,
        "m.id = (SELECT coalesce(x.merged_into, x.id) FROM loyalty_member x"
        " WHERE x.workspace_id = %s AND x.public_id = %s)",
        workspace_id,
        public_id,
    )


def of_customer(workspace_id: int, customer_id: int) -> MemberRecord | None:
    """The member this customer is; who was merged is the customer they were merged into."""
    roots = customers.roots_of(workspace_id, [customer_id])
    return _one(workspace_id, "m.customer_id = %s", roots.get(customer_id, customer_id))


def of_customers(workspace_id: int, customer_ids: Sequence[int]) -> dict[int, MemberRecord]:
    """Members among these customers, by customer."""
    raw = cursor()
    raw.execute(
        f"SELECT {COLUMNS} FROM loyalty_member m WHERE m.workspace_id = %s"
        " AND m.customer_id = ANY(%s::bigint[])",
        [workspace_id, list(customer_ids)],
    )
    found = [MemberRecord(*row) for row in raw.fetchall()]
    return {one.customer_id: one for one in found}


def by_id(workspace_id: int, member_id: int) -> MemberRecord | None:
    """The member of this row."""
    return _one(workspace_id, "m.id = %s", member_id)


def current(workspace_id: int, member_id: int) -> MemberRecord | None:
    """The member of this row, or whom they were merged into."""
    # The inner question names the workspace itself: of the outer row it would be asked row by row.
    return _one(
        workspace_id,
        "m.id = (SELECT coalesce(x.merged_into, x.id) FROM loyalty_member x"
        " WHERE x.workspace_id = %s AND x.id = %s)",
        workspace_id,
        member_id,
    )


def with_merged(workspace_id: int, member_id: int) -> list[int]:
    """The member's row and those of whoever was merged into them."""
    raw = cursor()
    raw.execute(
        "SELECT id FROM loyalty_member WHERE workspace_id = %s AND merged_into = %s ORDER BY id",
        [workspace_id, member_id],
        prepare=True,
    )
    return [member_id, *(row[0] for row in raw.fetchall())]


def _one(workspace_id: int, where: str, *values: object) -> MemberRecord | None:
    raw = cursor()
    raw.execute(
        f"SELECT {COLUMNS} FROM loyalty_member m WHERE m.workspace_id = %s AND {where}",
        [workspace_id, *values],
        prepare=True,
    )
    row = raw.fetchone()
    return None if row is None else MemberRecord(*row)


def find(workspace_id: int, key: MemberKey, at: datetime | None = None) -> MemberRecord | None:
    """The member a key names: phone, e-mail, card, the shop's own id, a public id.

    `customer` is a customer's public id, `member` the member's own, `token` the changing code a
    card shows. A card that is not one of ours may still be an identifier of the customer.
    at      when the changing code was shown; None: now
    raises  Refused(card_mistyped | card_blocked | card_replaced | qr_expired | qr_forged)
    """
    if key.kind == "member":
        return member(workspace_id, key.value)
    if key.kind == "token":
        shown = cards.card_of_qr(workspace_id, key.value, at or clock.now())
        return current(workspace_id, shown.member_id) if shown else None
    if key.kind == "card":
        card = cards.card_of_number(workspace_id, key.value)
        if card is not None:
            return current(workspace_id, card.member_id)
    if key.kind == "customer":
        return _one(
            workspace_id,
            "m.customer_id = (SELECT coalesce(c.merged_into, c.id) FROM customers_customer c"
            " WHERE c.workspace_id = %s AND c.public_id = %s)",
            workspace_id,
            key.value,
        )
    customer_id = customers.find(workspace_id, _identity(key))
    return None if customer_id is None else of_customer(workspace_id, customer_id)


def _identity(key: MemberKey) -> Identity:
    if key.kind == "phone":
        return Identity(phone=key.value)
    if key.kind == "email":
        return Identity(email=key.value)
    if key.kind == "card":
        return Identity(others=(Identifier(IdentifierKind.CARD, key.value),))
    return Identity(external_id=key.value)


def customers_of(workspace_id: int, member_ids: Iterable[int]) -> dict[int, int]:
    """The customer behind each member."""
    raw = cursor()
    raw.execute(
        "SELECT id, customer_id FROM loyalty_member WHERE workspace_id = %s"
        " AND id = ANY(%s::bigint[])",
        [workspace_id, list(member_ids)],
        prepare=True,
    )
    return dict(raw.fetchall())


def is_blocked(workspace_id: int, member_id: int) -> bool:
    """Whether the member may not spend."""
    found = by_id(workspace_id, member_id)
    return found is not None and found.is_blocked


def moved(workspace_id: int, member_ids: Sequence[int]) -> dict[int, int]:
    """Of these members those who were merged into others, and into whom."""
    raw = cursor()
    raw.execute(
        "SELECT id, merged_into FROM loyalty_member WHERE workspace_id = %s"
        " AND id = ANY(%s::bigint[]) AND merged_into IS NOT NULL",
        [workspace_id, list(member_ids)],
        prepare=True,
    )
    return dict(raw.fetchall())


def now_of(workspace_id: int, member_id: int) -> int:
    """Where the points of this member stand now: with them, or with whom they were merged into."""
    raw = cursor()
    raw.execute(
        "SELECT coalesce(merged_into, id) FROM loyalty_member WHERE workspace_id = %s AND id = %s",
        [workspace_id, member_id],
    )
    row = raw.fetchone()
    return int(row[0]) if row else member_id
