"""Contact quality: what is odd about addresses, phones and birthdays, and one click to mend it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from regulars.customers import actions, queries, words
from regulars.customers.queries.quality import PAGE_ROWS
from regulars.kernel.numbers import whole_number
from regulars.workspaces.asking import may, member_of, workspace_of
from regulars.workspaces.records import Right


@login_required
@require_GET
def quality(request: HttpRequest) -> HttpResponse:
    """Open questions with counts by kind, a page at a time."""
    workspace = workspace_of(request, Right.CUSTOMERS_VIEW)
    kind = request.GET.get("kind", "")
    kind = kind if kind in words.FLAGS else ""
    found = queries.contact_flags(
        workspace.id, kind=kind, before_id=whole_number(request.GET.get("before", ""))
    )
    shown = found[:PAGE_ROWS]
    people = queries.profiles(workspace.id, [flag.customer_id for flag in shown])
    state = queries.contact_state(workspace.id)
    context = {
        "rows": [(flag, people.get(flag.customer_id), *words.FLAGS[flag.kind]) for flag in shown],
        "has_offers": any(flag.suggestion for flag in shown),
        "kinds": [
            (name, words.FLAGS[name][0], words.FLAGS[name][2], count)
            for name, count in state.counts.items()
        ],
        "kind": kind,
        "total": sum(state.counts.values()),
        "checked_at": state.checked_at,
        "before": shown[-1].id if len(found) > PAGE_ROWS else None,
        "is_first": "before" not in request.GET,
        "may_edit": may(request, Right.CUSTOMERS_EDIT),
    }
    return render(request, "customers/quality.html", context)


@login_required
@require_POST
def settle(request: HttpRequest) -> HttpResponse:
    """Accept the suggestions of the chosen lines, or ask about them no more."""
    workspace = workspace_of(request, Right.CUSTOMERS_EDIT)
    numbers = [whole_number(text) for text in request.POST.getlist("flag")]
    one = whole_number(request.POST.get("accept", ""))
    chosen = [one] if one is not None else [n for n in numbers if n is not None]
    actor = member_of(request).email
    if request.POST.get("action") == "dismiss":
        done = actions.dismiss_flags(workspace.id, chosen, actor=actor)
        told = ngettext("%(n)s line is asked about no more.",
                        "%(n)s lines are asked about no more.", done)  # fmt: skip
    else:
        done = actions.accept_suggestions(workspace.id, chosen, actor=actor)
        told = ngettext("%(n)s address is mended.", "%(n)s addresses are mended.", done)
    messages.success(request, told % {"n": done})
    if one is not None and not done:
        messages.warning(request, _("Another customer has that address, or it changed meanwhile."))
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return redirect(back if is_ours else reverse("customers:quality"))
