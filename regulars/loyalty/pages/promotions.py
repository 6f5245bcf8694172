"""Promotions: the list, one as a sentence with what it meets, and the form that changes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.kernel.errors import Conflict, Invalid, Refused
from regulars.loyalty import promotion_words as words
from regulars.loyalty.actions import promotions as actions
from regulars.loyalty.promotion_forms import JsonForm, PromotionForm, grouped, initial_of, posted
from regulars.loyalty.promotion_records import PromotionRecord
from regulars.loyalty.pure.promotions.conflicts import conflicts_of, lowest_of
from regulars.loyalty.pure.promotions.model import Promotion, State
from regulars.loyalty.pure.promotions.reading import read_promotion
from regulars.loyalty.pure.promotions.sentences import Names, percent, sentence
from regulars.loyalty.queries import programme as programmes
from regulars.loyalty.queries import promotions as queries
from regulars.segments import queries as segments
from regulars.workspaces.asking import member_of, workspace_of
from regulars.workspaces.records import Right, WorkspaceRecord

PAGE_SIZE = 50
SEARCH_CHARS_MAX = 100
MOVES: Mapping[str, State] = {"start": "live", "pause": "paused", "end": "ended", "reopen": "draft"}
Form = PromotionForm | JsonForm


@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Every promotion as a sentence, by state."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    search = request.GET.get("search", "")[:SEARCH_CHARS_MAX].strip()
    state = request.GET.get("state", "")
    states = [one for one in queries.STATES if not state or one == state]
    total = queries.how_many(workspace.id, states=states, search=search)
    pages = max(1, -(-total // PAGE_SIZE))
    number = min(max(1, _whole(request.GET.get("page", ""))), pages)
    found = queries.promotions(
        workspace.id,
        states=states,
        search=search,
        limit=PAGE_SIZE,
        offset=(number - 1) * PAGE_SIZE,
    )
    names = names_of(workspace)
    counts = queries.counts(workspace.id)
    context = {
        "rows": [
            {"one": one, "state": words.state(one), "sentence": said(one.promotion, names)}
            for one in found
        ],
        "search": search,
        "state": state,
        "states": [("", _("all")), *((one, words.STATES[one]) for one in queries.STATES)],
        "number": number,
        "pages": pages,
        "total": total,
        "has_any": bool(counts),
    }
    return render(request, "loyalty/promotions.html", context)


@login_required
@require_safe
def one(request: HttpRequest, slug: str) -> HttpResponse:
    """One promotion: its sentence, what it meets, its history, and what may be done with it."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    found = queries.promotion(workspace.id, slug)
    context = {
        "one": found,
        "state": words.state(found),
        "sentence": said(found.promotion, names_of(workspace)),
        "moves": words.moves(found.state),
        "history": [
            (version, words.STATES.get(version.what, version.what))
            for version in queries.history(workspace.id, slug)[:10]
        ],
        "rules": json.dumps(found.definition, ensure_ascii=False, indent=2),
        **warnings(workspace, found.promotion),
    }
    return render(request, "loyalty/promotion.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str = "") -> HttpResponse:
    """The form of a promotion; without a slug of a new one."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    known = queries.promotion(workspace.id, slug) if slug else None
    form = _form(request, workspace, known)
    context: dict[str, Any] = {"form": form, "one": known, "is_json": isinstance(form, JsonForm)}
    if request.method == "POST" and form.is_valid():
        definition = form.definition()
        promotion = _read(workspace, form, definition, slug or "new")
        if promotion is not None:
            if request.POST.get("action") != "check":
                saved = _save(request, workspace, form, known, definition)
                if saved is not None:
                    return redirect("loyalty:promotion", slug=saved.slug)
            context["sentence"] = said(promotion, names_of(workspace))
            context |= warnings(workspace, promotion)
    context["is_more"] = _says_more(form)
    status = 422 if form.errors else 200
    return render(request, "loyalty/promotion_form.html", context, status=status)


@login_required
@require_POST
def move(request: HttpRequest, slug: str) -> HttpResponse:
    """Start, pause, end or reopen."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    state = MOVES.get(request.POST.get("move", ""))
    if state is None:
        raise Invalid("move_unknown", "A promotion is started, paused, ended or reopened.")
    try:
        actions.set_state(workspace.id, slug, state, actor=member_of(request).email)
        messages.success(request, str(words.MOVED[state]))
    except Refused as refused:
        messages.error(request, words.error(refused))
    return redirect("loyalty:promotion", slug=slug)


def names_of(workspace: WorkspaceRecord) -> Names:
    """How this workspace calls what promotions point at."""
    settled = programmes.programme(workspace.id).programme
    return Names(
        currency=workspace.currency,
        segments=segments.names_by_slug(workspace.id),
        tiers={tier.slug: tier.name for tier in settled.tiers.tiers},
        rule=lambda text: _rule(workspace.id, text),
    )


def said(promotion: Promotion, names: Names) -> str:
    """The promotion in the reader's language."""
    return sentence(promotion, language(), names)


def language() -> str:
    """The reader's language."""
    return (get_language() or "en")[:2]


def warnings(workspace: WorkspaceRecord, promotion: Promotion) -> dict[str, Any]:
    """Which live promotions touch the same goods, and how low the price can come."""
    live = [one.promotion for one in queries.promotions(workspace.id, states=("live",))]
    lowest = lowest_of(promotion, live)
    return {
        "conflicts": [
            {"other": one.other, "how": words.MEETINGS[one.how]}
            for one in conflicts_of(promotion, live)
        ],
        "lowest": lowest,
        "lowest_percent": percent(lowest.share),
        "floor_minor": programmes.programme(workspace.id).programme.pricing.floor_minor,
    }


def _rule(workspace_id: int, text: str) -> str:
    try:
        return segments.sentence(workspace_id, json.loads(text), language())
    except Invalid:
        return text


def _form(request: HttpRequest, workspace: WorkspaceRecord, known: PromotionRecord | None) -> Form:
    sent = request.POST if request.method == "POST" else None
    as_json = (request.POST if sent is not None else request.GET).get("as") == "json"
    initial: dict[str, Any] = {"priority": 100, "lane": "cart", "pick": "all"}
    if known is not None:
        initial = {"name": known.name, "note": known.note}
        zone = ZoneInfo(workspace.time_zone)
        fields = initial_of(known.definition, currency=workspace.currency, zone=zone)
        if as_json or not _is_sayable(workspace, known, fields):
            shown = json.dumps(known.definition, ensure_ascii=False, indent=2)
            return JsonForm(sent, initial={**initial, "rules": shown})
        initial |= fields
    elif as_json:
        return JsonForm(sent, initial={"rules": '{\n  "effects": []\n}'})
    return _fields(workspace, sent, initial)


# Fields that stand folded away until one of them says something, and what says nothing.
MORE = (
    "uses_member", "uses_total", "budget", "period", "lane", "priority", "group", "group_mode",
    "is_exclusive", "not_with",
)  # fmt: skip
USUAL = ("", "None", "False", "all", "cart", "100")


def _says_more(form: Form) -> bool:
    named = [form[name] for name in MORE if name in form.fields]
    return any(one.errors or str(one.value()) not in USUAL for one in named)


def _fields(workspace: WorkspaceRecord, sent: Any, initial: Mapping[str, Any]) -> PromotionForm:
    settled = programmes.programme(workspace.id).programme
    return PromotionForm(
        sent,
        segments=segments.names_by_slug(workspace.id),
        tiers=[(tier.slug, tier.name) for tier in settled.tiers.tiers],
        currency=workspace.currency,
        zone=ZoneInfo(workspace.time_zone),
        initial=initial,
    )


def _is_sayable(
    workspace: WorkspaceRecord, known: PromotionRecord, fields: Mapping[str, Any]
) -> bool:
    """Whether the fields say the whole of the rules."""
    form = _fields(workspace, posted({**fields, "name": known.name}), {})
    if not form.is_valid():
        return False
    try:
        again = read_promotion(form.definition(), slug=known.slug, name=known.name)
    except Invalid:
        return False
    return again == read_promotion(grouped(known.definition), slug=known.slug, name=known.name)


def _read(
    workspace: WorkspaceRecord, form: Form, definition: Mapping[str, Any], slug: str
) -> Promotion | None:
    """The promotion as the form has it; what is wrong is said on the form."""
    try:
        return actions.checked(workspace.id, definition, slug, form.cleaned_data["name"])
    except Invalid as fault:
        for text in words.faults(fault):
            form.add_error(None, text)
        return None


def _save(
    request: HttpRequest,
    workspace: WorkspaceRecord,
    form: Form,
    known: PromotionRecord | None,
    definition: Mapping[str, Any],
) -> PromotionRecord | None:
    said_of = {"name": form.cleaned_data["name"], "note": form.cleaned_data["note"]}
    actor = member_of(request).email
    try:
        if known is None:
            saved = actions.create_promotion(
                workspace.id, definition=definition, actor=actor, **said_of
            )
        else:
            version = _whole(request.POST.get("version", "")) or None
            saved = actions.change_promotion(
                workspace.id,
                known.slug,
                definition=definition,
                actor=actor,
                expect_version=version,
                **said_of,
            )
    except (Conflict, Refused) as refused:
        form.add_error(None, words.error(refused))
        return None
    messages.success(request, _("Saved."))
    return saved


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0
