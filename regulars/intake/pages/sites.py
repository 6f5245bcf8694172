"""Sites: make one, put its line into the shop, see that it works."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from regulars.intake import words
from regulars.intake.pages.access import workspace_of
from regulars.intake.sites import actions, queries
from regulars.intake.sites.records import ConsentMode, SiteRecord
from regulars.kernel.errors import Invalid, Refused
from regulars.workspaces.records import Right

FIELD_OF = {"site_name": "name", "site_consent": "consent_mode"}


class SiteForm(forms.Form):
    """What a marketer says about a site."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=actions.NAME_LENGTH_MAX,
        help_text=gettext_lazy("As the team calls it."),
    )  # fmt: skip
    domains = forms.CharField(
        label=gettext_lazy("Domains"), max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "One a line, such as shop.example. Parts like www.shop.example count with it;"
            " events from any other domain are refused."
        ),
    )  # fmt: skip
    consent_mode = forms.ChoiceField(
        label=gettext_lazy("When visitors begin to be known"),
        choices=[(mode.value, words.CONSENT_MODES[mode.value]) for mode in ConsentMode],
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "A browser that asks not to be tracked is left alone in both, until the visitor agrees."
        ),
    )
    promises_stock = forms.BooleanField(
        label=gettext_lazy("Its orders reserve goods, for 24 hours"), required=False,
        help_text=gettext_lazy(
            "Anybody can send in the name of a page. Leave it off when the shop's server or a"
            " connection tells of orders too: those reserve by themselves."
        ),
    )  # fmt: skip


@login_required
@require_http_methods(["GET", "POST"])
def new_site(request: HttpRequest) -> HttpResponse:
    """Make a site."""
    workspace = workspace_of(request, Right.DATA_IMPORT)
    form = SiteForm(request.POST or None, initial={"consent_mode": ConsentMode.ASK.value})
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create_site(workspace.id, **_values(form))
        except (Invalid, Refused) as error:
            _complain(form, error)
        else:
            return redirect("intake:site", made.public_id)
    status = 422 if form.errors else 200
    return render(request, "intake/site_edit.html", {"form": form, "site": None}, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def edit_site(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change what a site is called, where it lives and how it asks."""
    workspace = workspace_of(request, Right.DATA_IMPORT)
    site = queries.site(workspace.id, public_id)
    form = SiteForm(request.POST or None, initial=_initial(site))
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_site(workspace.id, public_id, **_values(form))
        except Invalid as error:
            _complain(form, error)
        else:
            messages.success(request, _("The site is saved; visitors get it within five minutes."))
            return redirect("intake:site", public_id)
    status = 422 if form.errors else 200
    return render(request, "intake/site_edit.html", {"form": form, "site": site}, status=status)


@login_required
@require_GET
def one_site(request: HttpRequest, public_id: str) -> HttpResponse:
    """The line to put into the shop, and whether it works."""
    workspace = workspace_of(request, Right.DATA_VIEW)
    return render(request, "intake/site.html", _context(queries.site(workspace.id, public_id)))


@login_required
@require_GET
def site_check(request: HttpRequest, public_id: str) -> HttpResponse:
    """Whether the installation works, for the page that looks again and again."""
    workspace = workspace_of(request, Right.DATA_VIEW)
    context = _context(queries.site(workspace.id, public_id))
    return render(request, "intake/parts/site_check.html", context)


@login_required
@require_POST
def close_site(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take no more events from a site."""
    workspace = workspace_of(request, Right.DATA_IMPORT)
    actions.close_site(workspace.id, public_id)
    messages.success(request, _("The site is closed; its key opens nothing any more."))
    return redirect("intake:sources")


def _context(site: SiteRecord) -> dict[str, Any]:
    is_refused = site.refused_at is not None and (
        site.event_at is None or site.refused_at > site.event_at
    )
    return {
        "site": site,
        "address": settings.PUBLIC_URL,
        "consent": words.CONSENT_MODES[site.consent_mode.value],
        "is_refused_last": is_refused,
        "is_asking": site.consent_mode is ConsentMode.ASK,
    }


def _initial(site: SiteRecord) -> dict[str, Any]:
    return {
        "name": site.name,
        "domains": "\n".join(site.domains),
        "consent_mode": site.consent_mode.value,
        "promises_stock": site.promises_stock,
    }


def _values(form: SiteForm) -> dict[str, Any]:
    given = form.cleaned_data
    return {
        "name": given["name"],
        "domains_text": given["domains"],
        "consent_mode": given["consent_mode"],
        "promises_stock": given["promises_stock"],
    }


def _complain(form: SiteForm, error: Invalid | Refused) -> None:
    field = FIELD_OF.get(error.code, "domains")
    form.add_error(None if isinstance(error, Refused) else field, words.site_problem(error))
