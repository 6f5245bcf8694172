"""What is odd about contact data, and which domains are still to be asked about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from regulars.kernel import clock
from regulars.store.scope import cursor

PAGE_ROWS = 50
DEAD_MAX = 10_000
# A domain is asked about again after this; servers come and go.
DOMAIN_GOOD_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ContactFlag:
    """A question about one value of a customer."""

    id: int
    customer_id: int
    field: str
    kind: str
    value: str
    suggestion: str


@dataclass(frozen=True, slots=True)
class ContactState:
    """How the contact data stand: open questions by kind, and when they were last looked at."""

    counts: dict[str, int]
    checked_at: datetime | None


def contact_state(workspace_id: int) -> ContactState:
    """Open questions by kind."""
    raw = cursor()
    raw.execute(
        "SELECT kind, count(*) FROM customers_contactflag"
        " WHERE workspace_id = %s AND settled_at IS NULL GROUP BY kind ORDER BY 2 DESC, 1",
        [workspace_id],
    )
    counts = dict(raw.fetchall())
    raw.execute(
        "SELECT checked_at FROM customers_contactcheck WHERE workspace_id = %s", [workspace_id]
    )
    row = raw.fetchone()
    return ContactState(counts, row[0] if row else None)


def contact_flags(
    workspace_id: int, *, kind: str = "", before_id: int | None = None
) -> list[ContactFlag]:
    """A page of open questions, the newest first, and one more to tell that there are others."""
    raw = cursor()
    raw.execute(
        "SELECT id, customer_id, field, kind, value, suggestion FROM customers_contactflag"
        " WHERE workspace_id = %s AND settled_at IS NULL AND (%s = '' OR kind = %s)"
        " AND (%s::bigint IS NULL OR id < %s) ORDER BY id DESC LIMIT %s",
        [workspace_id, kind, kind, before_id, before_id, PAGE_ROWS + 1],
    )
    return [ContactFlag(*row) for row in raw.fetchall()]


def contact_flags_of(workspace_id: int, customer_id: int) -> list[ContactFlag]:
    """Open questions about one customer."""
    raw = cursor()
    raw.execute(
        "SELECT id, customer_id, field, kind, value, suggestion FROM customers_contactflag"
        " WHERE workspace_id = %s AND customer_id = %s AND settled_at IS NULL ORDER BY id",
        [workspace_id, customer_id],
    )
    return [ContactFlag(*row) for row in raw.fetchall()]


def dead_domains(workspace_id: int) -> frozenset[str]:
    """Domains that take no mail, as far as was asked."""
    raw = cursor()
    raw.execute(
        "SELECT domain FROM customers_maildomain WHERE workspace_id = %s AND takes_mail IS FALSE"
        " LIMIT %s",
        [workspace_id, DEAD_MAX],
    )
    return frozenset(row[0] for row in raw.fetchall())


def domains_due(workspace_id: int, limit: int) -> list[str]:
    """Domains nobody asked about for a while, those never asked about first."""
    raw = cursor()
    raw.execute(
        "SELECT domain FROM customers_maildomain WHERE workspace_id = %s"
        " AND (checked_at IS NULL OR checked_at < %s) ORDER BY checked_at NULLS FIRST, id LIMIT %s",
        [workspace_id, clock.now() - DOMAIN_GOOD_FOR, limit],
    )
    return [row[0] for row in raw.fetchall()]
