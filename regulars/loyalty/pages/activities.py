"""Activities with their draws, and what waits for a person to look at it."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from io import BytesIO

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.kernel import clock
from regulars.kernel.errors import NotFound, RegularsError
from regulars.kernel.ids import new_public_id
from regulars.kernel.sheets import CONTENT_TYPES, sheet
from regulars.loyalty import code_words as words
from regulars.loyalty import photos
from regulars.loyalty.actions import activities as actions
from regulars.loyalty.code_forms import hundredths, last_moment
from regulars.loyalty.pages import chrome
from regulars.loyalty.queries import activities as queries
from regulars.loyalty.queries import series
from regulars.loyalty.reward_forms import ActivityForm, DrawForm
from regulars.loyalty.reward_records import PAGE_ROWS, DrawRecord, EntranceRecord
from regulars.workspaces.asking import workspace_of
from regulars.workspaces.records import Right


@login_required
@require_safe
def activities(request: HttpRequest) -> HttpResponse:
    """Every activity with how many took part."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    counts = queries.counts(workspace.id)
    context = {
        "tabs": chrome.tabs_of(chrome.REWARD_TABS, "activities"),
        "rows": [
            (one, words.ACTIVITY_KINDS[one.kind], words.STATES[one.state], one.points,
             counts.get(one.id, {}))
            for one in queries.activities(workspace.id)
        ],
    }  # fmt: skip
    return render(request, "loyalty/activities.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_activity(request: HttpRequest) -> HttpResponse:
    """The form of a new activity."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    pools = [
        (one.slug, one.name) for one in series.all_series(workspace.id) if one.kind == "unique"
    ]
    form = ActivityForm(chrome.currencies(workspace.id), pools, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create_activity(
                workspace.id, form.terms(workspace.zone, workspace.currency),
                kind=form.cleaned_data["kind"], key=chrome.key_of(request),
                actor=chrome.actor_of(request),
            )  # fmt: skip
            return redirect("loyalty:activity", made.public_id)
        except RegularsError as error:
            form.add_error(None, words.told(error))
    context = {"form": form, "key": request.POST.get("key") or new_public_id()}
    return render(
        request, "loyalty/activity_form.html", context, status=422 if form.errors else 200
    )


@login_required
@require_safe
def activity(request: HttpRequest, public_id: str) -> HttpResponse:
    """One activity: who took part, its draws."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    one = queries.activity(workspace.id, public_id)
    before = int(text) if (text := request.GET.get("before", "")).isdecimal() else 0
    found = queries.entrances_of(workspace.id, one.id, before=before, limit=PAGE_ROWS + 1)
    draws, now = queries.draws(workspace.id, one.id), clock.now()
    context = {
        "activity": one,
        "kind": words.ACTIVITY_KINDS[one.kind],
        "state": words.STATES[one.state],
        "points": one.points,
        "rows": _rows(workspace.id, found[:PAGE_ROWS]),
        "next": found[PAGE_ROWS - 1].id if len(found) > PAGE_ROWS else 0,
        "draws": [
            (draw, words.STATES[draw.state], _winners(workspace.id, draw), draw.closes_at <= now)
            for draw in draws
        ],
        "form": DrawForm(),
        "key": new_public_id(),
    }
    return render(request, "loyalty/activity.html", context)


@login_required
@require_POST
def set_activity(request: HttpRequest, public_id: str) -> HttpResponse:
    """Open or close an activity."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    state = request.POST.get("state", "")
    done = _("The activity is open.") if state == "open" else _("The activity is closed.")
    return chrome.tried(
        request, lambda: actions.set_activity(workspace.id, public_id, state), done, "activity",
        public_id,
    )  # fmt: skip


@login_required
@require_POST
def promise_draw(request: HttpRequest, public_id: str) -> HttpResponse:
    """Promise a draw and show its seed's hash."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    form = DrawForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give how many prizes there are, and the last day of tickets."))
        return redirect("loyalty:activity", public_id)
    said = form.cleaned_data
    closes_at = last_moment(said["closes_on"], workspace.zone)
    assert closes_at is not None
    return chrome.tried(
        request,
        lambda: actions.commit_draw(
            workspace.id, public_id, prizes=said["prizes"], closes_at=closes_at,
            key=chrome.key_of(request), actor=chrome.actor_of(request),
            public_source=said["public_source"],
        ),
        _("The draw is promised; publish its hash."), "activity", public_id,
    )  # fmt: skip


@login_required
@require_POST
def draw_lots(request: HttpRequest, public_id: str, draw_id: str) -> HttpResponse:
    """Draw."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    _check(workspace.id, public_id, draw_id)
    return chrome.tried(
        request,
        lambda: actions.draw_lots(
            workspace.id, draw_id, public_number=request.POST.get("public_number", "")
        ),
        _("The lots are drawn."), "activity", public_id,
    )  # fmt: skip


@login_required
@require_safe
def tickets(request: HttpRequest, public_id: str, draw_id: str) -> HttpResponse:
    """The list of tickets to publish: names that tell nobody who they are."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    one = _check(workspace.id, public_id, draw_id)
    stream = BytesIO()
    made = sheet(stream, "csv", ["ticket", "holder"])
    if one.state == "drawn":
        for ticket, holder in sorted(queries.tickets(workspace.id, one).items()):
            made.row([ticket, holder])
    made.close()
    response = HttpResponse(stream.getvalue(), content_type=CONTENT_TYPES["csv"])
    response["Content-Disposition"] = 'attachment; filename="tickets.csv"'
    return response


@login_required
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Receipts and entries that wait for a person, oldest first."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    found = queries.waiting(workspace.id)
    names = {one.id: one.name for one in queries.activities(workspace.id)}
    twins = queries.twins_of_photos(workspace.id, [one.id for one in found])
    context = {
        "tabs": chrome.tabs_of(chrome.REWARD_TABS, "queue"),
        "rows": [
            (*row, names.get(one.activity_id, ""), twins.get(one.id, 0))
            for one, row in zip(found, _rows(workspace.id, found), strict=True)
        ],
    }
    return render(request, "loyalty/queue.html", context)


@login_required
@require_POST
def decide(request: HttpRequest, public_id: str) -> HttpResponse:
    """Accept or reject what waited."""
    workspace = workspace_of(request, Right.LOYALTY_ADJUST)
    is_accepted = request.POST.get("do") == "accept"
    given = request.POST.get("points", "").replace(",", ".")
    points = hundredths_of(given)
    done = _("Accepted; the points are given.") if is_accepted else _("Rejected.")
    return chrome.tried(
        request,
        lambda: actions.decide(
            workspace.id, public_id, is_accepted=is_accepted, points_given=points,
            reason=request.POST.get("reason", ""), actor=chrome.actor_of(request),
        ),
        done, "queue",
    )  # fmt: skip


@login_required
@require_safe
def photo(request: HttpRequest, public_id: str) -> FileResponse:
    """The photo that was sent, for whoever decides."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    one = queries.entrance(workspace.id, public_id)
    path = photos.path_of(workspace.id, str(one.said.get("photo", "")))
    if path is None:
        raise NotFound("photo_unknown", "There is no photo.")
    response = FileResponse(path.open("rb"), content_type=photos.type_of(path))
    response["Cache-Control"] = "no-store, private"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def hundredths_of(text: str) -> int | None:
    """Points as typed; None when the field was left empty or is no number."""
    try:
        return hundredths(Decimal(text)) if text.strip() else None
    except (InvalidOperation, ValueError, OverflowError):
        return None


def _rows(workspace_id: int, found: list[EntranceRecord]) -> list[tuple[object, ...]]:
    people = chrome.people(workspace_id, [one.member_id for one in found])
    return [(one, people.get(one.member_id), one.points, words.STATES[one.state]) for one in found]


def _winners(workspace_id: int, draw: DrawRecord) -> list[tuple[str, tuple[str, str] | None]]:
    shown = draw.winners[:PAGE_ROWS]
    # A winner who was erased is a ticket of nobody.
    members = {
        ticket: one.member_id for ticket, one in queries.entrances(workspace_id, shown).items()
    }
    people = chrome.people(workspace_id, list(members.values()))
    return [(ticket, people.get(members.get(ticket, 0))) for ticket in shown]


def _check(workspace_id: int, public_id: str, draw_id: str) -> DrawRecord:
    one = queries.draw(workspace_id, draw_id)
    if one.activity_id != queries.activity(workspace_id, public_id).id:
        raise NotFound("draw_unknown", "There is no such draw.")
    return one
