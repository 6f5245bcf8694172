"""The rights of a person: everything kept about them as a file, and erasing them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from regulars.customers import queries as customers
from regulars.customers.records import Profile
from regulars.kernel.ids import new_public_id
from regulars.privacy import actions, queries, words
from regulars.privacy.records import ErasureRecord
from regulars.workspaces.asking import workspace_of
from regulars.workspaces.records import Member, Right, WorkspaceRecord

KEY_LENGTH_MAX = 60


@login_required
@require_GET
def person(request: HttpRequest, public_id: str) -> HttpResponse:
    """What can be done for this person: a file of everything, and erasing."""
    workspace = workspace_of(request, Right.CUSTOMERS_EXPORT)
    return _person_page(request, workspace, _profile(workspace, public_id))


@login_required
@require_POST
def make_export(request: HttpRequest, public_id: str) -> HttpResponse:
    """Have everything about the person put together."""
    workspace = workspace_of(request, Right.CUSTOMERS_EXPORT)
    profile = _profile(workspace, public_id)
    key = request.POST.get("key", "")[:KEY_LENGTH_MAX] or new_public_id()
    actions.ask_export(workspace.id, profile.id, actor=_who(request), key=key)
    messages.success(request, _("The file is being put together; it is here in a moment."))
    return redirect("privacy:person", profile.public_id)


@login_required
@require_GET
def download(request: HttpRequest, public_id: str) -> FileResponse:
    """The file with everything about a person."""
    workspace = workspace_of(request, Right.CUSTOMERS_EXPORT)
    found, stream = actions.download(workspace.id, public_id)
    return FileResponse(
        stream,
        as_attachment=True,
        filename=f"person-{found.customer_public_id}.zip",
        content_type="application/zip",
    )


@login_required
@require_POST
def erase(request: HttpRequest, public_id: str) -> HttpResponse:
    """Erase the person, once their name was typed."""
    workspace = workspace_of(request, Right.CUSTOMERS_ERASE)
    profile = _profile(workspace, public_id)
    if request.POST.get("confirmation", "").strip().lower() != _name(profile).lower():
        return _person_page(request, workspace, profile, is_mistyped=True)
    asked = actions.erase(workspace.id, profile.id, actor=_who(request))
    messages.success(request, _("The person is being erased; nothing is sent to them any more."))
    return redirect("privacy:erasure", asked.public_id)


@login_required
@require_GET
def erasures(request: HttpRequest) -> HttpResponse:
    """Who was erased, as far as can be said: numbers and times."""
    workspace = workspace_of(request, Right.CUSTOMERS_ERASE)
    rows = [(one, *words.STATES[one.state]) for one in queries.erasures(workspace.id)]
    return render(request, "privacy/erasures.html", {"rows": rows})


@login_required
@require_GET
def erasure(request: HttpRequest, public_id: str) -> HttpResponse:
    """The report of one erasure."""
    workspace = workspace_of(request, Right.CUSTOMERS_ERASE)
    found = queries.erasure(workspace.id, public_id)
    text, tone = words.STATES[found.state]
    context = {"erasure": found, "state": text, "tone": tone, "kept": _kept(found)}
    return render(request, "privacy/erasure.html", context)


def _kept(found: ErasureRecord) -> list[Any]:
    tables = [table for table, _reason in queries.kept(found)]
    proofs = [name for name in ("privacy_proof", "customers_suppression") if found.counts.get(name)]
    named = dict.fromkeys([*tables, *proofs])
    return [words.KEPT[table] for table in named if table in words.KEPT]


def _person_page(
    request: HttpRequest, workspace: WorkspaceRecord, profile: Profile, *, is_mistyped: bool = False
) -> HttpResponse:
    context = {
        "profile": profile,
        "name": _name(profile),
        "key": new_public_id(),
        "exports": [
            (one, *words.EXPORT_STATES[one.state])
            for one in queries.exports_of(workspace.id, profile.id)
        ],
        "erasure": queries.erasure_of_customer(workspace.id, profile.id),
        "is_mistyped": is_mistyped,
    }
    return render(request, "privacy/person.html", context, status=422 if is_mistyped else 200)


def _name(profile: Profile) -> str:
    return " ".join((profile.title or profile.public_id).split())


def _profile(workspace: WorkspaceRecord, public_id: str) -> Profile:
    customer_id = customers.customer_id_of(workspace.id, public_id)
    return customers.profiles(workspace.id, [customer_id])[customer_id]


def _who(request: HttpRequest) -> str:
    member: Member = request.member  # type: ignore[attr-defined]
    return f"user:{member.user_id}"
