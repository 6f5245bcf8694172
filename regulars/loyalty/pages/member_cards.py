"""Cards of one member: issuing, blocking, swapping."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from regulars.kernel.errors import Invalid, NotFound
from regulars.kernel.ids import new_public_id
from regulars.loyalty import code_words as words
from regulars.loyalty.actions import card_discounts
from regulars.loyalty.actions import cards as actions
from regulars.loyalty.pages import chrome
from regulars.loyalty.pure.cards import spaced
from regulars.loyalty.pure.promotions.sentences import percent
from regulars.loyalty.queries import cards as queries
from regulars.loyalty.queries import members
from regulars.loyalty.queries.members import MemberRecord
from regulars.workspaces.asking import workspace_of
from regulars.workspaces.records import Right


@login_required
@require_safe
def member_cards(request: HttpRequest, public_id: str) -> HttpResponse:
    """Every card the member has or had."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    member = _member(workspace.id, public_id)
    context = {
        "member": member,
        "person": chrome.people(workspace.id, [member.id]).get(member.id),
        "rows": [
            (
                one,
                spaced(one.number),
                words.STATES[one.state],
                queries.page_url(workspace, one.public_id),
                percent(one.discount),
            )
            for one in queries.cards_of_member(workspace.id, member.id)
        ],
        "key": new_public_id(),
    }
    return render(request, "loyalty/member_cards.html", context)


@login_required
@require_POST
def issue_card(request: HttpRequest, public_id: str) -> HttpResponse:
    """A new card, or a plastic one that was printed before."""
    workspace = workspace_of(request, Right.LOYALTY_TILL)
    member = _member(workspace.id, public_id)
    return chrome.tried(
        request,
        lambda: actions.issue_card(
            workspace.id, member.id, key=chrome.key_of(request),
            number=request.POST.get("number", ""), actor=chrome.actor_of(request),
        ),
        _("The card is issued."), "member_cards", public_id,
    )  # fmt: skip


@login_required
@require_POST
def change_card(request: HttpRequest, public_id: str, card_id: str) -> HttpResponse:
    """Block, unblock or swap a card of the member."""
    workspace = workspace_of(request, Right.LOYALTY_TILL)
    member = _member(workspace.id, public_id)
    if queries.card(workspace.id, card_id).member_id != member.id:
        raise NotFound("card_unknown", "There is no such card.")
    if request.POST.get("do") == "discount":
        return _discount(request, public_id, card_id)
    reason = request.POST.get("reason", "")
    acts: dict[str, Callable[[], object]] = {
        "block": lambda: actions.block_card(workspace.id, card_id, reason=reason),
        "unblock": lambda: actions.unblock_card(workspace.id, card_id),
        "swap": lambda: actions.swap_card(
            workspace.id, card_id, key=chrome.key_of(request), actor=chrome.actor_of(request)
        ),
    }
    act = acts.get(request.POST.get("do", ""))
    if act is None:
        raise Invalid("card_step", "Block, unblock or swap the card.")
    done = {
        "block": _("The card is blocked."),
        "unblock": _("The card may be used again."),
        "swap": _("The card is swapped; the old number is of no use now."),
    }
    return chrome.tried(request, act, done[request.POST["do"]], "member_cards", public_id)


def _discount(request: HttpRequest, public_id: str, card_id: str) -> HttpResponse:
    """A fixed discount of the card, by whoever may change the programme."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    try:
        share = int(Decimal(request.POST.get("discount", "").replace(",", ".") or "0") * 100)
    except (InvalidOperation, ValueError, OverflowError):
        share = -1
    return chrome.tried(
        request,
        lambda: card_discounts.set_discount(workspace.id, card_id, share),
        _("Saved."),
        "member_cards",
        public_id,
    )


def _member(workspace_id: int, public_id: str) -> MemberRecord:
    found = members.member(workspace_id, public_id)
    if found is None:
        raise NotFound("member_unknown", "There is no such member.")
    return found
