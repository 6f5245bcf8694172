"""Tills and their keys."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from regulars.kernel.errors import RegularsError
from regulars.loyalty.actions import tills as actions
from regulars.loyalty.queries import tills as queries
from regulars.workspaces.asking import workspace_of
from regulars.workspaces.records import Right


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tills(request: HttpRequest) -> HttpResponse:
    """The tills, and a form for another one; its key is shown once."""
    workspace = workspace_of(request, Right.SETTINGS_EDIT)
    given = {name: request.POST.get(name, "") for name in ("name", "shop", "till", "channel")}
    context: dict[str, Any] = {"given": given, "fault": "", "key": ""}
    status = 200
    if request.method == "POST":
        try:
            with transaction.atomic():
                made, key = actions.open_till(
                    workspace.id, given["name"], shop=given["shop"], till=given["till"],
                    channel=given["channel"] or "till",
                )  # fmt: skip
        except RegularsError as error:
            context["fault"], status = _(error.message), 422
        else:
            context.update(key=key, made=made, given={})
    context["tills"] = queries.tills(workspace.id)
    return render(request, "loyalty/tills.html", context, status=status)


@login_required
@require_POST
def close(request: HttpRequest, public_id: str) -> HttpResponse:
    """Its key opens nothing from now on."""
    workspace = workspace_of(request, Right.SETTINGS_EDIT)
    actions.close_till(workspace.id, public_id)
    messages.success(request, _("The till is closed; its key opens nothing any more."))
    return redirect("loyalty:tills")
