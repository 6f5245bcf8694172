"""Gift certificates: the list, a new one, one with what it paid."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.kernel.errors import RegularsError
from regulars.kernel.ids import new_public_id
from regulars.loyalty import code_words as words
from regulars.loyalty.actions import gift_cards as actions
from regulars.loyalty.code_forms import GiftForm, last_moment
from regulars.loyalty.code_records import PAGE_ROWS
from regulars.loyalty.pages import chrome
from regulars.loyalty.queries import gift_cards as queries
from regulars.workspaces.asking import workspace_of
from regulars.workspaces.records import Right


@login_required
@require_safe
def gift_cards(request: HttpRequest) -> HttpResponse:
    """Certificates, newest first, and what is owed for them."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    before = int(text) if (text := request.GET.get("before", "")).isdecimal() else 0
    found = queries.gift_cards(workspace.id, before=before, limit=PAGE_ROWS + 1)
    context = {
        "tabs": chrome.tabs_of(chrome.CODE_TABS, "gift_cards"),
        "rows": [(one, words.STATES[one.state]) for one in found[:PAGE_ROWS]],
        "next": found[PAGE_ROWS - 1].id if len(found) > PAGE_ROWS else 0,
        "owed_minor": queries.gift_liability(workspace.id),
    }
    return render(request, "loyalty/gift_cards.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_gift_card(request: HttpRequest) -> HttpResponse:
    """The form of a new certificate."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    form = GiftForm(workspace.currency, request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            made = actions.issue_gift_card(
                workspace.id, form.face_minor, key=chrome.key_of(request), code=said["code"],
                ends_at=last_moment(said["ends_on"], workspace.zone), note=said["note"],
                actor=chrome.actor_of(request),
            )  # fmt: skip
            return redirect("loyalty:gift_card", made.public_id)
        except RegularsError as error:
            form.add_error(None, words.told(error))
    context = {"form": form, "key": request.POST.get("key") or new_public_id()}
    return render(
        request, "loyalty/gift_card_form.html", context, status=422 if form.errors else 200
    )


@login_required
@require_safe
def gift_card(request: HttpRequest, public_id: str) -> HttpResponse:
    """One certificate: what is left, what it paid."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    one = queries.gift_card(workspace.id, public_id)
    context = {
        "card": one,
        "state": words.STATES[one.state],
        "uses": [
            (use, words.USE_STATES[use.state]) for use in queries.gift_uses(workspace.id, one.id)
        ],
    }
    return render(request, "loyalty/gift_card.html", context)


@login_required
@require_POST
def block_gift_card(request: HttpRequest, public_id: str) -> HttpResponse:
    """Stop a certificate, or let it be spent again."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    is_blocked = request.POST.get("do") == "block"
    done = _("It cannot be spent now.") if is_blocked else _("It can be spent again.")
    return chrome.tried(
        request,
        lambda: actions.block_gift_card(workspace.id, public_id, is_blocked=is_blocked),
        done, "gift_card", public_id,
    )  # fmt: skip
