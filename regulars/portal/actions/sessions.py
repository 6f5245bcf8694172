"""Sessions of customers: begun, prolonged by use, ended here or everywhere."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from regulars.customers import queries as customers
from regulars.kernel import clock
from regulars.kernel.ids import new_public_id
from regulars.portal.records import SessionRecord
from regulars.store.scope import cursor

IDLE = timedelta(days=90)
TOTAL = timedelta(days=365)
KEPT = timedelta(days=30)
# Being seen is written down at most so often.
SEEN_EVERY = timedelta(hours=1)
DEVICE_CHARS_MAX = 40
SESSIONS_MAX = 20
FORGOTTEN_AT_ONCE_MAX = 10_000
COLUMNS = "public_id, customer_id, device, created_at, seen_at, expires_at"
OPEN = """
INSERT INTO portal_session
  (workspace_id, public_id, token_hash, customer_id, device, created_at, seen_at, expires_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
# Whoever signs in on very many devices leaves the one used longest ago.
CROWD = """
UPDATE portal_session SET ended_at = %(now)s
WHERE workspace_id = %(workspace)s AND id IN (
  SELECT id FROM portal_session WHERE workspace_id = %(workspace)s AND customer_id = %(customer)s
    AND ended_at IS NULL ORDER BY seen_at DESC, id DESC OFFSET %(most)s)
"""
FIND = f"""
SELECT id, {COLUMNS} FROM portal_session
WHERE workspace_id = %s AND token_hash = %s AND ended_at IS NULL AND expires_at > %s
"""
SEE = """
UPDATE portal_session SET seen_at = %(now)s, expires_at = least(created_at + %(total)s, %(until)s)
WHERE workspace_id = %(workspace)s AND id = %(id)s AND seen_at < %(before)s
"""
END = """
UPDATE portal_session SET ended_at = %s
WHERE workspace_id = %s AND customer_id = ANY(%s) AND public_id = ANY(%s) AND ended_at IS NULL
"""
END_ALL = """
UPDATE portal_session SET ended_at = %s
WHERE workspace_id = %s AND customer_id = ANY(%s) AND ended_at IS NULL
"""


def hash_of(token: str) -> bytes:
    """What is kept of a token; it has too many random bits to be guessed from this."""
    return hashlib.sha256(token.encode()).digest()


def open_session(workspace_id: int, customer_id: int, *, device: str) -> str:
    """A new session of the customer; gives its token, which is kept by their device alone."""
    token, raw, now = new_public_id() + new_public_id(), cursor(), clock.now()
    raw.execute(
        OPEN,
        [workspace_id, new_public_id(), hash_of(token), customer_id, device[:DEVICE_CHARS_MAX],
         now, now, now + IDLE],
    )  # fmt: skip
    raw.execute(
        CROWD,
        {"workspace": workspace_id, "customer": customer_id, "now": now, "most": SESSIONS_MAX},
    )
    return token


def session_of(workspace_id: int, token: str) -> SessionRecord | None:
    """The open session of this token, its customer as they are by now; None when there is none."""
    raw, now = cursor(), clock.now()
    raw.execute(FIND, [workspace_id, hash_of(token), now])
    row = raw.fetchone()
    if row is None:
        return None
    id_, public_id, customer_id, *rest = row
    root = customers.roots_of(workspace_id, [customer_id]).get(customer_id)
    if root is None:
        return None
    raw.execute(
        SEE,
        {"now": now, "until": now + IDLE, "total": TOTAL, "before": now - SEEN_EVERY, "id": id_,
         "workspace": workspace_id},
    )  # fmt: skip
    return SessionRecord(public_id, root, *rest)


def end_session(workspace_id: int, customer_id: int, public_id: str) -> bool:
    """End one session of the customer's; false when it was none or over."""
    raw = cursor()
    ids = _every_id(workspace_id, customer_id)
    raw.execute(END, [clock.now(), workspace_id, ids, [public_id]])
    return raw.rowcount > 0


def end_sessions(workspace_id: int, customer_id: int) -> int:
    """End every session of the customer's, on whatever device; returns how many."""
    raw = cursor()
    raw.execute(END_ALL, [clock.now(), workspace_id, _every_id(workspace_id, customer_id)])
    return raw.rowcount


def _every_id(workspace_id: int, customer_id: int) -> list[int]:
    """The customer with all who were merged into them: sessions stay under the id they began."""
    return list(customers.whole_person(workspace_id, customer_id).ids)


def forget() -> int:
    """Remove sessions long over; returns how many. Engine only."""
    raw = cursor()
    before = clock.now() - KEPT
    raw.execute(
        "DELETE FROM portal_session WHERE id IN (SELECT id FROM portal_session"
        " WHERE expires_at < %s OR ended_at < %s ORDER BY id LIMIT %s)",
        [before, before, FORGOTTEN_AT_ONCE_MAX],
    )
    return raw.rowcount
