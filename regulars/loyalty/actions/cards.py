"""Writes of cards: issuing, blocking, swapping; devices that hold a pass; wallet settings."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence

from cryptography.hazmat.primitives import serialization
from cryptography.x509 import load_pem_x509_certificate

from regulars.audit import actions as audit
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock, ids
from regulars.kernel.errors import Conflict, Invalid, Refused
from regulars.loyalty.card_records import (
    CARDS_MAX,
    DEVICE_CHARS_MAX,
    DEVICES_MAX,
    NAME_CHARS_MAX,
    PEM_CHARS_MAX,
    REASON_CHARS_MAX,
    CardRecord,
    Touched,
    WalletRecord,
)
from regulars.loyalty.models.cards import Card, PassDevice, Wallet
from regulars.loyalty.models.members import Member
from regulars.loyalty.pure import cards as pure
from regulars.loyalty.queries import cards as queries
from regulars.outside import vault
from regulars.store.scope import cursor

TRIES_MAX = 5
SECRET_BYTES = 24


def issue_card(
    workspace_id: int, member_id: int, *, key: str, number: str = "", actor: str = ""
) -> CardRecord:
    """A card for the member; the same key gives the same card.

    number  of a plastic card printed before; without it a new one with a check digit
    raises  Invalid(card_number), Conflict(idempotency_mismatch | card_taken),
            Refused(cards_too_many)
    """
    _lock(workspace_id, f"member:{member_id}")
    before = Card.objects.filter(workspace_id=workspace_id, issue_key=key).first()
    plain = pure.plain_number(number)
    if number.strip() and not plain:
        raise Invalid("card_number", "A card number is 4 to 32 letters and digits.")
    if before is not None:
        if before.member_id != member_id or plain not in ("", before.number):
            raise Conflict("idempotency_mismatch", "This key issued another card.")
        return queries.record_of(before)
    mine = Card.objects.filter(workspace_id=workspace_id, member_id=member_id, state="active")
    if mine.count() >= CARDS_MAX:
        raise Refused("cards_too_many", f"A member has at most {CARDS_MAX} cards at a time.")
    row = _made(workspace_id, member_id, plain, key, actor)
    _tell(workspace_id, row)
    return queries.record_of(row)


def block_card(workspace_id: int, public_id: str, *, reason: str, actor: str = "") -> CardRecord:
    """The card may not be used any more; blocking it again changes nothing.

    raises  NotFound(card_unknown)
    """
    one = queries.card(workspace_id, public_id)
    Card.objects.filter(workspace_id=workspace_id, id=one.id, state="active").update(
        state="blocked", reason=reason[:REASON_CHARS_MAX], changed_at=clock.now()
    )
    audit.note(workspace_id, "card.blocked", "card", public_id)
    return queries.card(workspace_id, public_id)


def unblock_card(workspace_id: int, public_id: str) -> CardRecord:
    """A blocked card may be used again; a replaced one never. raises NotFound(card_unknown)"""
    one = queries.card(workspace_id, public_id)
    Card.objects.filter(workspace_id=workspace_id, id=one.id, state="blocked").update(
        state="active", reason="", changed_at=clock.now()
    )
    audit.note(workspace_id, "card.unblocked", "card", public_id)
    return queries.card(workspace_id, public_id)


def swap_card(
    workspace_id: int, public_id: str, *, key: str, number: str = "", actor: str = ""
) -> CardRecord:
    """Another card in place of this one, which is of no use from now on; points stay where
    they are, with the member. The same key gives the same card.

    raises  NotFound(card_unknown), Refused(card_replaced), Conflict, Invalid
    """
    old = queries.card(workspace_id, public_id)
    _lock(workspace_id, f"member:{old.member_id}")
    row = Card.objects.get(workspace_id=workspace_id, id=old.id)
    known = Card.objects.filter(workspace_id=workspace_id, issue_key=key).first()
    if row.state == "replaced" and (known is None or row.replaced_by_id != known.id):
        raise Refused("card_replaced", "The card was replaced before.")
    # The old one goes first, so that it does not count against how many there may be.
    row.state, row.changed_at = "replaced", clock.now()
    row.save(update_fields=["state", "changed_at"])
    made = issue_card(workspace_id, old.member_id, key=key, number=number, actor=actor)
    row.replaced_by_id = made.id
    row.save(update_fields=["replaced_by_id"])
    # A card's own discount goes with its holder.
    Card.objects.filter(workspace_id=workspace_id, id=made.id).update(discount=row.discount)
    audit.note(workspace_id, "card.swapped", "card", public_id)
    return made


def touch_cards(workspace_id: int, member_ids: Sequence[int]) -> Touched:
    """Note that what these members' cards show has changed, as far as cards are in wallets.

    Cards of those who were merged into them show the same.
    """
    raw = cursor()
    raw.execute(
        "UPDATE loyalty_card AS c SET changed_at = %(now)s FROM ("
        " SELECT c.id, EXISTS (SELECT FROM loyalty_passdevice AS d WHERE d.card_id = c.id)"
        " AS is_on_phone FROM loyalty_card AS c WHERE c.workspace_id = %(workspace)s"
        " AND c.member_id = ANY(%(members)s::bigint[] || ARRAY("
        " SELECT m.id FROM loyalty_member AS m WHERE m.workspace_id = %(workspace)s"
        " AND m.merged_into = ANY(%(members)s)))"
        " AND (c.google_told_at IS NOT NULL"
        " OR EXISTS (SELECT FROM loyalty_passdevice AS d WHERE d.card_id = c.id))"
        " ORDER BY c.id FOR UPDATE OF c) AS mine WHERE c.id = mine.id"
        " RETURNING c.id, mine.is_on_phone, c.google_told_at IS NOT NULL",
        {"now": clock.now(), "workspace": workspace_id, "members": list(member_ids)},
    )
    rows = raw.fetchall()
    return Touched(
        on_phones=tuple(sorted(card for card, is_on_phone, _ in rows if is_on_phone)),
        at_google=sum(1 for _card, _phone, is_given in rows if is_given),
    )


def register_device(workspace_id: int, card_id: int, device: str, push_token: str) -> bool:
    """A device has the card's pass; true when that is new.

    raises  Invalid(device_invalid), Refused(devices_too_many)
    """
    if not device or not push_token or max(len(device), len(push_token)) > DEVICE_CHARS_MAX:
        raise Invalid("device_invalid", "Name the device and its push token.")
    _lock(workspace_id, f"devices:{card_id}")
    mine = PassDevice.objects.filter(workspace_id=workspace_id, card_id=card_id)
    row = mine.filter(device=device).first()
    if row is not None:
        mine.filter(device=device).update(push_token=push_token)
        return False
    if mine.count() >= DEVICES_MAX:
        raise Refused("devices_too_many", f"A card is on at most {DEVICES_MAX} devices.")
    PassDevice.objects.create(
        workspace_id=workspace_id, card_id=card_id, device=device, push_token=push_token,
        registered_at=clock.now(),
    )  # fmt: skip
    return True


def forget_device(workspace_id: int, card_id: int, device: str) -> bool:
    """The pass was taken off the device; false when it was not there."""
    gone, _ = PassDevice.objects.filter(
        workspace_id=workspace_id, card_id=card_id, device=device
    ).delete()
    return gone > 0


def save_wallet(workspace_id: int, given: WalletRecord) -> WalletRecord:
    """Keep the certificates and looks of passes; a key left out stays as it is.

    given   keys in the clear; they are sealed before they are kept
    raises  Invalid(wallet_name | wallet_colour | certificate_invalid | key_unreadable |
            key_differs)
    """
    before = queries.wallet(workspace_id)
    _check_wallet(given, before)
    Wallet.objects.update_or_create(
        workspace_id=workspace_id,
        defaults={
            "organisation": given.organisation.strip(),
            "colour": given.colour,
            "apple_pass_type": given.apple_pass_type.strip(),
            "apple_team": given.apple_team.strip(),
            "apple_certificate": given.apple_certificate.strip(),
            "apple_authority": given.apple_authority.strip(),
            "apple_key": vault.seal_secret(given.apple_key) or before.apple_key,
            "google_issuer": given.google_issuer.strip(),
            "google_email": given.google_email.strip(),
            "google_key": vault.seal_secret(given.google_key) or before.google_key,
            # Whoever saves has seen to it: it is tried again at once.
            "google_fault": "",
            "google_rests_until": None,
            "updated_at": clock.now(),
        },
    )
    audit.note(workspace_id, "wallet.changed", "wallet", "settings")
    return queries.wallet(workspace_id)


def _check_wallet(given: WalletRecord, before: WalletRecord) -> None:
    if len(given.organisation) > NAME_CHARS_MAX:
        raise Invalid("wallet_name", f"The name has at most {NAME_CHARS_MAX} characters.")
    colour = given.colour.lower()
    if len(colour) != 7 or colour[0] != "#" or not set(colour[1:]) <= set("0123456789abcdef"):
        raise Invalid("wallet_colour", "Write the colour as # and six digits, like #0b5d4e.")
    for pem in (given.apple_certificate, given.apple_authority):
        if pem.strip():
            _certificate(pem)
    for pem in (given.apple_key, given.google_key):
        if pem.strip():
            _private(pem)
    key = given.apple_key or vault.open_secret(before.apple_key)
    if given.apple_certificate.strip() and key:
        _check_pair(given.apple_certificate, key)


def _check_pair(certificate: str, key: str) -> None:
    def plain(public: object) -> bytes:
        made: bytes = public.public_bytes(  # type: ignore[attr-defined]
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return made

    if plain(_certificate(certificate).public_key()) != plain(_private(key).public_key()):
        raise Invalid("key_differs", "The private key belongs to another certificate.")


def _certificate(pem: str):  # type: ignore[no-untyped-def]
    try:
        return load_pem_x509_certificate(pem[:PEM_CHARS_MAX].strip().encode())
    except ValueError as error:
        raise Invalid("certificate_invalid", "The certificate is not readable PEM.") from error


def _private(pem: str):  # type: ignore[no-untyped-def]
    try:
        return serialization.load_pem_private_key(pem[:PEM_CHARS_MAX].strip().encode(), None)
    except (ValueError, TypeError) as error:
        message = "The private key is not readable PEM without a password."
        raise Invalid("key_unreadable", message) from error


def _made(workspace_id: int, member_id: int, plain: str, key: str, actor: str) -> Card:
    for _ in range(TRIES_MAX):
        number = plain or pure.number_of(secrets.randbelow(pure.NUMBER_CHANCE))
        public_id, secret = ids.new_public_id(), secrets.token_urlsafe(SECRET_BYTES)
        raw = cursor()
        raw.execute(
            "INSERT INTO loyalty_card (workspace_id, public_id, member_id, number, state, reason,"
            " secret, pass_token_hash, issue_key, issued_by, issued_at, changed_at)"
            " VALUES (%s, %s, %s, %s, 'active', '', %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (workspace_id, number) DO NOTHING RETURNING id",
            [
                workspace_id, public_id, member_id, number, vault.seal_secret(secret),
                hashlib.sha256(pure.pass_token_of(secret, public_id).encode()).hexdigest(),
                key, actor, clock.now(), clock.now(),
            ],
        )  # fmt: skip
        row = raw.fetchone()
        if row is not None:
            return Card.objects.get(id=row[0])
        if plain:
            raise Conflict("card_taken", "This card number belongs to another card.")
    raise AssertionError("random card numbers repeat")


def _tell(workspace_id: int, row: Card) -> None:
    member = Member.objects.get(workspace_id=workspace_id, id=row.member_id)
    events.record_many(
        workspace_id,
        [
            NewEvent(
                kind="card.issued",
                time=row.issued_at,
                key=f"card:{row.public_id}:issued",
                customer_id=member.customer_id,
                props={"card": row.public_id, "member": member.public_id},
                source="loyalty",
            )
        ],
    )


def _lock(workspace_id: int, what: str) -> None:
    cursor().execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('card:' || %s || ':' || %s, 0))",
        [workspace_id, what],
    )
