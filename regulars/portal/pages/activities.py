"""What customers do for points: quizzes, receipts, codes under the lid, contests, wheels, draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, QueryDict

from regulars.kernel.errors import Conflict, Invalid, NotFound, Refused
from regulars.kernel.ids import new_public_id
from regulars.kernel.money import minor_digits
from regulars.loyalty.actions import activities as actions
from regulars.loyalty.actions.receipt_photos import send_photo
from regulars.loyalty.queries import activities as queries
from regulars.loyalty.queries import playing
from regulars.loyalty.queries.members import MemberRecord
from regulars.loyalty.queries.playing import Turn
from regulars.loyalty.reward_records import ActivityRecord, DrawRecord, EntranceRecord
from regulars.portal import standing as standings
from regulars.portal import words
from regulars.portal.actions import limits
from regulars.portal.pages import photo
from regulars.portal.pages.door import Visit, for_customers
from regulars.store.scope import scope

KEY_CHARS_MAX = 40
TYPED_CHARS_MAX = 2_000
DRAWS_SHOWN_MAX = 5
WINNERS_SHOWN_MAX = 20
NO_ANSWER = -1
FAULTS = (Refused, Conflict, Invalid, NotFound)


@for_customers()
def activities(visit: Visit) -> HttpResponse:
    """What one may take part in now, and what one took part in before."""
    if not standings.is_open(visit.id):
        return visit.page("closed")
    member = standings.member_of(visit.id, visit.me.id)
    return visit.page(
        "activities",
        turns=[_card(visit, one) for one in playing.turns(visit.id, member.id)],
        past=[{"record": one, **_kind(one)} for one in playing.past(visit.id, member.id)],
    )


@for_customers("GET", "HEAD", "POST", takes_files=True)
def activity(visit: Visit, public_id: str) -> HttpResponse:
    """One activity: taking part, what came of it, its draws. raises NotFound(activity_unknown)"""
    if not standings.is_open(visit.id):
        return visit.page("closed")
    one = queries.activity(visit.id, public_id)
    if one.state == "draft":
        raise NotFound("activity_unknown", "There is no such activity.")
    member = standings.member_of(visit.id, visit.me.id)
    fault = words.NO_FAULT
    if photo.is_too_long(visit.request):
        # Nothing of it is read, here or later.
        visit.request.POST = QueryDict()
    said = said_of(one, visit.request.POST)
    if visit.request.method == "POST":
        try:
            # Counted also when it is refused: nobody tries codes until one fits.
            limits.take(visit.id, limits.ENTERED, visit.me.public_id)
            told = _enter(visit, one, member, said)
        except FAULTS as error:
            fault = words.entry_fault(error)
        else:
            return visit.lead_to("activity", public_id, told=told)
    turn = playing.turn(visit.id, member.id, public_id)
    entries = playing.entrances_of_member(visit.id, member.id, one.id)
    return visit.page(
        "activity",
        422 if fault else 200,
        turn=_card(visit, turn),
        questions=_questions(one, said) if one.kind == "quiz" else (),
        typed=said,
        entries=[_entry(entry, one.kind) for entry in entries],
        draws=[_draw(visit, member.id, draw) for draw in _draws(visit, one)],
        most=TYPED_CHARS_MAX,
        photo=photo.FIELD,
        key=new_public_id(),
        fault=fault,
    )


def _enter(visit: Visit, one: ActivityRecord, member: MemberRecord, said: dict[str, Any]) -> str:
    """Take part as the form says; the word for what the page tells then."""
    if photo.is_too_long(visit.request):
        code = "photo_too_large" if one.kind == "receipts" else "entry_invalid"
        raise Invalid(code, "The form is too long.")
    if one.kind == "receipts" and visit.request.POST.get("by") == "photo":
        raw = photo.photo_in(visit.request)
        with scope(visit.id):
            sent = send_photo(visit.id, one.public_id, member.id, raw)
        return "photo" if sent.state == "waiting" else "entered"
    _check_whole(said)
    with scope(visit.id):
        actions.take_part(
            visit.id, one.public_id, member.id, said, key=_key(visit, member.public_id)
        )
    return "entered"


def said_of(one: ActivityRecord, given: QueryDict) -> dict[str, Any]:
    """What the form of this kind of activity says."""
    if one.kind == "quiz":
        count = len(one.settings["questions"])
        return {"answers": [_answer(given.get(f"answer-{place}", "")) for place in range(count)]}
    name = {"receipts": "qr", "lid": "code", "contest": "text"}.get(one.kind)
    return {name: given.get(name, "")[:TYPED_CHARS_MAX].strip()} if name else {}


def _check_whole(said: Mapping[str, Any]) -> None:
    """A quiz sent half is not a quiz lost. raises Invalid(answers_invalid)"""
    if NO_ANSWER in said.get("answers", ()):
        raise Invalid("answers_invalid", "Answer every question.")


def _answer(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 3 else NO_ANSWER


def _key(visit: Visit, member: str) -> str:
    """The form's own key: what is sent twice counts once."""
    return (
        f"account:{member}:{visit.request.POST.get('key', '')[:KEY_CHARS_MAX] or new_public_id()}"
    )


def _card(visit: Visit, turn: Turn) -> dict[str, Any]:
    """An activity with what it gives."""
    one, said = turn.activity, turn.activity.settings
    scale = 10 ** minor_digits(visit.workspace.currency)
    questions = len(said.get("questions", ()))
    return {
        "turn": turn,
        "record": one,
        **_kind(one),
        "period": words.PERIODS.get(one.period, ""),
        "questions": questions,
        "pass": said.get("pass", questions),
        "prizes": [
            {"name": prize["name"], "points": prize.get("points", 0)}
            for prize in said.get("prizes", ())
        ],
        "per_hundred": said.get("points_per_100", 0) * scale,
        "hundred_minor": 100 * scale,
        "least_minor": said.get("amount_minor_min", 0),
        "has_jury": bool(said.get("jury")),
        "needs_text": bool(said.get("needs_text") or said.get("jury")),
    }


def _kind(one: ActivityRecord) -> dict[str, Any]:
    icon, label = words.ACTIVITY_KINDS[one.kind]
    return {"icon": icon, "kind": label}


def _questions(one: ActivityRecord, said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Questions with their options; which one is right stays here."""
    return [
        {
            "name": f"answer-{place}",
            "text": asked["text"],
            "options": [
                {"value": at, "text": text, "is_chosen": chosen == at}
                for at, text in enumerate(asked["options"])
            ],
        }
        for place, (asked, chosen) in enumerate(
            zip(one.settings["questions"], said["answers"], strict=True)
        )
    ]


def _entry(one: EntranceRecord, kind: str) -> dict[str, Any]:
    text, tone = words.ENTRY_STATES.get(one.state, (one.state, "neutral"))
    said = one.said.get("code") if kind == "lid" else one.said.get("text")
    return {
        "record": one,
        "state": text,
        "tone": tone,
        "outcome": one.outcome,
        "said": str(said or ""),
        "is_photo": bool(one.said.get("photo")),
    }


def _draws(visit: Visit, one: ActivityRecord) -> list[DrawRecord]:
    return queries.draws(visit.id, one.id)[:DRAWS_SHOWN_MAX]


def _draw(visit: Visit, member_id: int, one: DrawRecord) -> dict[str, Any]:
    return {
        "record": one,
        "tickets": playing.tickets_of_member(visit.id, member_id, one),
        "won": playing.won_by_member(visit.id, member_id, one),
        "winners": one.winners[:WINNERS_SHOWN_MAX],
        "more": max(0, len(one.winners) - WINNERS_SHOWN_MAX),
    }
