"""Looking at contact data in the background: questions are kept, nothing is mended by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction

from regulars.customers.actions.edit import change_profile
from regulars.customers.pure.mailboxes import domain_of
from regulars.customers.pure.quality import Flag, Kind, flags_of
from regulars.customers.queries.quality import dead_domains
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, NotFound
from regulars.store.scope import cursor

BATCH_ROWS = 2_000
BATCHES_MAX = 500
SETTLED_AT_ONCE_MAX = 1_000
# Rows of transactions that ended, in the order the lake reads them; a restored server counts anew.
READ = """
SELECT c.xid::text, c.id, c.email, c.phone, c.birth_on, c.merged_into IS NOT NULL
FROM customers_customer c
WHERE c.workspace_id = %(workspace)s AND c.xid < pg_snapshot_xmin(pg_current_snapshot())
  AND (c.xid, c.id) > (%(xid)s::text::xid8, %(last_id)s)
ORDER BY c.xid, c.id LIMIT %(limit)s
"""
PLACE = """
INSERT INTO customers_contactcheck AS kept (workspace_id, xid, last_id, checked_at)
VALUES (%(workspace)s, '0', 0, %(now)s)
ON CONFLICT (workspace_id) DO UPDATE SET checked_at = %(now)s,
  xid = CASE WHEN kept.xid::xid8 > pg_snapshot_xmax(pg_current_snapshot()) THEN '0'
             ELSE kept.xid END,
  last_id = CASE WHEN kept.xid::xid8 > pg_snapshot_xmax(pg_current_snapshot()) THEN 0
                 ELSE kept.last_id END
RETURNING xid, last_id
"""
# A question about a value that is gone is gone, too; an answered one about the same value stays.
FORGET = """
DELETE FROM customers_contactflag f
WHERE f.workspace_id = %(workspace)s AND f.customer_id = ANY(%(seen)s)
  AND NOT EXISTS (SELECT FROM json_to_recordset(%(rows)s::json) AS n
    (customer_id bigint, field text, kind text, value text)
    WHERE n.customer_id = f.customer_id AND n.field = f.field AND n.kind = f.kind
      AND n.value = f.value)
"""
KEEP = """
INSERT INTO customers_contactflag
  (workspace_id, customer_id, field, kind, value, suggestion, found_at, settled_by)
SELECT %(workspace)s, n.customer_id, n.field, n.kind, n.value, n.suggestion, %(now)s, ''
FROM json_to_recordset(%(rows)s::json) AS n
  (customer_id bigint, field text, kind text, value text, suggestion text)
ON CONFLICT (workspace_id, customer_id, field, kind) DO NOTHING
"""
NOTE_DOMAINS = """
INSERT INTO customers_maildomain (workspace_id, domain)
SELECT %s, unnest(%s::text[]) ON CONFLICT DO NOTHING
"""
FLAG_DEAD = """
INSERT INTO customers_contactflag
  (workspace_id, customer_id, field, kind, value, suggestion, found_at, settled_by)
SELECT %(workspace)s, c.id, 'email', %(kind)s, c.email, '', %(now)s, ''
FROM customers_customer c
WHERE c.workspace_id = %(workspace)s AND c.merged_into IS NULL
  AND split_part(c.email, '@', 2) = ANY(%(dead)s)
  AND NOT EXISTS (SELECT FROM customers_contactflag f
    WHERE f.workspace_id = %(workspace)s AND f.customer_id = c.id AND f.field = 'email')
ON CONFLICT (workspace_id, customer_id, field, kind) DO NOTHING
"""
FORGET_ALIVE = """
DELETE FROM customers_contactflag
WHERE workspace_id = %s AND kind = %s AND split_part(value, '@', 2) = ANY(%s)
"""


def check_contacts(workspace_id: int) -> int:
    """Look at the customers changed since the last look, a batch; returns how many they were."""
    now = clock.now()
    raw = cursor()
    raw.execute(PLACE, {"workspace": workspace_id, "now": now})
    place = raw.fetchone()
    assert place is not None
    raw.execute(
        READ,
        {"workspace": workspace_id, "xid": place[0], "last_id": place[1], "limit": BATCH_ROWS},
    )
    rows = raw.fetchall()
    if not rows:
        return 0
    dead = dead_domains(workspace_id)
    flags = [
        (id_, flag)
        for _, id_, email, phone, born_on, is_merged in rows
        if not is_merged
        for flag in flags_of(email, phone, born_on, today=now.date(), dead=dead)
    ]
    _store(workspace_id, [row[1] for row in rows], flags, now)
    domains = sorted({domain_of(row[2]) for row in rows if row[2]})
    raw.execute(NOTE_DOMAINS, [workspace_id, domains])
    raw.execute(
        "UPDATE customers_contactcheck SET xid = %s, last_id = %s WHERE workspace_id = %s",
        [rows[-1][0], rows[-1][1], workspace_id],
    )
    return len(rows)


def _store(
    workspace_id: int, seen: Sequence[int], flags: Sequence[tuple[int, Flag]], now: datetime
) -> None:
    told: list[Mapping[str, Any]] = [
        {"customer_id": customer_id, "field": flag.field, "kind": flag.kind.value,
         "value": flag.value, "suggestion": flag.suggestion}
        for customer_id, flag in flags
    ]  # fmt: skip
    values = {
        "workspace": workspace_id,
        "now": now,
        "seen": list(seen),
        "rows": msgspec.json.encode(told).decode(),
    }
    cursor().execute(FORGET, values)
    cursor().execute(KEEP, values)


def record_domains(workspace_id: int, found: Mapping[str, bool]) -> None:
    """Write down which domains take mail, and ask about the customers of those that do not."""
    now = clock.now()
    raw = cursor()
    raw.execute(
        "UPDATE customers_maildomain d SET takes_mail = g.takes_mail, checked_at = %s"
        " FROM unnest(%s::text[], %s::bool[]) AS g (domain, takes_mail)"
        " WHERE d.workspace_id = %s AND d.domain = g.domain",
        [now, [*found], [*found.values()], workspace_id],
    )
    dead = [domain for domain, takes_mail in found.items() if not takes_mail]
    alive = [domain for domain, takes_mail in found.items() if takes_mail]
    kind = Kind.NO_MAIL.value
    if dead:
        values = {"workspace": workspace_id, "kind": kind, "now": now, "dead": dead}
        raw.execute(FLAG_DEAD, values)
    if alive:
        raw.execute(FORGET_ALIVE, [workspace_id, kind, alive])


def accept_suggestions(workspace_id: int, flag_ids: Sequence[int], *, actor: str) -> int:
    """Put the suggested value in place of the odd one, by a person's hand; returns how many.

    Left alone: flags without a suggestion, values that changed meanwhile, and values that are
    another customer's already.
    raises  Invalid(flags_many)
    """
    done = 0
    for flag_id, customer_id, field, value, suggestion in _open(workspace_id, flag_ids):
        raw = cursor()
        column = {"email": "email"}.get(field)
        if column is None or not suggestion:
            continue
        raw.execute(
            "SELECT 1 FROM customers_customer WHERE workspace_id = %s AND id = %s AND email = %s"
            " AND merged_into IS NULL FOR UPDATE",
            [workspace_id, customer_id, value],
        )
        if raw.fetchone() is None:
            continue
        try:
            with transaction.atomic():
                change_profile(workspace_id, customer_id, {column: suggestion}, actor=actor)
        except (Conflict, Invalid, NotFound):
            continue
        _settle(workspace_id, [flag_id], actor)
        done += 1
    return done


def dismiss_flags(workspace_id: int, flag_ids: Sequence[int], *, actor: str) -> int:
    """Ask no more about these values; returns how many. raises Invalid(flags_many)"""
    return _settle(workspace_id, [row[0] for row in _open(workspace_id, flag_ids)], actor)


def _open(workspace_id: int, flag_ids: Sequence[int]) -> list[tuple[int, int, str, str, str]]:
    if len(flag_ids) > SETTLED_AT_ONCE_MAX:
        raise Invalid("flags_many", f"Settle at most {SETTLED_AT_ONCE_MAX} at once.")
    raw = cursor()
    raw.execute(
        "SELECT id, customer_id, field, value, suggestion FROM customers_contactflag"
        " WHERE workspace_id = %s AND id = ANY(%s) AND settled_at IS NULL ORDER BY id",
        [workspace_id, list(flag_ids)],
    )
    found: list[tuple[int, int, str, str, str]] = raw.fetchall()
    return found


def _settle(workspace_id: int, flag_ids: Sequence[int], actor: str) -> int:
    raw = cursor()
    raw.execute(
        "UPDATE customers_contactflag SET settled_at = %s, settled_by = %s"
        " WHERE workspace_id = %s AND id = ANY(%s) AND settled_at IS NULL",
        [clock.now(), actor, workspace_id, list(flag_ids)],
    )
    return raw.rowcount
