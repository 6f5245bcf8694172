"""What phones with a pass call: registering, taking off, asking what changed, the pass itself."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.http import http_date, parse_http_date_safe
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from regulars.kernel.errors import Invalid, NotFound, Refused, RegularsError
from regulars.loyalty.actions import cards as actions
from regulars.loyalty.card_records import DEVICE_CHARS_MAX, CardRecord
from regulars.loyalty.models.cards import Card
from regulars.loyalty.queries import cards as queries
from regulars.loyalty.wallet import apple, issuing
from regulars.store.scope import scope

SCHEME = "ApplePass "
BODY_BYTES_MAX = 16_384
LOG_LINES_MAX, LOG_CHARS_MAX = 20, 300
Act = Callable[[CardRecord], HttpResponse]
logger = logging.getLogger(__name__)


@login_not_required
@csrf_exempt
@require_http_methods(["POST", "DELETE"])
def registration(
    request: HttpRequest, workspace_id: int, device: str, pass_type: str, serial: str
) -> HttpResponse:
    """A phone took the pass, or took it off: 201, 200; 401 without the pass's token."""

    def act(card: CardRecord) -> HttpResponse:
        if request.method == "DELETE":
            actions.forget_device(workspace_id, card.id, device)
            return HttpResponse(status=200)
        is_new = actions.register_device(workspace_id, card.id, device, _push_token(request))
        return HttpResponse(status=201 if is_new else 200)

    return _with_card(request, workspace_id, pass_type, serial, act)


@login_not_required
@csrf_exempt
@require_GET
def changed(request: HttpRequest, workspace_id: int, device: str, pass_type: str) -> HttpResponse:
    """Which passes of the phone have changed since it asked last: 200, 204 for none."""
    try:
        with scope(workspace_id):
            _check_type(workspace_id, pass_type)
            since = apple.moment_of(request.GET.get("passesUpdatedSince", "")[:40])
            serials, last = queries.serials_changed(workspace_id, device[:DEVICE_CHARS_MAX], since)
    except NotFound:
        return HttpResponse(status=404)
    if last is None:
        return HttpResponse(status=204)
    return JsonResponse({"serialNumbers": serials, "lastUpdated": apple.stamp(last)})


@login_not_required
@csrf_exempt
@require_GET
def newest(request: HttpRequest, workspace_id: int, pass_type: str, serial: str) -> HttpResponse:
    """The pass as it is now: 200, 304 when the phone has it, 401 without its token."""

    def act(card: CardRecord) -> HttpResponse:
        since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
        changed_s = int(card.changed_at.timestamp())
        if since is not None and since >= changed_s:
            return HttpResponse(status=304)
        made = issuing.apple_pass(workspace_id, card)
        response = HttpResponse(made, content_type=apple.CONTENT_TYPE)
        response["Last-Modified"] = http_date(changed_s)
        response["Cache-Control"] = "no-store, private"
        return response

    return _with_card(request, workspace_id, pass_type, serial, act)


@login_not_required
@csrf_exempt
@require_POST
def log(request: HttpRequest, workspace_id: int) -> HttpResponse:
    """What phones with this shop's passes complain of; in the server's log, shortened: 200, 404."""
    try:
        with scope(workspace_id):
            if not queries.wallet(workspace_id).apple_pass_type:
                return HttpResponse(status=404)
    except NotFound:
        return HttpResponse(status=404)
    if len(request.body) <= BODY_BYTES_MAX:
        lines = _json(request).get("logs", [])
        for line in lines[:LOG_LINES_MAX] if isinstance(lines, list) else []:
            logger.info("wallet: %s", str(line)[:LOG_CHARS_MAX].replace("\n", " "))
    return HttpResponse(status=200)


def _with_card(
    request: HttpRequest, workspace_id: int, pass_type: str, serial: str, act: Act
) -> HttpResponse:
    try:
        with scope(workspace_id):
            _check_type(workspace_id, pass_type)
            row = Card.objects.filter(workspace_id=workspace_id, public_id=serial).first()
            # An unknown card and a wrong token are the same to whoever guesses.
            if row is None or not _is_shown(request, row.pass_token_hash):
                return HttpResponse(status=401)
            return act(queries.record_of(row))
    except NotFound:
        return HttpResponse(status=404)
    except Invalid:
        return HttpResponse(status=400)
    except Refused:
        return HttpResponse(status=403)
    except RegularsError:
        return HttpResponse(status=409)


def _check_type(workspace_id: int, pass_type: str) -> None:
    if queries.wallet(workspace_id).apple_pass_type != pass_type:
        raise NotFound("pass_type_unknown", "This shop gives out no such passes.")


def _is_shown(request: HttpRequest, kept: str) -> bool:
    given = request.headers.get("Authorization", "")
    if not given.startswith(SCHEME):
        return False
    made = hashlib.sha256(given.removeprefix(SCHEME).encode()).hexdigest()
    return hmac.compare_digest(made, kept)


def _push_token(request: HttpRequest) -> str:
    token = _json(request).get("pushToken", "")
    if not isinstance(token, str) or not token.isascii() or not token.isalnum():
        raise Invalid("device_invalid", "Name the device's push token.")
    return token


def _json(request: HttpRequest) -> dict[str, object]:
    if len(request.body) > BODY_BYTES_MAX:
        return {}
    try:
        said = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
