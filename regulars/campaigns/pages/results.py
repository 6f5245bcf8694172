"""What a campaign did and brought, and what became of each person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from regulars.analytics.lift import Lift
from regulars.campaigns import queries, words
from regulars.campaigns.pages.access import campaign_of, customer_of
from regulars.campaigns.pure.reactions import Step
from regulars.campaigns.pure.states import Verb, may
from regulars.campaigns.queries import CampaignReport, People, Person
from regulars.campaigns.records import CampaignRecord, State
from regulars.kernel.numbers import whole_number
from regulars.messaging.records import FINAL_STATES, MessageState
from regulars.workspaces.records import Right

ACCEPTED = (MessageState.ACCEPTED, MessageState.BOUNCED)
UNDER_WAY = (State.LAUNCHING, State.SENDING, State.PAUSED)
GROUPS = ("contacted", "control", "excluded")


@login_required
@require_GET
def report(request: HttpRequest, public_id: str) -> HttpResponse:
    """The campaign's report."""
    workspace, one = campaign_of(request, Right.CAMPAIGNS_VIEW, public_id)
    if not one.is_launched:
        return redirect("campaigns:review", public_id)
    found = queries.report(workspace.id, public_id)
    tone, label = words.state(one.state)
    context = {
        "campaign": one,
        "report": found,
        "counts": found.funnel.counts,
        "funnel_steps": _funnel_steps(found),
        "rates": words.rates(found.funnel.counts),
        "lift": found.lift,
        "stopped": _(one.reason) if one.reason else "",
        "verdict": words.verdict(found.lift),
        "money_format": f"money:{found.currency}",
        "money_plot": _money_plot(found.lift),
        "buyers_plot": _buyers_plot(found.lift),
        "places": _places(found),
        "codes": queries.codes_given(workspace.id, one),
        "waiting": one.state in UNDER_WAY,
        "planned": max(one.contacted_count, 1),
        "done": sum(n for state, n in found.states.items() if state in FINAL_STATES),
        "excluded": [
            (words.reason(code), count, _people_url(one, "excluded", reason=code))
            for code, count in found.excluded.items()
        ],
        "control_url": _people_url(one, "control"),
        "excluded_url": _people_url(one, "excluded"),
        "contacted_url": _people_url(one, "contacted"),
        "state_tone": tone,
        "state_label": label,
        "may_pause": may(one.state, Verb.PAUSE),
        "may_resume": may(one.state, Verb.RESUME),
        "may_cancel": may(one.state, Verb.CANCEL),
    }
    return render(request, "campaigns/report.html", context)


@login_required
@require_GET
def people(request: HttpRequest, public_id: str) -> HttpResponse:
    """Who got the campaign, who did not, and why."""
    workspace, one = campaign_of(request, Right.CAMPAIGNS_VIEW, public_id)
    if not one.is_launched:
        return redirect("campaigns:review", public_id)
    group = request.GET.get("group", GROUPS[0])
    group = group if group in GROUPS else GROUPS[0]
    page = _page(request, workspace.id, one, group)
    asked = request.GET.get("q", "")
    customer_id = customer_of(workspace.id, asked)
    context = {
        "campaign": one,
        "group": group,
        "groups": [
            {"url": _people_url(one, name), "label": label, "on": name == group}
            for name, label in (
                ("contacted", _("Contacted")), ("control", _("Held back")),
                ("excluded", _("Left out")),
            )
        ],
        "rows": [_line(person) for person in page.rows],
        "next": _next_url(request, page),
        "states": [(state.value, label) for state, (_tone, label) in words.MESSAGE_STATES.items()],
        "state": request.GET.get("state", ""),
        "steps": [(step.value, label) for step, label in words.STEPS.items()],
        "step": request.GET.get("step", ""),
        "reason": request.GET.get("reason", ""),
        "asked": asked,
        "answer": _line(queries.person(workspace.id, one, customer_id)) if customer_id else None,
        "is_unknown": bool(asked) and customer_id is None,
    }  # fmt: skip
    return render(request, "campaigns/people.html", context)


def _page(request: HttpRequest, workspace_id: int, one: CampaignRecord, group: str) -> People:
    after = whole_number(request.GET.get("after", "")) or 0
    reason = request.GET.get("reason", "")
    if group == "control":
        return queries.control(workspace_id, one, after=after)
    if group == "excluded":
        return queries.excluded_people(workspace_id, one, reason=reason, after=after)
    if request.GET.get("step") in {step.value for step in Step}:
        return queries.reacted(workspace_id, one, Step(request.GET["step"]), after=after)
    states = _states(request.GET.getlist("state"))
    return queries.contacted(workspace_id, one, states=states, reason=reason, after=after)


def _states(given: Sequence[str]) -> list[MessageState]:
    known = {state.value for state in MessageState}
    return [MessageState(value) for value in given if value in known]


def _line(person: Person) -> dict[str, Any]:
    tone, label = words.fate(person)
    return {
        "person": person,
        "tone": tone,
        "label": label,
        "reason": words.reason(person.reason) if person.reason else "",
    }


def _next_url(request: HttpRequest, page: People) -> str:
    if page.after is None:
        return ""
    given = request.GET.copy()
    given["after"] = str(page.after)
    given.pop("q", None)
    return f"?{given.urlencode()}"


def _people_url(one: CampaignRecord, group: str, **filters: object) -> str:
    address = reverse("campaigns:people", args=[one.public_id])
    return f"{address}?{urlencode({'group': group, **filters}, doseq=True)}"


def _funnel_steps(found: CampaignReport) -> list[dict[str, Any]]:
    counts, one = found.funnel.counts, found.campaign
    accepted = [state.value for state in ACCEPTED]
    steps = {
        step: {"name": label, "url": _people_url(one, "contacted", step=step.value)}
        for step, label in words.STEPS.items()
    }
    return [
        {"name": _("Sent"), "count": counts.sent,
         "url": _people_url(one, "contacted", state=accepted)},
        {"name": _("Delivered"), "count": counts.delivered,
         "url": _people_url(one, "contacted", state=MessageState.ACCEPTED.value)},
        {**steps[Step.OPENED], "count": counts.opened},
        {**steps[Step.OPENED_CONFIRMED], "count": counts.opened_confirmed},
        {**steps[Step.CLICKED], "count": counts.clicked},
        {**steps[Step.ORDERED], "count": counts.ordered},
    ]  # fmt: skip


def _places(found: CampaignReport) -> list[dict[str, Any]]:
    """Messages by where they stand, each with the reasons under it."""
    places = []
    for state, (tone, label) in words.MESSAGE_STATES.items():
        if not found.states.get(state):
            continue
        reasons = [
            (words.reason(text), count,
             _people_url(found.campaign, "contacted", state=state.value, reason=text))
            for (of, text), count in found.reasons.items()
            if of is state
        ]  # fmt: skip
        places.append({"tone": tone, "label": label, "count": found.states[state],
                       "url": _people_url(found.campaign, "contacted", state=state.value),
                       "reasons": reasons})  # fmt: skip
    return places


def _money_plot(lift: Lift) -> dict[str, Any] | None:
    interval = lift.money_per_contacted_interval
    if interval is None:
        return None
    return {
        "label": _("Extra money per contacted customer"),
        "finding": words.verdict(lift).text,
        "rows": [{"name": _("Money per customer"), "low": interval.low,
                  "mid": lift.money_per_contacted, "high": interval.high}],
    }  # fmt: skip


def _buyers_plot(lift: Lift) -> dict[str, Any] | None:
    interval = lift.buyers.interval
    if interval is None or not lift.is_readable:
        return None
    return {
        "label": _("Extra buyers"),
        "finding": words.verdict(lift).text,
        "rows": [{"name": _("Share of buyers"), "low": interval.low,
                  "mid": lift.buyers.difference, "high": interval.high}],
    }  # fmt: skip
