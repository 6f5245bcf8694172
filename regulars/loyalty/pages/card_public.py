"""A card's page for its holder, by a signed link: the number, the changing code, points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from regulars.kernel import clock
from regulars.kernel.errors import NotFound, Refused
from regulars.loyalty.card_records import CardRecord
from regulars.loyalty.pure import cards as pure
from regulars.loyalty.queries import cards as queries
from regulars.loyalty.wallet import apple, issuing, pictures
from regulars.store.scope import scope
from regulars.workspaces import queries as workspaces

NO_STORE = "no-store, private"
BAR_HEIGHT = 60
Act = Callable[[int, CardRecord], HttpResponse]


@login_not_required
@require_safe
def card(request: HttpRequest, token: str) -> HttpResponse:
    """The card as it is now; its code changes every half minute and the page with it."""

    def act(workspace_id: int, one: CardRecord) -> HttpResponse:
        kept = queries.wallet(workspace_id)
        context = {
            "card": one,
            "view": queries.view(workspace_id, one),
            "number": pure.spaced(one.number),
            "token": token,
            "has_apple": kept.has_apple,
            "has_google": kept.has_google,
            **_codes(workspace_id, one),
        }
        return _private(render(request, "loyalty/card_public.html", context))

    return _opened(token, act)


@login_not_required
@require_safe
def card_apple(request: HttpRequest, token: str) -> HttpResponse:
    """The pass for an iPhone."""

    def act(workspace_id: int, one: CardRecord) -> HttpResponse:
        response = HttpResponse(
            issuing.apple_pass(workspace_id, one), content_type=apple.CONTENT_TYPE
        )
        response["Content-Disposition"] = 'attachment; filename="card.pkpass"'
        return _private(response)

    return _opened(token, act)


@login_not_required
@require_safe
def card_google(request: HttpRequest, token: str) -> HttpResponse:
    """On to Google Wallet, which saves the card."""
    return _opened(
        token,
        lambda workspace_id, one: _private(redirect(issuing.google_url(workspace_id, one))),
    )


def _codes(workspace_id: int, one: CardRecord) -> dict[str, Any]:
    if one.state != "active":
        return {}
    text = queries.qr_text(workspace_id, one.id, clock.now())
    side, squares = pictures.qr_squares(text)
    width, bars = pictures.bars(one.number)
    return {
        "side": side,
        "squares": squares,
        "width": width,
        "bars": bars,
        "height": BAR_HEIGHT,
        "step_s": pure.STEP_S,
    }


def _opened(token: str, act: Act) -> HttpResponse:
    workspace_id = pure.page_workspace(token)
    if not workspace_id:
        raise Http404
    try:
        with scope(workspace_id):
            secret = workspaces.workspace(workspace_id).secret
            public_id = pure.page_card(secret, token)
            if not public_id:
                raise Http404
            return act(workspace_id, queries.card(workspace_id, public_id))
    except (NotFound, Refused) as error:
        raise Http404 from error


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = NO_STORE
    response["Referrer-Policy"] = "no-referrer"
    return response
