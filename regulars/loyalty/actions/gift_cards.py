"""Gift certificates: issued, held, spent in parts, given back, ended; each step in the ledger.

The row of a certificate says what may be spent and what purchases hold. The ledger says the same
once more: giftcard:{id} has what the holder has, giftcard_liability what the shop owes for it.
A hold moves no money and writes no entry; settling does.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from regulars.audit import actions as audit
from regulars.kernel import clock, ids
from regulars.kernel.errors import Conflict, Invalid
from regulars.loyalty.actions.ledger import post
from regulars.loyalty.code_records import (
    CODES_ASKED_MAX,
    FACE_MINOR_MAX,
    KEY_CHARS_MAX,
    NOTE_CHARS_MAX,
    GiftCardRecord,
    GiftCardShort,
    GiftCardUnusable,
)
from regulars.loyalty.models.codes import GiftCard
from regulars.loyalty.pure import codes as pure
from regulars.loyalty.pure.ledger import Account, Draft, Entry, money_unit
from regulars.loyalty.pure.lots import RELEASE_GRACE
from regulars.loyalty.queries import gift_cards as queries
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

# Money of a return that comes back to a certificate whose day has passed may be spent so long.
GRACE = timedelta(days=30)
ENDED_AT_ONCE_MAX = 500
CODE_SIGNS = 14

_CLAIM = """
INSERT INTO loyalty_giftuse AS u
  (workspace_id, card_id, purchase_id, amount_minor, returned_minor, state, until, at, changed_at)
SELECT %(workspace)s, card_id, %(purchase)s, amount, 0, 'reserved', %(until)s, %(now)s, %(now)s
FROM unnest(%(cards)s::bigint[], %(amounts)s::bigint[]) AS given (card_id, amount)
ORDER BY card_id
ON CONFLICT (workspace_id, purchase_id, card_id) DO UPDATE
  SET state = 'reserved', amount_minor = excluded.amount_minor, until = excluded.until,
      changed_at = excluded.changed_at
  WHERE u.state IN ('released', 'expired')
RETURNING card_id"""
_TAKE = """
WITH free AS (
  SELECT g.id, given.amount FROM unnest(%(cards)s::bigint[], %(amounts)s::bigint[])
    AS given (id, amount) JOIN loyalty_giftcard AS g ON g.id = given.id
  WHERE g.workspace_id = %(workspace)s AND g.state = 'active'
    AND g.available_minor >= given.amount ORDER BY g.id FOR UPDATE OF g)
UPDATE loyalty_giftcard AS g SET available_minor = g.available_minor - free.amount,
  held_minor = g.held_minor + free.amount
FROM free WHERE g.id = free.id RETURNING g.id"""
_EXPIRE = """
WITH due AS (
  SELECT id FROM loyalty_giftuse WHERE workspace_id = %(workspace)s AND state = 'reserved'
    AND until <= %(now)s AND purchase_id <> %(purchase)s AND card_id = ANY(%(cards)s)
  ORDER BY id FOR UPDATE SKIP LOCKED)
UPDATE loyalty_giftuse AS u SET state = 'expired', changed_at = %(now)s
FROM due WHERE u.id = due.id RETURNING u.card_id, u.amount_minor"""
_MOVE = """
WITH mine AS (
  SELECT id FROM loyalty_giftuse WHERE workspace_id = %(workspace)s
    AND purchase_id = %(purchase)s AND state = 'reserved' ORDER BY id FOR UPDATE)
UPDATE loyalty_giftuse AS u SET state = %(after)s, changed_at = %(now)s
FROM mine WHERE u.id = mine.id RETURNING u.card_id, u.amount_minor"""
_SHIFT = """
WITH mine AS (
  SELECT g.id, given.amount FROM (
      SELECT id, sum(amount) AS amount FROM unnest(%(cards)s::bigint[], %(amounts)s::bigint[])
      AS one (id, amount) GROUP BY 1) AS given
    JOIN loyalty_giftcard AS g ON g.id = given.id
  WHERE g.workspace_id = %(workspace)s ORDER BY g.id FOR UPDATE OF g)
UPDATE loyalty_giftcard AS g SET held_minor = g.held_minor + %(held)s * mine.amount,
  available_minor = g.available_minor + %(available)s * mine.amount,
  ends_at = CASE WHEN %(available)s > 0 AND g.ends_at <= %(now)s
            THEN %(until)s ELSE g.ends_at END
FROM mine WHERE g.id = mine.id RETURNING g.currency"""


def issue_gift_card(
    workspace_id: int,
    face_minor: int,
    *,
    key: str,
    code: str = "",
    customer_id: int | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    note: str = "",
    actor: str = "",
) -> GiftCardRecord:
    """A certificate over so much of the workspace's currency; the same key gives the same one.

    code    one printed elsewhere; without it a new one of 14 random signs
    raises  Invalid(gift_…), Conflict(idempotency_mismatch | code_exists)
    """
    _check_issue(face_minor, key, starts_at, ends_at)
    plain = pure.normalised(code)
    if code.strip() and not plain:
        raise Invalid("code_invalid", "A code is 3 to 64 letters and digits.")
    digest = _digest(face_minor, plain, customer_id, starts_at, ends_at, note)
    _lock(workspace_id, key)
    before = GiftCard.objects.filter(workspace_id=workspace_id, issue_key=key).first()
    if before is not None:
        if before.issue_hash != digest:
            raise Conflict("idempotency_mismatch", "This key issued another certificate.")
        return queries.record_of(before)
    card_id = _inserted(
        workspace_id, plain or _new_code(), face_minor, key, digest,
        shown=" ".join(code.split()) or None, customer_id=customer_id, starts_at=starts_at,
        ends_at=ends_at, note=note, actor=actor,
    )  # fmt: skip
    one = queries.gift_card_by_id(workspace_id, card_id)
    _post(workspace_id, "giftcard.issue", f"{one.public_id}", one.currency, {one.id: face_minor},
          actor=actor)  # fmt: skip
    audit.note(workspace_id, "gift_card.issued", "gift_card", one.public_id)
    return one


def block_gift_card(
    workspace_id: int, public_id: str, *, is_blocked: bool = True
) -> GiftCardRecord:
    """It may not be spent, or may again; what a purchase holds may be settled.

    raises  NotFound(gift_card_unknown)
    """
    one = queries.gift_card(workspace_id, public_id)
    GiftCard.objects.filter(workspace_id=workspace_id, id=one.id).update(
        state="blocked" if is_blocked else "active"
    )
    done = "gift_card.blocked" if is_blocked else "gift_card.unblocked"
    audit.note(workspace_id, done, "gift_card", public_id)
    return queries.gift_card(workspace_id, public_id)


def reserve_gift(
    workspace_id: int, asks: Sequence[tuple[str, int]], purchase_id: str, until: datetime
) -> list[int]:
    """Hold so much of each certificate for the purchase; returns the certificates' ids.

    What the purchase holds already is left as it is when the amount is the same. All or nothing.
    raises  GiftCardUnusable, GiftCardShort(gift_card_short, available), Conflict(gift_differs),
            Invalid(gift_amount)
    """
    if not asks:
        return []
    wanted = _wanted(asks)
    now = clock.now()
    with transaction.atomic():
        found = {one.code: one for one in queries.by_codes(workspace_id, sorted(wanted))}
        for code in wanted:
            _check_usable(found.get(code), code, now)
        amounts = {found[code].id: amount for code, amount in wanted.items()}
        fresh = _claimed(workspace_id, amounts, purchase_id, until, now)
        missing = fresh - _taken(workspace_id, amounts, fresh)
        if missing and _expire(workspace_id, purchase_id, missing, now):
            missing -= _taken(workspace_id, amounts, missing)
        if missing:
            _refuse(workspace_id, min(missing))
    return sorted(amounts)


def settle_gift(workspace_id: int, purchase_id: str) -> int:
    """What the purchase held is spent; returns the sum, 0 the second time."""
    moved = _move(workspace_id, purchase_id, "used")
    if moved:
        currency = _shift(workspace_id, moved, held=-1, available=0)
        spent = {card: -amount for card, amount in moved.items()}
        _post(workspace_id, "giftcard.redeem", purchase_id, currency, spent,
              purchase_id=purchase_id)  # fmt: skip
    return sum(moved.values())


def release_gift(workspace_id: int, purchase_id: str, grace: timedelta = RELEASE_GRACE) -> int:
    """What the purchase held is the holder's again; returns the sum, 0 the second time.

    grace  how long a certificate whose day has passed meanwhile may still be spent, as points may
    """
    moved = _move(workspace_id, purchase_id, "released")
    if moved:
        _shift(workspace_id, moved, held=-1, available=1, grace=grace)
    return sum(moved.values())


def give_back_gift(workspace_id: int, purchase_id: str, amount_minor: int, key: str) -> int:
    """Money of a return goes back to the certificates that paid; the same key gives back once.

    The certificate that was named last gets its money back first. Returns the sum; one whose day
    has passed may be spent for another 30 days.
    raises  Invalid(gift_amount) for more than was spent, Conflict(idempotency_mismatch)
    """
    if amount_minor == 0:
        return 0
    _lock(workspace_id, f"back:{purchase_id}")
    raw = cursor()
    raw.execute(
        "SELECT body_hash IS NOT NULL FROM loyalty_txn WHERE workspace_id = %s"
        " AND kind = 'giftcard.return' AND natural_key = %s",
        [workspace_id, key],
    )
    if raw.fetchone() is not None:
        return _given_back_before(workspace_id, purchase_id, amount_minor, key)
    parts = _parts(workspace_id, purchase_id, amount_minor)
    raw.execute(
        "UPDATE loyalty_giftuse AS u SET returned_minor = returned_minor + given.amount,"
        " changed_at = %s FROM unnest(%s::bigint[], %s::bigint[]) AS given (card_id, amount)"
        " WHERE u.workspace_id = %s AND u.purchase_id = %s AND u.card_id = given.card_id",
        [clock.now(), list(parts), list(parts.values()), workspace_id, purchase_id],
    )
    currency = _shift(workspace_id, parts, held=0, available=1, grace=GRACE)
    _post(workspace_id, "giftcard.return", key, currency, parts, purchase_id=purchase_id,
          body=_back_body(purchase_id, amount_minor))  # fmt: skip
    return amount_minor


def end_gift_cards(workspace_id: int, now: datetime) -> int:
    """Take off what is left on certificates whose day has passed; returns how many there were.

    What purchases hold stays theirs.
    """
    raw = cursor()
    raw.execute(
        "WITH due AS (SELECT id, available_minor FROM loyalty_giftcard WHERE workspace_id = %s"
        " AND available_minor > 0 AND ends_at <= %s ORDER BY id LIMIT %s FOR UPDATE)"
        " UPDATE loyalty_giftcard AS g SET available_minor = 0,"
        " expired_minor = g.expired_minor + due.available_minor"
        " FROM due WHERE g.id = due.id"
        " RETURNING g.id, g.public_id, g.currency, due.available_minor, g.expired_minor",
        [workspace_id, now, ENDED_AT_ONCE_MAX],
    )
    gone = raw.fetchall()
    for card_id, public_id, currency, amount, total in gone:
        _post(workspace_id, "giftcard.expire", f"{public_id}:{total}", currency,
              {card_id: -amount})  # fmt: skip
    return len(gone)


def _check_issue(
    face_minor: int, key: str, starts_at: datetime | None, ends_at: datetime | None
) -> None:
    if not 1 <= face_minor <= FACE_MINOR_MAX:
        raise Invalid("gift_amount", "The amount of a certificate is above 0 and has a limit.")
    if not 0 < len(key) <= KEY_CHARS_MAX:
        raise Invalid("key_invalid", f"A key has 1 to {KEY_CHARS_MAX} characters.")
    if starts_at and ends_at and ends_at <= starts_at:
        raise Invalid("gift_dates", "A certificate ends after it starts.")


def _inserted(
    workspace_id: int,
    plain: str,
    face_minor: int,
    key: str,
    digest: str,
    *,
    shown: str | None,
    customer_id: int | None,
    starts_at: datetime | None,
    ends_at: datetime | None,
    note: str,
    actor: str,
) -> int:
    raw = cursor()
    raw.execute(
        "INSERT INTO loyalty_giftcard (workspace_id, public_id, code, shown, state, currency,"
        " face_minor, available_minor, held_minor, expired_minor, customer_id, starts_at,"
        " ends_at, note, issue_key, issue_hash, issued_by, issued_at)"
        " VALUES (%s, %s, %s, %s, 'active', %s, %s, %s, 0, 0, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (workspace_id, code) DO NOTHING RETURNING id",
        [
            workspace_id, ids.new_public_id(), plain, shown,
            workspaces.workspace(workspace_id).currency, face_minor, face_minor, customer_id,
            starts_at, ends_at, note[:NOTE_CHARS_MAX], key, digest, actor, clock.now(),
        ],
    )  # fmt: skip
    row = raw.fetchone()
    if row is None:
        raise Conflict(
            "code_exists", "Another certificate has this code or one that reads like it."
        )
    return int(row[0])


def _new_code() -> str:
    chance = secrets.token_bytes(pure.bytes_needed(1, CODE_SIGNS))
    return pure.codes_of(chance, 1, CODE_SIGNS)[0]


def _wanted(asks: Sequence[tuple[str, int]]) -> dict[str, int]:
    wanted: dict[str, int] = {}
    for text, amount in asks:
        if amount <= 0:
            raise Invalid("gift_amount", "The amount of a certificate is above 0.")
        code = pure.normalised(text)
        wanted[code] = wanted.get(code, 0) + amount
    if len(wanted) > CODES_ASKED_MAX:
        raise Invalid("gift_cards_too_many", f"A purchase takes at most {CODES_ASKED_MAX}.")
    return wanted


def _check_usable(one: GiftCardRecord | None, code: str, now: datetime) -> None:
    if one is None:
        raise GiftCardUnusable("gift_card_unknown", "There is no such certificate.", asked=code)
    fault = ""
    if one.state != "active":
        fault = "blocked"
    elif one.starts_at is not None and now < one.starts_at:
        fault = "not_yet"
    elif one.ends_at is not None and now >= one.ends_at:
        fault = "expired"
    if fault:
        raise GiftCardUnusable(f"gift_card_{fault}", "The certificate cannot be used.", asked=code)


def _claimed(
    workspace_id: int,
    amounts: dict[int, int],
    purchase_id: str,
    until: datetime,
    now: datetime,
) -> set[int]:
    raw = cursor()
    raw.execute(
        _CLAIM,
        {
            "workspace": workspace_id, "purchase": purchase_id, "until": until, "now": now,
            "cards": list(amounts), "amounts": list(amounts.values()),
        },
    )  # fmt: skip
    fresh = {row[0] for row in raw.fetchall()}
    raw.execute(
        "SELECT card_id, amount_minor FROM loyalty_giftuse WHERE workspace_id = %s"
        " AND purchase_id = %s AND card_id = ANY(%s)",
        [workspace_id, purchase_id, list(amounts)],
    )
    if any(amounts[card] != amount for card, amount in raw.fetchall()):
        raise Conflict("gift_differs", "The purchase holds another amount of this certificate.")
    return fresh


def _taken(workspace_id: int, amounts: dict[int, int], cards: set[int]) -> set[int]:
    if not cards:
        return set()
    raw = cursor()
    raw.execute(
        _TAKE,
        {
            "workspace": workspace_id, "cards": sorted(cards),
            "amounts": [amounts[card] for card in sorted(cards)],
        },
    )  # fmt: skip
    return {row[0] for row in raw.fetchall()}


def _refuse(workspace_id: int, card_id: int) -> None:
    one = queries.gift_card_by_id(workspace_id, card_id)
    raise GiftCardShort(
        "gift_card_short", "The certificate has less than that.", asked=one.code,
        available=one.available_minor,
    )  # fmt: skip


def _expire(workspace_id: int, purchase_id: str, cards: set[int], now: datetime) -> bool:
    raw = cursor()
    raw.execute(
        _EXPIRE,
        {"workspace": workspace_id, "now": now, "purchase": purchase_id, "cards": sorted(cards)},
    )
    gone: dict[int, int] = {}
    for card, amount in raw.fetchall():
        gone[card] = gone.get(card, 0) + amount
    if gone:
        _shift(workspace_id, gone, held=-1, available=1)
    return bool(gone)


def _move(workspace_id: int, purchase_id: str, after: str) -> dict[int, int]:
    raw = cursor()
    raw.execute(
        _MOVE,
        {
            "workspace": workspace_id, "purchase": purchase_id, "after": after,
            "now": clock.now(),
        },
    )  # fmt: skip
    return dict(sorted((row[0], row[1]) for row in raw.fetchall()))


def _shift(
    workspace_id: int,
    amounts: dict[int, int],
    *,
    held: int,
    available: int,
    grace: timedelta = RELEASE_GRACE,
) -> str:
    """Move money of certificates; what comes back after their day may be spent for a grace."""
    raw = cursor()
    now = clock.now()
    raw.execute(
        _SHIFT,
        {
            "workspace": workspace_id, "cards": list(amounts), "amounts": list(amounts.values()),
            "held": held, "available": available, "now": now, "until": now + grace,
        },
    )  # fmt: skip
    row = raw.fetchone()
    assert row is not None
    return str(row[0])


def _parts(workspace_id: int, purchase_id: str, amount_minor: int) -> dict[int, int]:
    raw = cursor()
    raw.execute(
        "SELECT card_id, amount_minor - returned_minor FROM loyalty_giftuse"
        " WHERE workspace_id = %s AND purchase_id = %s AND state = 'used'"
        " ORDER BY id DESC FOR UPDATE",
        [workspace_id, purchase_id],
    )
    parts, left = {}, amount_minor
    for card_id, open_minor in raw.fetchall():
        part = min(left, int(open_minor))
        if part:
            parts[card_id], left = part, left - part
    if amount_minor < 0 or left:
        raise Invalid("gift_amount", "More is given back than certificates paid.", left=left)
    return parts


def _given_back_before(workspace_id: int, purchase_id: str, amount_minor: int, key: str) -> int:
    """The same answer as then, when it was the same question."""
    body = _back_body(purchase_id, amount_minor)
    # The books know the key: nothing is written, and another body is a conflict.
    post(workspace_id, [Draft(kind="giftcard.return", key=key, entries=(), body=body)])
    return amount_minor


def _back_body(purchase_id: str, amount_minor: int) -> dict[str, object]:
    return {"purchase": purchase_id, "amount": amount_minor}


def _post(
    workspace_id: int,
    kind: str,
    key: str,
    currency: str,
    amounts: dict[int, int],
    *,
    purchase_id: str | None = None,
    body: dict[str, object] | None = None,
    actor: str = "",
) -> None:
    unit = money_unit(currency)
    entries = tuple(Entry(Account.GIFT_CARD, unit, n, card) for card, n in amounts.items())
    against = Entry(Account.GIFT_LIABILITY, unit, -sum(amounts.values()))
    said = {"cards": {str(card): n for card, n in amounts.items()}} if body is None else body
    draft = Draft(
        kind=kind, key=key, entries=(*entries, against), body=said, actor=actor,
        purchase_id=purchase_id,
    )  # fmt: skip
    (posted,) = post(workspace_id, [draft])
    assert posted.is_new, key


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _lock(workspace_id: int, key: str) -> None:
    cursor().execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('gift:' || %s || ':' || %s, 0))",
        [workspace_id, key],
    )
