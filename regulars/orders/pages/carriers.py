"""Accounts with carriers, and the door where carriers bring news."""

from __future__ import annotations

import json

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required, login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound, Refused
from regulars.orders import words
from regulars.orders.actions import carriers as accounts
from regulars.orders.actions.tokens import MARK, workspace_of
from regulars.orders.adapters import cdek, generic
from regulars.orders.pages import access
from regulars.orders.queries import desk
from regulars.store.scope import scope
from regulars.workspaces.records import Right

BODY_BYTES_MAX = 1 << 20


@login_required
@require_GET
def carriers(request: HttpRequest) -> HttpResponse:
    """The accounts of the workspace."""
    workspace = access.workspace_of(request, Right.SETTINGS_EDIT)
    known = {carrier.name: carrier for carrier in desk.carriers(workspace.id)}
    rows = [
        (
            name,
            label,
            known.get(name),
            settings.PUBLIC_URL
            + reverse(
                "orders:carrier_news", args=[f"{workspace.id:x}{MARK}{known[name].public_id}"]
            )
            if name in known and name != "nova_poshta"
            else "",
        )
        for name, label in words.CARRIERS.items()
    ]
    return render(request, "orders/carriers.html", {"rows": rows})


@login_required
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Enter or change an account."""
    workspace = access.workspace_of(request, Right.SETTINGS_EDIT)
    given = request.POST
    try:
        accounts.save_carrier(
            workspace.id,
            given.get("name", ""),
            account=given.get("account", ""),
            secret=given.get("secret", ""),
            is_on="is_on" in given,
            is_test="is_test" in given,
        )
    except Invalid as error:
        messages.error(request, access.refusal(error))
    else:
        messages.success(request, _("The carrier is saved."))
    return redirect("orders:carriers")


@login_not_required
@csrf_exempt
@require_POST
def news(request: HttpRequest, token: str) -> HttpResponse:
    """What a carrier tells by itself: 404 without such an address, 401 without its signature."""
    body = request.read(BODY_BYTES_MAX + 1)
    if len(body) > BODY_BYTES_MAX:
        return _told(413, "body_too_large")
    try:
        workspace_id = workspace_of(token)
        with scope(workspace_id):
            name, account = accounts.carrier_of(workspace_id, token.partition(MARK)[2])
            if name == "cdek":
                return _look_again(workspace_id, body)
            if name != "generic":
                return _told(404, "not_found")
            headers = {key.lower(): value for key, value in request.headers.items()}
            generic.check(headers, body, account.secret, clock.now())
            is_csv = (request.content_type or "").startswith("text/csv")
            moved = accounts.take_news(workspace_id, name, generic.read(body, is_csv=is_csv))
            return JsonResponse({"moved": moved})
    except NotFound:
        return _told(404, "not_found")
    except Refused as error:
        return _told(401, error.code)
    except Invalid as error:
        return JsonResponse({"code": error.code, "message": error.message}, status=422)


def _look_again(workspace_id: int, body: bytes) -> HttpResponse:
    """Nobody signed it: it says only which parcel to ask about."""
    try:
        number = cdek.number_of(json.loads(body))
    except ValueError:
        return _told(422, "news_body")
    if number:
        accounts.ask_now(workspace_id, "cdek", number)
    return JsonResponse({"received": True})


def _told(status: int, code: str) -> HttpResponse:
    return JsonResponse({"code": code}, status=status)
