"""Screens of connections: the list, one of them, its settings, its log."""

from __future__ import annotations

from typing import Any

from django.conf import settings as installation
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from regulars.intake.connectors import actions, forms, queries, words
from regulars.intake.connectors.onec import bringing
from regulars.intake.connectors.pages.mapping import map_context
from regulars.intake.connectors.pull import pulling
from regulars.intake.connectors.records import (
    ConnectionKind,
    ConnectionRecord,
    ConnectionState,
    DeliveryRecord,
    Outcome,
)
from regulars.intake.pages.access import member_of, workspace_of
from regulars.kernel.errors import Invalid, NotFound, Refused
from regulars.workspaces.records import Right, WorkspaceRecord

PAGE = "intake/connection.html"
# Their failures are files, which are brought in again.
FILE_KINDS = (ConnectionKind.ONEC, ConnectionKind.PULL)


@login_required
def connections(request: HttpRequest) -> HttpResponse:
    """Every connection, and a new one by POST."""
    if request.method == "POST":
        return _create(request)
    return _list(request, workspace_of(request, Right.DATA_VIEW))


def _list(
    request: HttpRequest, workspace: WorkspaceRecord, error: Invalid | Refused | None = None
) -> HttpResponse:
    context = {
        "rows": [_line(one) for one in queries.connections(workspace.id)],
        "kinds": [(kind.value, *words.KINDS[kind]) for kind in ConnectionKind],
        "kind": request.POST.get("kind", ConnectionKind.WEBHOOK.value),
        "name": request.POST.get("name", ""),
        "error": error,
    }
    return render(request, "intake/connections.html", context, status=422 if error else 200)


def _create(request: HttpRequest) -> HttpResponse:
    workspace = workspace_of(request)
    kind = request.POST.get("kind", "")
    try:
        if kind not in list(ConnectionKind):
            raise Invalid("connection_kind", "Choose what is on the other side.")
        chosen = ConnectionKind(kind)
        has_own = chosen in (ConnectionKind.SHOPIFY, ConnectionKind.PULL)
        made = actions.create_connection(
            workspace.id,
            chosen,
            request.POST.get("name", "") or str(words.KINDS[chosen][0]),
            actor=member_of(request).email,
            settings=dict(forms.DEFAULTS.get(chosen, {})),
            secrets={} if has_own else {"secret": actions.new_secret(chosen)},
        )
    except (Invalid, Refused) as error:
        return _list(request, workspace, error)
    return redirect("connectors:connection", made.public_id)


def _line(record: ConnectionRecord) -> dict[str, Any]:
    label, _hint, icon = words.KINDS[record.kind]
    is_failing = record.failures > 0
    state = words.STATUS_NAMES[record.state.value]
    tone = "warn" if not record.is_on else ("bad" if is_failing else "good")
    return {"record": record, "kind": label, "icon": icon, "tone": tone,
            "state": _("Fails") if is_failing and record.is_on else state}  # fmt: skip


@login_required
@require_GET
@never_cache
def connection(request: HttpRequest, public_id: str) -> HttpResponse:
    """One connection: how to set the other side up, what came, what to change."""
    workspace = workspace_of(request, Right.DATA_VIEW)
    return connection_page(request, workspace, queries.connection(workspace.id, public_id))


def connection_page(
    request: HttpRequest,
    workspace: WorkspaceRecord,
    record: ConnectionRecord,
    *,
    error: Invalid | Refused | None = None,
    secret: str = "",
    trial: dict[str, Any] | None = None,
) -> HttpResponse:
    """The page with what was wrong with the form just sent, a secret asked for, or a trial."""
    context: dict[str, Any] = {
        **_line(record),
        **log_context(workspace, record),
        "error_reason": words.failure(record.error_code, record.error_text),
        "address": f"{installation.PUBLIC_URL}/in/{record.public_id}",
        "error": error,
        "secret": secret,
        "fields": forms.shown(record),
        "trial": trial,
        "login": record.settings.get("login", ""),
        "token_header": record.settings.get("token_header") or "x-token",
        "is_token": record.settings.get("proof") == "token",
        "has_secret": bool(record.secrets.get("secret")),
        "can_edit": member_of(request).may(Right.DATA_IMPORT),
    }
    if record.kind is ConnectionKind.WEBHOOK:
        context |= map_context(record, request.POST if trial is not None or error else None)
    return render(request, PAGE, context, status=422 if error else 200)


def log_context(workspace: WorkspaceRecord, record: ConnectionRecord) -> dict[str, Any]:
    """The last deliveries, as the page and its refreshed part show them."""
    deliveries = queries.deliveries(workspace.id, record.id)
    return {
        "deliveries": [_delivery(record, one) for one in deliveries],
        "waiting": queries.waiting_count(workspace.id, record.public_id),
        "replayable": len(queries.failed_ids(workspace.id, record.id)),
    }


def _delivery(record: ConnectionRecord, one: DeliveryRecord) -> dict[str, Any]:
    label, tone = words.OUTCOMES[one.outcome]
    is_file = record.kind in FILE_KINDS and one.outcome is Outcome.FAILED
    return {
        "one": one,
        "outcome": label,
        "tone": tone,
        "counts": words.counts(dict(one.counts)),
        "reason": words.failure(one.reason, one.detail)
        if one.outcome is Outcome.FAILED
        else words.reason(one.reason),
        "can_replay": one.failed_id is not None or is_file,
    }


@login_required
@require_GET
@never_cache
def log(request: HttpRequest, public_id: str) -> HttpResponse:
    """The log alone, for the page that asks every few seconds."""
    workspace = workspace_of(request, Right.DATA_VIEW)
    record = queries.connection(workspace.id, public_id)
    context = {
        "record": record, **log_context(workspace, record),
        "can_edit": member_of(request).may(Right.DATA_IMPORT),
    }  # fmt: skip
    return render(request, "intake/parts/connection_log.html", context)


@login_required
@require_POST
def save(request: HttpRequest, public_id: str) -> HttpResponse:
    """Keep the name, the settings and the secrets."""
    workspace = workspace_of(request)
    record = queries.connection(workspace.id, public_id)
    try:
        settings, secrets = forms.read(record.kind, request.POST)
        if record.kind is ConnectionKind.PULL:
            pulling.check_place(settings)
        with transaction.atomic():
            actions.change_connection(
                workspace.id, public_id, name=request.POST.get("name", ""), settings=settings,
                secrets=secrets,
            )  # fmt: skip
            if record.kind is ConnectionKind.PULL:
                pulling.forget_failed(workspace.id, record.id)
            if record.kind is ConnectionKind.PULL and record.is_on:
                pulling.plan(workspace.id, record.id)
    except (Invalid, Refused) as error:
        return connection_page(request, workspace, record, error=error)
    messages.success(request, _("The connection is saved."))
    return redirect("connectors:connection", public_id)


@login_required
@require_POST
@never_cache
def reveal(request: HttpRequest, public_id: str) -> HttpResponse:
    """The page with the secret, for whoever sets the other side up."""
    workspace = workspace_of(request)
    record = queries.connection(workspace.id, public_id)
    try:
        secret = actions.open_secrets(record).get("secret", "")
    except Invalid as error:
        return connection_page(request, workspace, record, error=error)
    return connection_page(request, workspace, record, secret=secret)


@login_required
@require_POST
def pause(request: HttpRequest, public_id: str) -> HttpResponse:
    """Pause the connection, or let it go on."""
    workspace = workspace_of(request)
    record = queries.connection(workspace.id, public_id)
    goes_on = request.POST.get("state") == ConnectionState.ON.value
    state = ConnectionState.ON if goes_on else ConnectionState.PAUSED
    actions.set_state(workspace.id, public_id, state)
    if record.kind is ConnectionKind.PULL and goes_on:
        pulling.plan(workspace.id, record.id)
    messages.success(
        request, _("The connection goes on.") if goes_on else _("The connection is paused.")
    )
    return redirect("connectors:connection", public_id)


@login_required
@require_POST
def delete(request: HttpRequest, public_id: str) -> HttpResponse:
    """Forget the connection; what it brought stays."""
    workspace = workspace_of(request)
    record = actions.delete_connection(workspace.id, public_id)
    messages.success(request, _("The connection “%(name)s” is deleted.") % {"name": record.name})
    return redirect("connectors:list")


@login_required
@require_POST
def replay(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take failed deliveries again, one or all."""
    workspace = workspace_of(request)
    record = queries.connection(workspace.id, public_id)
    given = request.POST.get("delivery", "")
    chosen = int(given) if given.isdecimal() and given.isascii() and len(given) < 19 else None
    try:
        if record.kind is ConnectionKind.ONEC:
            key = queries.delivery_key(workspace.id, record.id, chosen or 0)
            bringing.run_again(workspace.id, record, key)
        elif record.kind is ConnectionKind.PULL:
            pulling.forget_failed(workspace.id, record.id)
            pulling.plan(workspace.id, record.id)
        else:
            actions.replay(workspace.id, record, chosen)
    except NotFound as error:
        if error.code != "failed_event_unknown":
            raise
        messages.info(request, _("There is nothing left to replay."))
    else:
        messages.success(request, _("The deliveries are taken again."))
    return redirect("connectors:connection", public_id)


@login_required
@require_POST
def pull_now(request: HttpRequest, public_id: str) -> HttpResponse:
    """Pull at once, besides the schedule."""
    workspace = workspace_of(request)
    record = queries.connection(workspace.id, public_id)
    if record.kind is not ConnectionKind.PULL or not record.is_on:
        raise queries.unknown()
    pulling.plan(workspace.id, record.id)
    messages.success(request, _("The file is being fetched."))
    return redirect("connectors:connection", public_id)
