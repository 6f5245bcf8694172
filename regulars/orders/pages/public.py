"""The customer's own page of an order: no sign-in, nothing of a person but a mask."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from regulars.customers.records import Profile
from regulars.kernel.errors import NotFound
from regulars.orders import queries, words
from regulars.orders.actions.tokens import workspace_of
from regulars.orders.pages import access
from regulars.orders.pages.orders import way
from regulars.orders.pure import masks
from regulars.orders.queries import desk
from regulars.orders.records import OrderRecord, PaymentState, Stage
from regulars.store.scope import scope
from regulars.workspaces import queries as workspaces
from regulars.workspaces.records import WorkspaceRecord

NO_STORE = "no-store, private"
OPEN = frozenset({PaymentState.UNPAID, PaymentState.PENDING, PaymentState.PART_PAID})


@login_not_required
@require_safe
def order(request: HttpRequest, token: str) -> HttpResponse:
    """The order behind a token that nobody can guess."""
    try:
        workspace_id = workspace_of(token)
        with scope(workspace_id):
            workspace = workspaces.workspace(workspace_id)
            found = queries.order_by_token(workspace_id, token)
            owner = access.people_of(workspace_id, [found.customer_id]).get(found.customer_id or 0)
            language = _language(request, owner, workspace)
            with translation.override(language), timezone.override(workspace.zone):
                return _page(request, _context(workspace, found, owner) | {"language": language})
    except NotFound:
        return _page(request, {"is_broken": True}, status=404)


def _language(request: HttpRequest, owner: Profile | None, workspace: WorkspaceRecord) -> str:
    """The language chosen on the page, else the customer's own, the browser's, the shop's."""
    spoken = dict(settings.LANGUAGES)
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if chosen in spoken:
        return chosen
    if owner is not None and (owner.language or "")[:2] in spoken:
        return str(owner.language)[:2]
    asked = translation.get_language_from_request(request)
    if asked in spoken and request.headers.get("Accept-Language"):
        return asked
    return workspace.language if workspace.language in spoken else settings.LANGUAGE_CODE


def _context(
    workspace: WorkspaceRecord, found: OrderRecord, owner: Profile | None
) -> dict[str, Any]:
    sent = desk.delivery(workspace.id, found.id)
    payment = found.payment_now
    reached = {row.status: row.at for row in desk.history(workspace.id, found.id)}
    steps = way(found)
    return {
        "shop": workspace,
        "order": found,
        "stage": words.stage(found.stage_now),
        "is_late": found.delayed_at is not None,
        "is_over": found.stage_now in (Stage.DELIVERED, Stage.CANCELLED, Stage.RETURNED),
        "changed_at": reached.get(found.stage_now, found.placed_at),
        "steps": steps,
        "lines": queries.lines(workspace.id, found.id),
        "payment": words.payment_of(found),
        "pay_url": found.payment_url if payment in OPEN and found.stage != "cancelled" else "",
        "delivery": sent,
        "carrier": words.CARRIERS.get(sent.carrier, sent.carrier),
        "who": masks.name(owner.title) if owner else "",
        "contact": (masks.phone(owner.phone) or masks.email(owner.email)) if owner else "",
        "support": desk.support(workspace.id),
    }


def _page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    response = render(request, "orders/public.html", context, status=status)
    response["Cache-Control"] = NO_STORE
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
