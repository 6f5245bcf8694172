"""The programme as sentences, and the forms that change it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.kernel.errors import Conflict, Invalid, NotFound
from regulars.loyalty import programme_forms
from regulars.loyalty import programme_words as words
from regulars.loyalty.actions import programme as actions
from regulars.loyalty.pure.programme import Programme
from regulars.loyalty.queries import programme as queries
from regulars.workspaces.asking import member_of, workspace_of
from regulars.workspaces.records import Right, WorkspaceRecord

Settings = dict[str, Any]
VERSIONS_SHOWN = 10
PARTS: dict[str, type[programme_forms.Part]] = {
    "points": programme_forms.PointsForm,
    "waiting": programme_forms.WaitingForm,
    "burning": programme_forms.BurningForm,
    "returns": programme_forms.ReturnsForm,
}


@login_required
@require_safe
def programme(request: HttpRequest) -> HttpResponse:
    """Every rule as a sentence, each with the form that changes it."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    found = queries.programme(workspace.id)
    one = found.programme
    terms = one.terms_of("", one.main.slug)
    context = {
        "record": found,
        "rules": [(rule, words.rule(rule, workspace.currency)) for rule in one.earning],
        "multipliers": [words.multiplier(each, one) for each in one.multipliers],
        "waiting": [words.pending(terms.pending), words.expiry(terms.expiry), *_told(one)],
        "burning": words.burning(one, workspace.currency),
        "returns": words.returned(one.returns),
        "tiers": words.tiers(one.tiers),
        "ladder": [
            (tier, words.least(one.tiers, tier.least, workspace.currency))
            for tier in one.tiers.tiers
        ],
        "points": _points(one, workspace),
        "versions": [
            (one, words.changed(one.what))
            for one in queries.versions(workspace.id)[:VERSIONS_SHOWN]
        ],
    }
    return render(request, "loyalty/programme.html", context)


def _told(one: Programme) -> list[str]:
    can_end = any(terms.expiry.kind != "never" for terms in one.terms.values())
    return [words.expiring(one.expiring_days)] if can_end else []


def _points(one: Programme, workspace: WorkspaceRecord) -> list[str]:
    names = {"name": one.main.name}
    said = [_("What customers collect is called “%(name)s”.") % names]
    if one.main.balance_max:
        most = words.points(one.main.balance_max)
        said.append(_("Nobody has more than %(points)s.") % {"points": most})
    limit = words.points(one.holding.approval_points)
    said.append(
        _("If more than %(points)s are given or taken by hand, then a second person agrees.")
        % {"points": limit}
    )
    return said


@login_required
@require_POST
def set_open(request: HttpRequest) -> HttpResponse:
    """Open or close the programme."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    actions.set_open(workspace.id, request.POST.get("open") == "1", actor=_who(request))
    messages.success(request, _("Saved."))
    return redirect("loyalty:programme")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def part(request: HttpRequest, part: str) -> HttpResponse:
    """The form of one part of the programme. raises NotFound(part_unknown)"""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    if part not in PARTS:
        raise NotFound("part_unknown", "The programme has no such part.")
    found = queries.programme(workspace.id)
    form = PARTS[part](found.programme, workspace.currency, request.POST or None)
    if request.method == "POST" and form.is_valid():
        saved = save(request, workspace, form, lambda settings: form.write(settings))
        if saved is not None:
            return saved
    context = {"form": form, "version": found.version, "title": form.title}
    return render(
        request, "loyalty/programme_part.html", context, status=422 if form.errors else 200
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: HttpRequest, rule_id: str = "") -> HttpResponse:
    """The form of one way to earn; without an id a new one. raises NotFound(rule_unknown)"""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    found = queries.programme(workspace.id)
    known = next((one for one in found.programme.earning if one.id == rule_id), None)
    if rule_id and known is None:
        raise NotFound("rule_unknown", "The programme has no such rule.")
    form = programme_forms.RuleForm(
        known, found.programme, workspace.currency, request.POST or None
    )
    if request.method == "POST":
        is_gone = request.POST.get("action") == "delete" and known is not None
        if is_gone or form.is_valid():
            write = form.remove if is_gone else form.write
            saved = save(request, workspace, form, write)
            if saved is not None:
                return saved
    context = {"form": form, "version": found.version, "rule": known}
    return render(request, "loyalty/rule.html", context, status=422 if form.errors else 200)


def save(
    request: HttpRequest,
    workspace: WorkspaceRecord,
    form: forms.Form,
    write: Callable[[Settings], None],
    to: str = "loyalty:programme",
) -> HttpResponse | None:
    """Write the settings with this change; None when the form says what is wrong with it."""
    settings = programme_forms.stored(queries.programme(workspace.id).settings)
    write(settings)
    asked = request.POST.get("version", "")
    version = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else None
    try:
        actions.save_settings(
            workspace.id, settings, actor=_who(request), expect_version=version or None
        )
    except Invalid as error:
        form.add_error(None, _fault(error))
        return None
    except Conflict:
        form.add_error(None, _("Somebody changed the programme meanwhile; look at it again."))
        return None
    messages.success(request, _("Saved; it works from the next purchase on."))
    return redirect(to)


def _fault(error: Invalid) -> str:
    faults = error.details.get("faults")
    first = faults[0] if isinstance(faults, list) and faults else {}
    path = str(first.get("path", "")) if isinstance(first, dict) else ""
    return f"{path}: {error.message}" if path else error.message


def _who(request: HttpRequest) -> str:
    return f"user:{member_of(request).user_id}"
