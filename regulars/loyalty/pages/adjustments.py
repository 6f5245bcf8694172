"""Changes by hand: asked for with a reason, and above a limit agreed to by a second person."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from regulars.customers import queries as customers
from regulars.kernel.errors import Conflict, Invalid, NotFound, Refused
from regulars.kernel.ids import new_public_id
from regulars.loyalty.actions import adjustments, members
from regulars.loyalty.actions.adjustments import REASON_LENGTH_MAX, Adjust
from regulars.loyalty.pages.ledger import named
from regulars.loyalty.pure.programme import Programme
from regulars.loyalty.queries import balances, manual
from regulars.loyalty.queries import members as member_queries
from regulars.loyalty.queries import programme as programmes
from regulars.store.scope import scope
from regulars.workspaces import queries as workspaces
from regulars.workspaces.asking import member_of, workspace_of
from regulars.workspaces.records import Right, WorkspaceRecord

KEY_CHARS_MAX = 60
POINTS_CHARS_MAX = 20


@login_required
@require_http_methods(["GET", "HEAD"])
def listing(request: HttpRequest) -> HttpResponse:
    """Changes that wait for a second person, and those decided."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    waiting, decided = manual.waiting(workspace.id), manual.decided(workspace.id)
    people = named(workspace.id, sorted({one.member_id for one in (*waiting, *decided)}))
    team = {
        f"user:{one.user_id}": one.name or one.email for one in workspaces.members(workspace.id)
    }
    me = f"user:{member_of(request).user_id}"

    def row(one: Any) -> dict[str, Any]:
        return {
            "record": one,
            "person": people.get(one.member_id),
            "asked_by": team.get(one.asked_by, one.asked_by),
            "decided_by": team.get(one.decided_by, one.decided_by),
            "is_mine": one.asked_by == me,
        }

    context = {
        "waiting": [row(one) for one in waiting],
        "decided": [row(one) for one in decided],
        "limit": programmes.programme(workspace.id).programme.holding.approval_points,
    }
    return render(request, "loyalty/adjustments.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def adjust(request: HttpRequest, public_id: str) -> HttpResponse:
    """Give points to a customer or take them, with a reason."""
    workspace = workspace_of(request, Right.LOYALTY_ADJUST)
    customer_id = customers.customer_id_of(workspace.id, public_id)
    profile = customers.profiles(workspace.id, [customer_id])[customer_id]
    given = {name: request.POST.get(name, "") for name in ("points", "reason", "way", "currency")}
    faults: dict[str, str] = {}
    if request.method == "POST":
        done = _adjust(request, workspace, customer_id, given, faults)
        if done is not None:
            return done
    programme = programmes.programme(workspace.id).programme
    context = {
        "profile": profile,
        "given": given,
        "faults": faults,
        "key": request.POST.get("key") or new_public_id(),
        "currencies": programme.currencies,
        "limit": programme.holding.approval_points,
        "reason_max": REASON_LENGTH_MAX,
        "held": _held(workspace, customer_id, programme),
    }
    return render(request, "loyalty/adjust.html", context, status=422 if faults else 200)


def _held(
    workspace: WorkspaceRecord, customer_id: int, programme: Programme
) -> list[tuple[str, int]]:
    """What the customer may spend now, by kind of points; nothing for who takes no part."""
    member = member_queries.of_customer(workspace.id, customer_id)
    if member is None:
        return []
    own = balances.balances(workspace.id, [member.id])[member.id]
    return [
        (one.name, own[one.slug].available if one.slug in own else 0)
        for one in programme.currencies
    ]


def _adjust(
    request: HttpRequest,
    workspace: WorkspaceRecord,
    customer_id: int,
    given: dict[str, str],
    faults: dict[str, str],
) -> HttpResponse | None:
    points = _points(given["points"])
    programme = programmes.programme(workspace.id).programme
    currency = programme.currency(given["currency"]) or programme.main
    if points is None:
        faults["points"] = _("Write how many points, such as 100 or 12.50.")
    if not given["reason"].strip():
        faults["reason"] = _("Say why; it stands in the ledger for ever.")
    if faults or points is None:
        return None
    (member_id,) = members.enrol(workspace.id, [customer_id])
    asked = Adjust(
        member_id=member_id,
        currency=currency.slug,
        points=-points if given["way"] == "take" else points,
        reason=given["reason"],
        key=f"page:{request.POST.get('key', '')[:KEY_CHARS_MAX]}",
        actor=f"user:{member_of(request).user_id}",
    )
    try:
        made = adjustments.adjust(workspace.id, asked, limit=programme.holding.approval_points)
    except Refused:
        faults["points"] = _("There are not so many points to take.")
        return None
    except (Invalid, Conflict) as error:
        faults["reason"] = error.message
        return None
    if made.state == "waiting":
        messages.info(request, _("It waits for a second person, as it is above the limit."))
        return redirect("loyalty:adjustments")
    messages.success(request, _("Done; it stands in the ledger."))
    return redirect("customers:card", request.resolver_match.kwargs["public_id"])  # type: ignore[union-attr]


def _points(text: str) -> int | None:
    plain = text.replace(" ", "").replace("\u00a0", "").replace(",", ".")[:POINTS_CHARS_MAX]
    try:
        amount = Decimal(plain)
    except InvalidOperation:
        return None
    hundredths = amount * 100
    is_sound = amount.is_finite() and amount > 0 and hundredths == hundredths.to_integral_value()
    return int(hundredths) if is_sound else None


@login_required
@require_POST
def decide(request: HttpRequest, public_id: str) -> HttpResponse:
    """Agree to a change that waits, or refuse it."""
    workspace = workspace_of(request, Right.LOYALTY_ADJUST)
    actor = f"user:{member_of(request).user_id}"
    act = adjustments.approve if request.POST.get("act") == "approve" else adjustments.refuse
    try:
        # A refusal is told by a redirect, so what was begun is undone here.
        with scope(workspace.id):
            act(workspace.id, public_id, actor)
    except NotFound:
        raise
    except (Refused, Conflict) as error:
        messages.error(request, SAID.get(error.code, error.message))
    else:
        messages.success(request, _("Decided."))
    return redirect("loyalty:adjustments")


SAID = {
    "second_person_needed": "Somebody else must agree to this.",
    "adjustment_decided": "This was decided before.",
    "points_insufficient": "There are not enough points to take.",
}
