"""The page where the shop opens the account of its customers."""

from __future__ import annotations

from django.conf import settings as configured
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from regulars.kernel.errors import Invalid
from regulars.portal import actions, queries, words
from regulars.portal.forms import SettingsForm
from regulars.portal.pure.origins import read_origins
from regulars.workspaces.asking import workspace_of
from regulars.workspaces.records import Right


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Open or close the account; its address, and how a site shows it."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    kept = queries.settings_of(workspace.id)
    initial = {"is_open": kept.is_open, "origins": "\n".join(kept.origins)}
    form = SettingsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            origins = read_origins(form.cleaned_data["origins"])
        except Invalid as error:
            form.add_error("origins", str(words.fault(error)))
        else:
            actions.save_settings(
                workspace.id, is_open=form.cleaned_data["is_open"], origins=origins
            )
            messages.success(request, _("Saved."))
            return redirect("portal:settings")
    address = configured.PUBLIC_URL + reverse("portal:home", args=[workspace.slug])
    context = {"form": form, "kept": kept, "address": address}
    return render(request, "portal/settings.html", context, status=422 if form.errors else 200)
