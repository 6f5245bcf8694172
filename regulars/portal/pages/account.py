"""What customers change themselves: their data, letters, devices, and their rights."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, HttpResponse

from regulars.customers import actions as customer_actions
from regulars.customers import queries as customers
from regulars.customers.records import PreferenceRecord, TopicRecord
from regulars.kernel import clock
from regulars.kernel.errors import NotFound, Refused
from regulars.kernel.ids import new_public_id
from regulars.messaging.actions import choosing
from regulars.messaging.actions.choosing import Choice
from regulars.portal import actions, queries, registry, words
from regulars.portal.actions import limits
from regulars.portal.forms import ProfileForm
from regulars.portal.pages.door import Visit, for_customers

SOURCE = "preferences"
ACTOR = "customer"
KEY_CHARS_MAX = 40


@for_customers("GET", "HEAD", "POST")
def me(visit: Visit) -> HttpResponse:
    """The customer's own data, devices and rights."""
    form = ProfileForm(visit.me, visit.request.POST if visit.request.method == "POST" else None)
    if visit.request.method == "POST" and form.is_valid():
        changes = form.changes()
        if changes:
            customer_actions.change_profile(
                visit.id, visit.me.id, changes, actor=ACTOR, source=SOURCE
            )
        return visit.lead_to("me", told="saved")
    context: dict[str, Any] = {
        "form": form,
        "devices": queries.sessions_of(visit.id, visit.me.id),
        "files": registry.own_data("files")(visit.id, visit.me.id),
        "key": new_public_id(),
        "has_asked_erasure": customers.has_asked_erasure(visit.id, visit.me.id),
    }
    return visit.page("me", 422 if form.errors else 200, **context)


@for_customers("GET", "HEAD", "POST")
def letters(visit: Visit) -> HttpResponse:
    """What the customer wants to read, how often, in which language."""
    given = visit.request.POST
    if visit.request.method == "POST":
        action = given.get("action", "")
        if action == "pause":
            choosing.pause(visit.id, visit.me.id)
        elif action == "wake":
            customer_actions.wake_marketing(visit.id, visit.me.id)
        else:
            choosing.choose(visit.id, "", visit.me.id, _choice(visit))
        return visit.lead_to("letters", told="saved")
    topics = customers.topics(visit.id)
    wishes = customers.wishes(visit.id, visit.me.id, choosing.purposes_of(topics))
    chosen = customers.preferences(visit.id, visit.me.id)
    until = chosen.paused_until
    return visit.page(
        "letters",
        channels=[
            _channel(name, topics, wishes.agreed, chosen, visit.language)
            for name in choosing.channels_of(wishes.asked)
        ],
        paused_until=until if until is not None and until > clock.now() else None,
        spoken=((visit.me.language or "").lower()[:2] or visit.workspace.language),
    )


def _choice(visit: Visit) -> Choice:
    given = visit.request.POST
    pairs = (value.partition(" ") for value in given.getlist("wanted"))
    gaps = {name: given.get(f"gap-{name}", "") for name in words.CHANNELS}
    language = given.get("language", "")
    return Choice(
        wanted={(channel, purpose) for channel, _, purpose in pairs},
        gap_days={n: int(days) for n, days in gaps.items() if days in map(str, words.GAPS)},
        language=language if language in words.LANGUAGES else "",
    )


def _channel(
    name: str,
    topics: list[TopicRecord],
    agreed: frozenset[tuple[str, str]],
    chosen: PreferenceRecord,
    language: str,
) -> dict[str, Any]:
    labels = [topic.name_in(language) for topic in topics] or [str(words.NEWS)]
    gap = chosen.gap_days.get(name, 0)
    return {
        "name": name,
        "label": words.CHANNELS.get(name, name),
        "purposes": [
            (purpose, label, (name, purpose) in agreed)
            for purpose, label in zip(choosing.purposes_of(topics), labels, strict=True)
        ],
        "gaps": [(days, label, days == gap) for days, label in words.GAPS.items()],
    }


@for_customers("POST")
def end_device(visit: Visit) -> HttpResponse:
    """Sign out on another device."""
    actions.end_session(visit.id, visit.me.id, visit.request.POST.get("device", "")[:KEY_CHARS_MAX])
    return visit.lead_to("me", told="ended")


@for_customers("POST")
def data(visit: Visit) -> HttpResponse:
    """Have everything the shop keeps about the customer put together."""
    try:
        limits.take(visit.id, limits.EXPORTS, visit.me.public_id)
    except Refused:
        return visit.lead_to("me", told="enough")
    key = visit.request.POST.get("key", "")[:KEY_CHARS_MAX] or new_public_id()
    registry.own_data("ask")(
        visit.id, visit.me.id, actor=f"customer:{visit.me.public_id}", key=f"own:{key}"
    )
    return visit.lead_to("me", told="asked")


@for_customers()
def download(visit: Visit, public_id: str) -> FileResponse:
    """The customer's own file, and nobody else's. raises NotFound(export_unknown)"""
    own = registry.own_data("files")(visit.id, visit.me.id)
    if public_id not in {one.public_id for one in own}:
        raise NotFound("export_unknown", "There is no such file.")
    _found, stream = registry.own_data("download")(visit.id, public_id)
    return FileResponse(
        stream, as_attachment=True, filename="my-data.zip", content_type="application/zip"
    )


@for_customers("POST")
def erase(visit: Visit) -> HttpResponse:
    """Ask the shop to forget the customer; news and offers stop at once."""
    if not visit.request.POST.get("sure"):
        return visit.lead_to("me", told="unsure")
    choosing.ask_to_be_erased(visit.id, visit.me.id)
    return visit.lead_to("me", told="erasure")
