"""Customers who may be one person: side by side, merged, told apart or put off."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from regulars.customers import identity_words, queries, words
from regulars.customers.actions import duplicates as actions
from regulars.customers.pure.priority import weigh
from regulars.customers.queries import duplicates as found
from regulars.customers.queries.duplicates import Pair
from regulars.customers.records import PairState, Profile
from regulars.kernel.errors import Conflict, Invalid
from regulars.workspaces.asking import may, member_of, workspace_of
from regulars.workspaces.records import Right

STATES = (
    ("open", gettext_lazy("To decide")),
    ("later", gettext_lazy("Later")),
    ("different", gettext_lazy("Not the same")),
)
COMPARED = (
    "name", "first_name", "last_name", "email", "phone", "external_id", "city", "country",
    "language", "gender", "birth_on",
)  # fmt: skip
BULK_CHOICES = (99, 95, 90, 80)


@login_required
@require_GET
def duplicates(request: HttpRequest) -> HttpResponse:
    """The surest pair side by side, and those after it."""
    workspace = workspace_of(request, Right.CUSTOMERS_VIEW)
    state = request.GET.get("state", "open")
    state = state if state in dict(STATES) else "open"
    pairs = found.pairs(workspace.id, state)
    chosen = found.pair(workspace.id, request.GET.get("pair", "")) or (pairs[0] if pairs else None)
    ids = {one for pair in (*pairs, *([chosen] if chosen else [])) for one in _ids(pair)}
    people = queries.profiles(workspace.id, sorted(ids))
    context = {
        "states": STATES,
        "state": state,
        "pairs": [_row(pair, people) for pair in pairs if pair != chosen],
        "chosen": _side_by_side(workspace.id, chosen, people) if chosen else None,
        "count": found.count_above(workspace.id, 0, state),
        "search": found.last_search(workspace.id),
        "bulk": BULK_CHOICES,
        "may_edit": may(request, Right.CUSTOMERS_EDIT),
    }
    return render(request, "customers/duplicates.html", context)


def _ids(pair: Pair) -> tuple[int, int]:
    return pair.one_id, pair.other_id


def _row(pair: Pair, people: dict[int, Profile]) -> dict[str, Any]:
    return {
        "pair": pair,
        "one": _called(people[pair.one_id]),
        "other": _called(people[pair.other_id]),
        "strongest": [identity_words.FIELDS.get(r["field"], r["field"])
                      for r in pair.reasons if r["weight"] > 0][:3],
    }  # fmt: skip


def _called(profile: Profile) -> str:
    return profile.title or _("Anonymous visitor")


def _side_by_side(workspace_id: int, pair: Pair, people: dict[int, Profile]) -> dict[str, Any]:
    standings = queries.standings(workspace_id, _ids(pair))
    verdict = weigh(standings[pair.one_id], standings[pair.other_id])
    winner, loser = people[verdict.winner], people[verdict.loser]
    differing = [
        {
            "label": words.column(name),
            "winner": getattr(winner, name),
            "loser": getattr(loser, name),
            "is_same": getattr(winner, name) == getattr(loser, name),
            "is_date": name == "birth_on",
            "name": name,
        }
        for name in COMPARED
        if getattr(winner, name) is not None or getattr(loser, name) is not None
    ]
    return {
        "pair": pair,
        "winner": winner,
        "loser": loser,
        "winner_name": _called(winner),
        "loser_name": _called(loser),
        "rule": identity_words.rule(verdict.rule),
        "rows": differing,
        "reasons": [
            {
                "label": identity_words.FIELDS.get(reason["field"], reason["field"]),
                "is_for": reason["weight"] > 0,
                "weight": abs(reason["weight"]),
            }
            for reason in sorted(pair.reasons, key=lambda reason: -abs(reason["weight"]))
        ],
    }


@login_required
@require_POST
def decide(request: HttpRequest, pair_id: str) -> HttpResponse:
    """Merge a pair, tell it apart, or put it off."""
    workspace = workspace_of(request, Right.CUSTOMERS_EDIT)
    try:
        state = PairState(request.POST.get("state", ""))
    except ValueError:
        raise Invalid("pair_state", _("Choose what to do with the two.")) from None
    is_confirmed = request.POST.get("confirmed") == "1"
    try:
        actions.decide_pair(
            workspace.id, pair_id, state, actor=member_of(request).email, is_confirmed=is_confirmed
        )
    except Conflict as error:
        if error.code != "pair_told_apart":
            raise
        return _ask_apart(request, workspace.id, pair_id)
    told = {
        PairState.MERGED: _("The two are one customer now. The merge log can take it back."),
        PairState.DIFFERENT: _("They stay two and are not proposed again."),
        PairState.LATER: _("Put off."),
        PairState.OPEN: _("The pair is to be decided again."),
    }
    messages.success(request, told[state])
    return redirect("customers:duplicates")


def _ask_apart(request: HttpRequest, workspace_id: int, pair_id: str) -> HttpResponse:
    """Who told whom apart, and whether the two are to be one all the same."""
    pair = found.pair(workspace_id, pair_id)
    apart = found.told_apart(workspace_id, pair.one_id, pair.other_id) if pair else None
    if pair is None or apart is None:
        # Decided by somebody else in this moment.
        return redirect("customers:duplicates")
    people = queries.profiles(workspace_id, _ids(pair))
    nobody = _("Anonymous visitor")
    context = {
        "pair": pair,
        "one": people[pair.one_id],
        "other": people[pair.other_id],
        "one_name": _called(people[pair.one_id]),
        "other_name": _called(people[pair.other_id]),
        "apart": apart,
        "who": identity_words.actor(apart.by),
        "told": [apart.one_name or nobody, apart.other_name or nobody],
        "is_through": {apart.one_id, apart.other_id} != {*_ids(pair)},
    }
    return render(request, "customers/duplicates_apart.html", context, status=409)


@login_required
@require_POST
def find(request: HttpRequest) -> HttpResponse:
    """Let a worker search again."""
    workspace = workspace_of(request, Right.CUSTOMERS_EDIT)
    actions.start_search(workspace.id, actor=member_of(request).email)
    messages.info(request, _("The search is running; the pairs appear here when it is done."))
    return redirect("customers:duplicates")


@login_required
@require_GET
def ask_many(request: HttpRequest) -> HttpResponse:
    """How many pairs would be merged, asked before it is done."""
    workspace = workspace_of(request, Right.CUSTOMERS_EDIT)
    percent = _percent(request.GET.get("percent", ""))
    count = found.count_above(workspace.id, percent / 100)
    return render(request, "customers/duplicates_many.html", {"percent": percent, "count": count})


@login_required
@require_POST
def merge_many(request: HttpRequest) -> HttpResponse:
    """Merge as many pairs as were shown, when they are still as many."""
    workspace = workspace_of(request, Right.CUSTOMERS_EDIT)
    count = request.POST.get("count", "")
    if not count.isdecimal() or len(count) > 9:
        raise Invalid("pairs_count", _("The number of pairs is missing."))
    percent = _percent(request.POST.get("percent", ""))
    actions.merge_above(
        workspace.id, percent / 100, count=int(count), actor=member_of(request).email
    )
    messages.success(request, _("The pairs are being merged; each stands in the merge log."))
    return redirect("customers:duplicates")


def _percent(text: str) -> int:
    if not text.isdecimal() or len(text) > 3 or not 50 <= int(text) <= 100:
        raise Invalid("probability", _("Choose a probability between 50 and 100 percent."))
    return int(text)
