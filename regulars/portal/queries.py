"""Reads of the customer's own account."""

from __future__ import annotations

from regulars.customers import queries as customers
from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.portal.records import SessionRecord, SettingRecord
from regulars.store.scope import cursor, scope

SLUG_CHARS_MAX = 60
# The workspace that nobody has: what is read in it is only what the fence shows to everybody.
NOBODY = 0


def workspace_at(slug: str) -> int:
    """The workspace whose account is open under this name. raises NotFound(portal_unknown)

    Opens a scope of its own; the fence lets a setting be read by whoever knows its name.
    """
    row = None
    if 0 < len(slug) <= SLUG_CHARS_MAX:
        with scope(NOBODY):
            raw = cursor()
            raw.execute("SELECT set_config('regulars.portal', %s, true)", [slug])
            raw.execute(
                "SELECT workspace_id FROM portal_setting WHERE slug = %s AND is_open", [slug]
            )
            row = raw.fetchone()
            raw.execute("SELECT set_config('regulars.portal', '', true)")
    if row is None:
        raise NotFound("portal_unknown", "There is no such account.")
    return int(row[0])


def settings_of(workspace_id: int) -> SettingRecord:
    """Whether the account is open and where it may be shown; closed until somebody opens it."""
    raw = cursor()
    raw.execute(
        "SELECT is_open, origins FROM portal_setting WHERE workspace_id = %s", [workspace_id]
    )
    row = raw.fetchone()
    return SettingRecord() if row is None else SettingRecord(row[0], tuple(row[1]))


def sessions_of(workspace_id: int, customer_id: int) -> list[SessionRecord]:
    """Where the customer is signed in, the device used last first."""
    ids = list(customers.whole_person(workspace_id, customer_id).ids)
    raw = cursor()
    raw.execute(
        "SELECT public_id, customer_id, device, created_at, seen_at, expires_at"
        " FROM portal_session WHERE workspace_id = %s AND customer_id = ANY(%s)"
        " AND ended_at IS NULL AND expires_at > %s ORDER BY seen_at DESC, id DESC",
        [workspace_id, ids, clock.now()],
    )
    return [SessionRecord(*row) for row in raw.fetchall()]
