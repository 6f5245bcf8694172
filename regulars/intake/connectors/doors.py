"""The public address of connections: judge, put on disk, answer."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from regulars.intake.connectors import actions, queries
from regulars.intake.connectors.onec import door as onec
from regulars.intake.connectors.providers import PROVIDERS
from regulars.intake.connectors.pure.envelope import pack
from regulars.intake.connectors.pure.signatures import SignatureWrong
from regulars.intake.connectors.records import ConnectionKind, ConnectionRecord, Ping
from regulars.kernel.errors import Invalid, NotFound
from regulars.store.scope import scope

BODY_BYTES_MAX = 2 << 20
# A header longer than this is none of a provider's.
HEADER_LENGTH_MAX = 2_000


@login_not_required
@csrf_exempt
def receive(request: HttpRequest, public_id: str) -> HttpResponse:
    """A delivery: 404 without such a connection, 401 when it does not prove its sender."""
    try:
        workspace_id = queries.workspace_of(public_id)
        with scope(workspace_id):
            connection = queries.connection(workspace_id, public_id)
            if connection.kind is ConnectionKind.ONEC:
                return onec.answer(request, workspace_id, connection)
            if connection.kind not in PROVIDERS:
                raise queries.unknown()
            return _take(request, workspace_id, connection)
    except NotFound as error:
        return _told(404, error.code, error.message)


def _take(request: HttpRequest, workspace_id: int, connection: ConnectionRecord) -> HttpResponse:
    if request.method != "POST":
        answer = _told(405, "method_not_allowed", "Use POST.")
        answer["Allow"] = "POST"
        return answer
    body = request.read(BODY_BYTES_MAX + 1)
    if len(body) > BODY_BYTES_MAX:
        return _told(413, "body_too_large", "A delivery has at most 2 MB.")
    try:
        accepted = PROVIDERS[connection.kind].check(
            headers_of(request), body, actions.open_secrets(connection), connection.settings
        )
    except SignatureWrong as error:
        return _told(401, error.code, error.message)
    except Invalid:
        # The installation's key has changed: nobody can prove anything until it is entered anew.
        return _told(503, "secret_unreadable", "Deliveries cannot be checked just now.")
    if not isinstance(accepted, Ping):
        stored = pack(
            connection.public_id,
            accepted.key,
            accepted.topic,
            body,
            is_by_content=accepted.is_by_content,
        )
        actions.receive(workspace_id, connection.public_id, stored)
    return JsonResponse({"success": True})


def headers_of(request: HttpRequest) -> dict[str, str]:
    """The headers by lower-case names."""
    return {
        name.lower(): value
        for name, value in request.headers.items()
        if len(value) <= HEADER_LENGTH_MAX
    }


def _told(status: int, code: str, message: str) -> HttpResponse:
    content: dict[str, Any] = {"code": code, "message": message}
    return JsonResponse(content, status=status)
