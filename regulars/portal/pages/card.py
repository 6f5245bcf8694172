"""The card: a code that changes for the till, and the number that lasts without a connection."""

from __future__ import annotations

from django.http import HttpResponse

from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.loyalty.actions import cards as card_actions
from regulars.loyalty.queries import card_pictures, cards
from regulars.portal import standing as standings
from regulars.portal.pages.door import Visit, for_customers

BAR_HEIGHT = 70
SVG = "image/svg+xml"


@for_customers()
def card(visit: Visit) -> HttpResponse:
    """The customer's card; their first one is issued when they come for it."""
    if not standings.is_open(visit.id):
        return visit.page("closed")
    member = standings.member_of(visit.id, visit.me.id)
    own = cards.active_card(visit.id, member.id) or card_actions.issue_card(
        visit.id, member.id, key=f"account:{member.id}", actor="customer"
    )
    if own.state != "active":
        return visit.page("card", card=None)
    kept = cards.wallet(visit.id)
    return visit.page(
        "card",
        card=own,
        number=card_pictures.spaced(own.number),
        bars=card_pictures.lasting(own),
        height=BAR_HEIGHT,
        squares=card_pictures.changing(visit.id, own, clock.now()),
        step_s=card_pictures.STEP_S,
        standing=standings.standing(visit.id, member),
        page_url=cards.page_url(visit.workspace, own.public_id),
        has_apple=kept.has_apple,
        has_google=kept.has_google,
    )


@for_customers()
def turning(visit: Visit) -> HttpResponse:
    """The code as it is now, as a picture. raises NotFound(card_unknown)"""
    member = standings.member_of(visit.id, visit.me.id) if standings.is_open(visit.id) else None
    own = cards.active_card(visit.id, member.id) if member else None
    if own is None:
        raise NotFound("card_unknown", "There is no such card.")
    squares = card_pictures.changing(visit.id, own, clock.now())
    response = visit.page("parts/squares.svg", squares=squares)
    response["Content-Type"] = SVG
    return response
