"""Reads of cards: by number, by a changing code, of a member, and what a card shows."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db.models import F

from regulars.customers import queries as customers
from regulars.customers.records import Profile
from regulars.kernel.errors import NotFound, Refused
from regulars.loyalty.card_records import CardRecord, CardView, WalletRecord
from regulars.loyalty.models.cards import Card, PassDevice, Wallet
from regulars.loyalty.models.members import Member
from regulars.loyalty.pure import cards as pure
from regulars.loyalty.queries import balances as points
from regulars.loyalty.queries import programme as programmes
from regulars.outside import vault
from regulars.workspaces import queries as workspaces
from regulars.workspaces.records import WorkspaceRecord

CARDS_SHOWN_MAX = 50


def card(workspace_id: int, public_id: str) -> CardRecord:
    """The card of this public id. raises NotFound(card_unknown)"""
    return record_of(_there(Card.objects.filter(workspace_id=workspace_id, public_id=public_id)))


def card_by_id(workspace_id: int, card_id: int) -> CardRecord:
    """The card of this id. raises NotFound(card_unknown)"""
    return record_of(_there(Card.objects.filter(workspace_id=workspace_id, id=card_id)))


def cards_of_member(workspace_id: int, member_id: int) -> list[CardRecord]:
    """Cards of a member, newest first."""
    rows = Card.objects.filter(workspace_id=workspace_id, member_id=member_id).order_by("-id")
    return [record_of(row) for row in rows[:CARDS_SHOWN_MAX]]


def active_card(workspace_id: int, member_id: int) -> CardRecord | None:
    """The newest card of a member that may be used."""
    rows = Card.objects.filter(workspace_id=workspace_id, member_id=member_id, state="active")
    row = rows.order_by("-id").first()
    return None if row is None else record_of(row)


def card_of_number(workspace_id: int, text: str) -> CardRecord | None:
    """The card of a number as it was typed or scanned; None when it is nobody's.

    raises  Refused(card_mistyped) when the check digit disagrees, Refused(card_blocked |
            card_replaced)
    """
    number = pure.plain_number(text)
    row = Card.objects.filter(workspace_id=workspace_id, number=number).first() if number else None
    if row is None:
        if pure.is_slip(number):
            raise Refused("card_mistyped", "A digit of the card number is wrong.")
        return None
    return _usable(row)


def card_of_qr(workspace_id: int, text: str, now: datetime) -> CardRecord | None:
    """The card of a changing code that was scanned; None when it is no such code.

    raises  Refused(qr_expired | qr_forged | card_blocked | card_replaced)
    """
    public_id = pure.qr_card(text)
    row = Card.objects.filter(workspace_id=workspace_id, public_id=public_id).first()
    if not public_id or row is None:
        return None
    fault = pure.qr_fault(vault.open_secret(row.secret), text, now)
    if fault:
        raise Refused(fault, "The code is no longer good; show the card anew.")
    return _usable(row)


def qr_text(workspace_id: int, card_id: int, now: datetime) -> str:
    """What the card's changing code says now. raises NotFound(card_unknown)"""
    row = _there(Card.objects.filter(workspace_id=workspace_id, id=card_id))
    return pure.qr_text(vault.open_secret(row.secret), row.public_id, now)


def page_url(workspace: WorkspaceRecord, public_id: str) -> str:
    """The address of a card's page, for its holder alone."""
    token = pure.page_token(workspace.secret, workspace.id, public_id)
    return f"{settings.PUBLIC_URL.rstrip('/')}/loyalty/card/{token}"


def pass_token(workspace_id: int, card_id: int) -> str:
    """What a wallet shows to ask for the pass of this card."""
    row = _there(Card.objects.filter(workspace_id=workspace_id, id=card_id))
    return pure.pass_token_of(vault.open_secret(row.secret), row.public_id)


def view(workspace_id: int, one: CardRecord) -> CardView:
    """What the card shows now."""
    workspace = workspaces.workspace(workspace_id)
    look = wallet(workspace_id)
    member = Member.objects.get(workspace_id=workspace_id, id=one.member_id)
    if member.merged_into is not None:
        member = Member.objects.get(workspace_id=workspace_id, id=member.merged_into)
    person = customers.profiles(workspace_id, [member.customer_id]).get(member.customer_id)
    have = points.balances(workspace_id, [member.id]).get(member.id, {})
    names = currency_names(workspace_id)
    return CardView(
        public_id=one.public_id,
        number=one.number,
        holder=_name(person),
        shop=look.organisation or workspace.name,
        tier=tier_name(workspace_id, member.tier_slug),
        balances=tuple(
            (names.get(slug, slug), points_text(have[slug].available if slug in have else 0))
            for slug in (names or have)
        ),
        page_url=page_url(workspace, one.public_id),
        colour=look.colour,
        changed_at=one.changed_at,
        state=one.state,
    )


def _name(person: Profile | None) -> str:
    """A name and never an address: cards are shown to strangers."""
    if person is None:
        return ""
    full = " ".join(part for part in (person.first_name, person.last_name) if part)
    return person.name or full


def points_text(hundredths: int) -> str:
    """Points as people read them: without needless zeros."""
    text = f"{Decimal(hundredths) / 100:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def currency_names(workspace_id: int) -> dict[str, str]:
    """Names of the point currencies by slug, the main one first."""
    found = programmes.programme(workspace_id).programme.currencies
    return {one.slug: one.name for one in sorted(found, key=lambda one: not one.is_main)}


def main_currency(workspace_id: int) -> str:
    """The slug of the main point currency. raises NotFound(currency_none)"""
    found = next(iter(currency_names(workspace_id)), "")
    if not found:
        raise NotFound("currency_none", "The programme has no point currency yet.")
    return found


def tier_name(workspace_id: int, slug: str) -> str:
    """What the tier is called; empty when there is none."""
    tiers = programmes.programme(workspace_id).programme.tiers.tiers
    return next((tier.name for tier in tiers if tier.slug == slug), "")


def wallet(workspace_id: int) -> WalletRecord:
    """The workspace's wallet settings; keys as they are kept, sealed."""
    row = Wallet.objects.filter(workspace_id=workspace_id).first()
    if row is None:
        return WalletRecord()
    return WalletRecord(
        organisation=row.organisation,
        colour=row.colour or WalletRecord().colour,
        apple_pass_type=row.apple_pass_type,
        apple_team=row.apple_team,
        apple_certificate=row.apple_certificate,
        apple_authority=row.apple_authority,
        google_issuer=row.google_issuer,
        google_email=row.google_email,
        apple_key=row.apple_key,
        google_key=row.google_key,
        google_fault=row.google_fault,
        google_rests_until=row.google_rests_until,
    )


def serials_changed(
    workspace_id: int, device: str, since: datetime | None
) -> tuple[list[str], datetime | None]:
    """Cards of a device that changed after a moment, and when the last of them did."""
    ids = PassDevice.objects.filter(workspace_id=workspace_id, device=device).values("card_id")
    rows = Card.objects.filter(workspace_id=workspace_id, id__in=ids)
    if since is not None:
        rows = rows.filter(changed_at__gt=since)
    found = list(rows.order_by("changed_at").values_list("public_id", "changed_at"))
    return [public_id for public_id, _ in found], found[-1][1] if found else None


def installs(workspace_id: int) -> int:
    """How many devices have a pass."""
    return PassDevice.objects.filter(workspace_id=workspace_id).count()


def google_behind(workspace_id: int, limit: int) -> list[int]:
    """Cards given to Google Wallet that changed since it was told last, by id."""
    rows = Card.objects.filter(workspace_id=workspace_id, google_told_at__lt=F("changed_at"))
    return list(rows.order_by("id").values_list("id", flat=True)[:limit])


def google_given(workspace_id: int) -> int:
    """How many cards were given to Google Wallet."""
    return Card.objects.filter(workspace_id=workspace_id, google_told_at__isnull=False).count()


def record_of(row: Card) -> CardRecord:
    """The card as others see it."""
    return CardRecord(
        id=row.id,
        public_id=row.public_id,
        member_id=row.member_id,
        number=row.number,
        state=row.state,
        reason=row.reason,
        replaced_by_id=row.replaced_by_id,
        issued_by=row.issued_by,
        issued_at=row.issued_at,
        changed_at=row.changed_at,
        discount=row.discount,
    )


def _usable(row: Card) -> CardRecord:
    if row.state != "active":
        raise Refused(f"card_{row.state}", "This card may not be used any more.")
    return record_of(row)


def _there(rows: object) -> Card:
    row: Card | None = rows.first()  # type: ignore[attr-defined]
    if row is None:
        raise NotFound("card_unknown", "There is no such card.")
    return row
