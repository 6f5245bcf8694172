"""From a card and the workspace's settings to a pass, and to the address of a Google card."""

from __future__ import annotations

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from regulars.kernel import clock
from regulars.kernel.errors import Refused
from regulars.loyalty.actions import google_cards
from regulars.loyalty.card_records import CardRecord, WalletRecord
from regulars.loyalty.queries import cards as queries
from regulars.loyalty.wallet import apple, google
from regulars.outside import vault
from regulars.workspaces import queries as workspaces


def signer_of(kept: WalletRecord) -> apple.Signer:
    """Who signs Apple passes. raises Refused(wallet_unset), SecretUnreadable"""
    if not kept.has_apple:
        raise Refused("wallet_unset", "The shop has no certificate for Apple passes yet.")
    return apple.Signer(
        pass_type=kept.apple_pass_type,
        team=kept.apple_team,
        certificate=kept.apple_certificate,
        key=vault.open_secret(kept.apple_key),
        authority=kept.apple_authority,
    )


def apple_pass(workspace_id: int, card: CardRecord) -> bytes:
    """The card's .pkpass as it is now. raises Refused(wallet_unset)"""
    words = apple.Words(
        points=_("Points"),
        # The phone puts the new value in the place of %@.
        points_changed=_("You have %@ points now."),
        tier=_("Tier"),
        tier_changed=_("Your tier is %@ now."),
        holder=_("Holder"),
        number=_("Card number"),
        page=_("Your card on the web"),
    )
    return apple.build(
        queries.view(workspace_id, card),
        signer_of(queries.wallet(workspace_id)),
        words,
        token=queries.pass_token(workspace_id, card.id),
        service_url=f"{settings.PUBLIC_URL.rstrip('/')}/loyalty/wallet/{workspace_id}/",
    )


def google_url(workspace_id: int, card: CardRecord) -> str:
    """The address that saves the card in Google Wallet; from now on its changes are told there.

    raises  Refused(wallet_unset)
    """
    issuer = issuer_of(queries.wallet(workspace_id))
    # Noted before it is read: a change that comes between is told, and not thought to be known.
    google_cards.give(workspace_id, card.id)
    word = tier_word(workspace_id)
    return google.save_url(queries.view(workspace_id, card), issuer, clock.now(), tier_word=word)


def issuer_of(kept: WalletRecord) -> google.Issuer:
    """Who signs for Google. raises Refused(wallet_unset), SecretUnreadable"""
    if not kept.has_google:
        raise Refused("wallet_unset", "The shop has no account at Google Wallet yet.")
    return google.Issuer(
        issuer=kept.google_issuer, email=kept.google_email, key=vault.open_secret(kept.google_key)
    )


def tier_word(workspace_id: int) -> str:
    """How a card calls the tier: in the shop's language, whoever looks and whoever works."""
    with translation.override(workspaces.workspace(workspace_id).language):
        return _("Tier")
