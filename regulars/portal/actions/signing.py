"""Signing in by a one-time code: asked for, sent, entered."""

from __future__ import annotations

from datetime import timedelta

from regulars.kernel import clock
from regulars.kernel.errors import Refused
from regulars.kernel.ids import new_public_id
from regulars.portal import registry
from regulars.portal.actions import limits
from regulars.portal.actions.sessions import open_session
from regulars.portal.keys import key_of
from regulars.portal.pure.codes import code_of, digits_of, is_same
from regulars.portal.records import ChallengeRecord
from regulars.store.scope import cursor, scope

TTL = timedelta(minutes=10)
KEPT = timedelta(days=2)
TRIES_MAX = 5
SENT_AT_ONCE_MAX = 200
FORGOTTEN_AT_ONCE_MAX = 10_000
COLUMNS = "id, public_id, channel, customer_id, language, asked_at, expires_at"
ASK = """
INSERT INTO portal_challenge
  (workspace_id, public_id, channel, customer_id, language, asked_at, expires_at, tries)
VALUES (%s, %s, %s, %s, %s, %s, %s, 0)
"""
# One statement counts the try, so that no two of them can be counted as one.
TRY = """
UPDATE portal_challenge SET tries = tries + 1
WHERE workspace_id = %s AND public_id = %s AND used_at IS NULL AND expires_at > %s AND tries < %s
RETURNING id, customer_id
"""
USE = """
UPDATE portal_challenge SET used_at = %s
WHERE workspace_id = %s AND id = %s AND used_at IS NULL RETURNING 1
"""
WAITING = """
SELECT DISTINCT workspace_id FROM portal_challenge WHERE planned_at IS NULL LIMIT %s
"""
CLAIM = f"""
UPDATE portal_challenge SET planned_at = %s
WHERE id IN (SELECT id FROM portal_challenge WHERE workspace_id = %s AND planned_at IS NULL
             ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING {COLUMNS}
"""


def ask_code(
    workspace_id: int, typed: str, *, language: str, network: str, channel: str = "email"
) -> str:
    """Ask for a code to be sent to this address; gives the name of the challenge.

    A stranger's address is answered like a customer's: the same row is written, and whether there
    is somebody to send a code to is left to the worker.
    network  where the request came from; "" when that is not known
    raises   Invalid(email_syntax | …), Refused(portal_channel | portal_too_often)
    """
    sender = registry.sender(channel)
    if sender is None:
        raise Refused("portal_channel", "Codes are not sent that way.")
    address = sender.hint(workspace_id, typed)
    if network:
        limits.take(workspace_id, limits.ASKED_BY_NETWORK, network)
    limits.take(workspace_id, limits.ASKED_BY_ADDRESS, address)
    limits.take(workspace_id, limits.ASKED_BY_ADDRESS_DAILY, address)
    customer_id = sender.owner_of(workspace_id, address)
    now, public_id = clock.now(), new_public_id()
    raw = cursor()
    raw.execute(ASK, [workspace_id, public_id, channel, customer_id, language, now, now + TTL])
    # Wakes the loops of the worker, whoever the address belongs to.
    raw.execute("SELECT pg_notify('regulars_jobs', '')")
    return public_id


def enter_code(
    workspace_id: int, public_id: str, typed: str, *, device: str, network: str
) -> str | None:
    """The token of a new session when the code is right; None when it is not, for any reason.

    The try counts in any case, so the transaction has to be committed.
    raises  Refused(portal_too_often)
    """
    if network:
        limits.take(workspace_id, limits.TRIED_BY_NETWORK, network)
    raw, now = cursor(), clock.now()
    raw.execute(TRY, [workspace_id, public_id, now, TRIES_MAX])
    row = raw.fetchone()
    # Worked out and compared also when there is nothing to compare with.
    right = is_same(code_of(key_of(workspace_id), public_id), digits_of(typed))
    if row is None or row[1] is None or not right:
        return None
    raw.execute(USE, [now, workspace_id, row[0]])
    if raw.fetchone() is None:
        return None
    return open_session(workspace_id, row[1], device=device)


def send_waiting() -> int:
    """Let the codes asked for since be sent; returns how many challenges. Engine only."""
    raw = cursor()
    raw.execute(WAITING, [SENT_AT_ONCE_MAX])
    return sum(_send_waiting(workspace_id) for (workspace_id,) in raw.fetchall())


def _send_waiting(workspace_id: int) -> int:
    with scope(workspace_id):
        raw, now = cursor(), clock.now()
        raw.execute(CLAIM, [now, workspace_id, SENT_AT_ONCE_MAX])
        asked = [ChallengeRecord(*row) for row in raw.fetchall()]
        key = key_of(workspace_id)
        for one in asked:
            sender = registry.sender(one.channel)
            if one.customer_id is not None and sender is not None and one.expires_at > now:
                sender.send(workspace_id, one, code_of(key, one.public_id))
    return len(asked)


def forget() -> int:
    """Remove challenges long over; returns how many. Engine only."""
    raw = cursor()
    raw.execute(
        "DELETE FROM portal_challenge WHERE id IN (SELECT id FROM portal_challenge"
        " WHERE expires_at < %s ORDER BY expires_at LIMIT %s)",
        [clock.now() - KEPT, FORGOTTEN_AT_ONCE_MAX],
    )
    return raw.rowcount
