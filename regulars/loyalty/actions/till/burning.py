"""What opens points to a purchase: a one-time code where the programme asks for it, and where it
does not, a card's changing code once only."""

from __future__ import annotations

from datetime import datetime, timedelta

from regulars.kernel import clock
from regulars.kernel.errors import Outside, Refused
from regulars.kernel.ids import new_public_id
from regulars.loyalty import registry
from regulars.loyalty.actions.members import hold_member
from regulars.loyalty.actions.till.quoting import Quote, member_of
from regulars.loyalty.pure import burn_codes, cards
from regulars.loyalty.queries.burn_codes import code_of
from regulars.loyalty.till_records import (
    BURN_CODE_MINUTES,
    BURN_CODE_TRIES,
    BURN_CODES_MAX,
    Ask,
    Named,
)
from regulars.store.scope import cursor

_SPEND_TRY = """
UPDATE loyalty_burncode SET tries_left = tries_left - 1
WHERE id = (SELECT id FROM loyalty_burncode WHERE workspace_id = %(workspace)s
            AND member_id = %(member)s AND used_by = '' ORDER BY id DESC LIMIT 1)
  AND tries_left > 0 AND expires_at > %(now)s
RETURNING id, public_id"""
_MAKE = """
INSERT INTO loyalty_burncode
  (workspace_id, public_id, member_id, tries_left, created_at, expires_at, used_by)
SELECT %(workspace)s, %(public)s, %(member)s, %(tries)s, %(now)s, %(until)s, ''
WHERE (SELECT count(*) FROM loyalty_burncode WHERE workspace_id = %(workspace)s
       AND member_id = %(member)s AND created_at > %(since)s) < %(most)s
RETURNING id"""

# Of another purchase nothing comes back: a twin waits for the first to end.
_SPEND_SHOWN = """
INSERT INTO loyalty_spentcode AS s (workspace_id, card_id, step, purchase_id, at)
SELECT %(workspace)s, c.id, %(step)s, %(purchase)s, %(now)s FROM loyalty_card c
WHERE c.workspace_id = %(workspace)s AND c.public_id = %(card)s
ON CONFLICT (workspace_id, card_id, step) DO UPDATE SET at = s.at
  WHERE s.purchase_id = excluded.purchase_id
RETURNING id"""


def send_code(workspace_id: int, named: Named) -> datetime:
    """Send the member a code and tell until when it is good.

    raises  NotFound(member_unknown), Refused(burn_code_too_often),
            Outside(burn_code_unsent) when nothing is set up to send it
    """
    member = member_of(workspace_id, named)
    assert member is not None
    if member.is_blocked:
        raise Refused("member_blocked", "This member is blocked.")
    send = registry.burn_sender()
    if send is None:
        raise Outside("burn_code_unsent", "One-time codes cannot be sent here.", is_permanent=True)
    now = clock.now()
    until = now + timedelta(minutes=BURN_CODE_MINUTES)
    raw = cursor()
    # Of two that ask at once one waits, so that together they stay within the limit.
    hold_member(workspace_id, member.id)
    challenge = new_public_id()
    raw.execute(
        _MAKE,
        {
            "workspace": workspace_id, "public": challenge, "member": member.id,
            "tries": BURN_CODE_TRIES, "now": now, "until": until, "most": BURN_CODES_MAX,
            "since": now - timedelta(minutes=BURN_CODE_MINUTES),
        },
    )  # fmt: skip
    if raw.fetchone() is None:
        raise Refused(
            "burn_code_too_often", "Several codes were sent just now; wait for one of them."
        )
    send(workspace_id, member.customer_id, challenge, until)
    return until


def accept_code(workspace_id: int, named: Named | None, purchase_id: str, typed: str) -> bool:
    """Whether the member told the right code; from now on it opens this purchase and no other.

    A wrong one costs a try, so the caller lets the transaction end well before it refuses.
    """
    member = member_of(workspace_id, named)
    if member is None:
        return False
    if is_open(workspace_id, member.id, purchase_id):
        return True
    raw = cursor()
    raw.execute(_SPEND_TRY, {"workspace": workspace_id, "member": member.id, "now": clock.now()})
    row = raw.fetchone()
    if row is None or not burn_codes.is_same(typed, code_of(workspace_id, row[1])):
        return False
    raw.execute(
        "UPDATE loyalty_burncode SET used_by = %s WHERE workspace_id = %s AND id = %s",
        [purchase_id, workspace_id, row[0]],
    )
    return True


def is_open(workspace_id: int, member_id: int, purchase_id: str) -> bool:
    """Whether a code was told for this purchase of this member."""
    raw = cursor()
    raw.execute(
        "SELECT 1 FROM loyalty_burncode WHERE workspace_id = %s AND member_id = %s"
        " AND used_by = %s",
        [workspace_id, member_id, purchase_id],
    )
    return raw.fetchone() is not None


def check(workspace_id: int, ask: Ask, found: Quote) -> None:
    """Nothing when the points may be burnt. raises Refused(burn_code_needed | qr_used)"""
    burn = found.answer.burn
    if burn is None or not burn.points:
        return
    if not found.live.programme.burning.asks_code:
        _spend_shown(workspace_id, ask)
        return
    assert found.member is not None
    if not is_open(workspace_id, found.member.id, ask.purchase_id):
        raise Refused(
            "burn_code_needed",
            "The programme asks for a one-time code before points are burnt: identify with"
            " send_code, then hold with burn_code.",
        )


def _spend_shown(workspace_id: int, ask: Ask) -> None:
    """A changing code opens the points to one purchase: a picture of it is worth nothing then.

    raises  Refused(qr_used)
    """
    if ask.member is None or ask.member.kind != "token":
        return
    raw = cursor()
    given = {
        "workspace": workspace_id, "card": cards.qr_card(ask.member.value),
        "step": cards.qr_step(ask.member.value), "purchase": ask.purchase_id, "now": clock.now(),
    }  # fmt: skip
    raw.execute(_SPEND_SHOWN, given)
    row = raw.fetchone()
    if row is None:
        raise Refused(
            "qr_used", "This code has paid for another purchase; show the card anew in a moment."
        )


def refuse_wrong() -> Refused:
    """What is answered to a wrong code, after its try was counted."""
    return Refused("burn_code_wrong", "The code is wrong, was used or is too old.")
