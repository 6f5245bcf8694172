"""The composer: recipients, message, review; each a page of its own over a saved draft."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from regulars.campaigns import actions, queries, words
from regulars.campaigns.forms import OWN_RULE, PERCENT, MessageForm, RecipientsForm, TestForm
from regulars.campaigns.pages.access import campaign_of, customer_of, member_of, workspace_of
from regulars.campaigns.pages.codes import CODE_NAME, chosen_series, code_choices, series_chosen
from regulars.campaigns.pages.sending import send_context
from regulars.campaigns.records import CampaignRecord, Draft
from regulars.customers import queries as customers
from regulars.kernel.errors import Invalid, NotFound, RegularsError
from regulars.kernel.ids import new_public_id
from regulars.kernel.numbers import whole_number
from regulars.messaging import actions as messaging
from regulars.messaging import queries as letters
from regulars.segments import queries as segments
from regulars.workspaces.records import Right, WorkspaceRecord

# E-mail HTML needs inline styles and remote pictures; it may never run or reach anything else.
PREVIEW_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https: data:;"
    " frame-ancestors 'self'"
)


@login_required
@require_GET
def campaign(request: HttpRequest, public_id: str) -> HttpResponse:
    """The page that suits the campaign's state."""
    _workspace, one = campaign_of(request, Right.CAMPAIGNS_VIEW, public_id)
    if one.is_launched:
        return redirect("campaigns:report", public_id)
    return redirect("campaigns:recipients" if one.is_editable else "campaigns:review", public_id)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Recipients of a campaign that does not exist yet."""
    workspace = workspace_of(request, Right.CAMPAIGNS_EDIT)
    rule = _given_rule(request)
    first = {"segment": OWN_RULE if rule else request.GET.get("segment", "")}
    form = RecipientsForm(request.POST or None, initial=first)
    form.offer(_choices(workspace.id, has_rule=rule is not None))
    form.offer_topics(_topics(workspace.id))
    if request.method == "POST" and form.is_valid():
        draft = _with_recipients(workspace.id, Draft(name=""), form.cleaned_data, rule)
        made = actions.create_draft(workspace.id, draft, key=request.POST.get("key") or None)
        return redirect("campaigns:message", made.public_id)
    context = {"form": form, "key": request.POST.get("key") or new_public_id(), "rule": rule,
               "rule_text": json.dumps(rule) if rule else "", "steps": _steps(None)}  # fmt: skip
    return render(request, "campaigns/recipients.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def recipients(request: HttpRequest, public_id: str) -> HttpResponse:
    """Who the campaign is for."""
    workspace, one = campaign_of(request, Right.CAMPAIGNS_EDIT, public_id)
    if not one.is_editable:
        return redirect("campaigns:review", public_id)
    form = RecipientsForm(request.POST or None, initial=_first(workspace.id, one))
    form.offer(_choices(workspace.id, has_rule=one.rule is not None))
    form.offer_topics(_topics(workspace.id, one.topic))
    if request.method == "POST" and form.is_valid():
        draft = _with_recipients(workspace.id, one.draft(), form.cleaned_data, one.rule)
        actions.update(workspace.id, public_id, draft)
        return redirect("campaigns:message", public_id)
    context = {"form": form, "campaign": one, "steps": _steps(one)}
    if not form.errors and (one.segment_id or one.rule):
        context["reach"] = _reach_lines(queries.campaign_reach(workspace.id, one))
    return render(request, "campaigns/recipients.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def reach(request: HttpRequest) -> HttpResponse:
    """How far the chosen segment reaches: a part of the page, renewed when the choice changes."""
    workspace = workspace_of(request, Right.CAMPAIGNS_EDIT)
    form = RecipientsForm(request.GET)
    segment = _segment_of(workspace.id, request.GET.get("segment", ""))
    rule = _given_rule(request) if segment is None else segment.rule
    percent = whole_number(request.GET.get("control_percent", "")) or 0
    context: dict[str, Any] = {"form": form}
    if rule is not None:
        part = min(percent, 50) / PERCENT
        found = queries.reach(workspace.id, rule, salt=request.GET.get("salt", ""), share=part,
                              topic=request.GET.get("topic", ""))  # fmt: skip
        context["reach"] = _reach_lines(found)
    return render(request, "campaigns/parts/reach.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def message(request: HttpRequest, public_id: str) -> HttpResponse:
    """What the campaign says, with a preview beside it."""
    workspace, one = campaign_of(request, Right.CAMPAIGNS_EDIT, public_id)
    if not one.is_editable:
        return redirect("campaigns:review", public_id)
    form = MessageForm(request.POST or None, initial=_message_first(workspace.id, one, request))
    form.offer_series(code_choices(workspace.id, one))
    if request.method == "POST" and form.is_valid():
        draft = _with_message(workspace.id, one.draft(), form.cleaned_data)
        one = actions.update(workspace.id, public_id, draft)
        if not request.headers.get("HX-Request"):
            step = "message" if "stay" in request.POST else "review"
            return redirect(f"campaigns:{step}", public_id)
    context = {"form": form, "campaign": one, "steps": _steps(one),
               "test_form": TestForm(initial={"address": member_of(request).email}),
               "templates": letters.templates(workspace.id),
               **_preview_context(request, workspace.id, one)}  # fmt: skip
    if request.headers.get("HX-Request"):
        return render(request, "campaigns/parts/preview.html", context,
                      status=422 if form.errors else 200)  # fmt: skip
    return render(request, "campaigns/message.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
@xframe_options_sameorigin
def preview(request: HttpRequest, public_id: str) -> HttpResponse:
    """The letter as a customer would get it, for a frame that may do nothing."""
    workspace, one = campaign_of(request, Right.CAMPAIGNS_VIEW, public_id)
    try:
        shown = _previewed(workspace.id, one, request.GET.get("customer", ""))
        body = shown.html if shown else ""
    except Invalid as error:
        body = format_html("<p>{}</p>", _(error.message))
    response = HttpResponse(body)
    response.headers["Content-Security-Policy"] = PREVIEW_POLICY
    return response


@login_required
@require_POST
def send_test(request: HttpRequest, public_id: str) -> HttpResponse:
    """A copy of the letter, as one customer would get it, to an address of the member's choice."""
    workspace, one = campaign_of(request, Right.CAMPAIGNS_EDIT, public_id)
    form = TestForm(request.POST)
    customer_id = _preview_customer(workspace.id, one, request.POST.get("customer", ""))
    if not form.is_valid() or customer_id is None:
        messages.error(request, _("Give an address, and choose recipients first."))
        return redirect("campaigns:message", public_id)
    address = form.cleaned_data["address"]
    try:
        messaging.send_test(
            workspace.id, subject=one.subject, source=one.source, customer_id=customer_id,
            address=address, samples=queries.samples(workspace.id, one),
        )  # fmt: skip
    except RegularsError as error:
        messages.error(request, _(error.message))
    else:
        messages.success(request, _("The test was sent to %(address)s.") % {"address": address})
    return redirect("campaigns:message", public_id)


@login_required
@require_GET
def review(request: HttpRequest, public_id: str) -> HttpResponse:
    """All that matters before sending, and the button."""
    workspace, one = campaign_of(request, Right.CAMPAIGNS_VIEW, public_id)
    if one.is_launched:
        return redirect("campaigns:report", public_id)
    return render(request, "campaigns/review.html", review_context(workspace, one))


def review_context(workspace: WorkspaceRecord, one: CampaignRecord) -> dict[str, Any]:
    """What the review page shows."""
    found = queries.review(workspace.id, one)
    names = {row.id: row for row in segments.segments(workspace.id)}
    tone, label = words.state(one.state)
    return {
        "campaign": one,
        "stopped": _(one.reason) if one.reason else "",
        "review": found,
        "reach": _reach_lines(found.reach),
        "lacks": [words.LACKS[code] for code in found.lacks],
        "code_name": CODE_NAME,
        "links": [(link.url, words.LINK_FAULTS.get(link.fault, "")) for link in found.letter.links],
        "segment": names.get(one.segment_id or 0),
        "steps": _steps(one),
        "topic": dict(_topics(workspace.id, one.topic)).get(one.topic, "") if one.topic else "",
        "state_tone": tone,
        "state_label": label,
        **send_context(one, found.reach),
    }


def _steps(one: CampaignRecord | None) -> list[tuple[str, str]]:
    names = (("recipients", _("Recipients")), ("message", _("Message")), ("review", _("Review")))
    return [
        (label, reverse(f"campaigns:{name}", args=[one.public_id]) if one else "")
        for name, label in names
    ]


def _choices(workspace_id: int, *, has_rule: bool) -> list[tuple[str, str]]:
    found = [(row.public_id, row.name) for row in segments.segments(workspace_id)]
    own = [(OWN_RULE, _("The rule this campaign was started with"))] if has_rule else []
    return [("", _("Choose a segment")), *own, *found]


def _topics(workspace_id: int, chosen: str = "") -> list[tuple[str, str]]:
    """The topics in use, and the chosen one even when it is not any more."""
    language = translation.get_language() or ""
    found = customers.topics(workspace_id, with_archived=True)
    used = [one for one in found if not one.is_archived or one.key == chosen]
    return [("", _("No topic")), *((one.key, one.name_in(language)) for one in used)]


def _segment_of(workspace_id: int, public_id: str) -> Any:
    rows = segments.segments(workspace_id)
    return next((row for row in rows if row.public_id == public_id), None)


def _given_rule(request: HttpRequest) -> Mapping[str, Any] | None:
    text = request.POST.get("rule") or request.GET.get("rule") or ""
    if not text:
        return None
    try:
        rule = json.loads(text)
    except ValueError as error:
        raise Invalid("rule_invalid", _("The link has no rule that can be read.")) from error
    return rule if isinstance(rule, dict) else None


def _with_recipients(
    workspace_id: int, draft: Draft, given: Mapping[str, Any], rule: Mapping[str, Any] | None
) -> Draft:
    segment = _segment_of(workspace_id, given["segment"])
    return replace(
        draft,
        name=given["name"],
        segment_id=segment.id if segment else None,
        rule=rule,
        control_share=given["control_percent"] / PERCENT,
        window_days=given["window_days"],
        pace_per_hour=given["pace_per_hour"],
        topic=given["topic"],
    )


def _with_message(workspace_id: int, draft: Draft, given: Mapping[str, Any]) -> Draft:
    return replace(
        draft,
        subject=given["subject"],
        source=given["source"],
        code_series_id=series_chosen(workspace_id, given["code_series"]),
    )


def _first(workspace_id: int, one: CampaignRecord) -> dict[str, Any]:
    chosen = {row.id: row.public_id for row in segments.segments(workspace_id)}
    own = OWN_RULE if one.rule is not None else ""
    return {
        "name": one.name,
        "segment": chosen.get(one.segment_id or 0, own),
        "control_percent": round(one.control_share * PERCENT),
        "window_days": one.window_days,
        "pace_per_hour": one.pace_per_hour,
        "topic": one.topic,
    }


def _message_first(workspace_id: int, one: CampaignRecord, request: HttpRequest) -> dict[str, str]:
    chosen = request.GET.get("template", "")
    letter: Any = letters.template(workspace_id, chosen).version if chosen else one
    series = chosen_series(workspace_id, one)
    return {"subject": letter.subject, "source": letter.source, "code_series": series}


def _preview_context(
    request: HttpRequest, workspace_id: int, one: CampaignRecord
) -> dict[str, Any]:
    given = request.POST.get("customer") or request.GET.get("customer") or ""
    context: dict[str, Any] = {"customer": given, "stamp": int(one.updated_at.timestamp())}
    customer_id = _preview_customer(workspace_id, one, given)
    if customer_id is None:
        context["fault"] = (
            _("Nobody is known by that name.")
            if given
            else _("Choose recipients to see a preview.")
        )
        return context
    profile = customers.profiles(workspace_id, [customer_id]).get(customer_id)
    context["as_customer"] = profile
    try:
        context["preview"] = _letter_for(workspace_id, one, customer_id)
    except Invalid as error:
        context["fault"] = _(error.message)
    return context


def _preview_customer(workspace_id: int, one: CampaignRecord, text: str) -> int | None:
    if text:
        return customer_of(workspace_id, text)
    if one.segment_id is None and one.rule is None:
        return None
    return next(iter(queries.sample(workspace_id, one)), None)


def _previewed(workspace_id: int, one: CampaignRecord, text: str) -> Any:
    customer_id = _preview_customer(workspace_id, one, text)
    return None if customer_id is None else _letter_for(workspace_id, one, customer_id)


def _letter_for(workspace_id: int, one: CampaignRecord, customer_id: int) -> Any:
    if not one.source.strip():
        return None
    try:
        return queries.preview(workspace_id, one, customer_id)
    except NotFound:
        return None


def _reach_lines(found: Any) -> dict[str, Any]:
    return {
        "found": found,
        "excluded": [(words.reason(code), count) for code, count in found.excluded.items()],
    }
