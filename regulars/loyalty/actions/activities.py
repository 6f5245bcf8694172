"""Activities: making them, taking part once for each key, deciding what waits, drawing lots."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from regulars.audit import actions as audit
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock, ids
from regulars.kernel.errors import Conflict, Invalid, Refused
from regulars.loyalty.actions import codes, points
from regulars.loyalty.code_records import PERIODS
from regulars.loyalty.models.members import Member
from regulars.loyalty.models.rewards import Activity, Draw, Entrance
from regulars.loyalty.point_records import Grant
from regulars.loyalty.pure import activities as pure
from regulars.loyalty.pure import codes as code_signs
from regulars.loyalty.pure import draws, receipts
from regulars.loyalty.pure.activities import Judged
from regulars.loyalty.pure.periods import period_start
from regulars.loyalty.queries import activities as queries
from regulars.loyalty.queries import programme as programmes
from regulars.loyalty.queries import series
from regulars.loyalty.reward_records import (
    ACTIVITIES_MAX,
    KEY_CHARS_MAX,
    LIMIT_MAX,
    NAME_CHARS_MAX,
    POINTS_MAX,
    PUBLIC_CHARS_MAX,
    REASON_CHARS_MAX,
    ActivityRecord,
    DrawRecord,
    EntranceRecord,
    LimitReached,
)
from regulars.outside import vault
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

STATES = ("draft", "open", "closed")
SAID_CHARS_MAX = 10_000
# A code from a lid is held and used in one step; the time only has to be to come.
LID_HOLD = timedelta(minutes=1)

# What those did who were merged into the member counts too, and stays with them.
_COUNT = """
WITH theirs AS (
  SELECT coalesce(sum(o.taken), 0) AS taken FROM loyalty_activitycount AS o
  JOIN loyalty_member AS m ON m.id = o.member_id AND m.workspace_id = o.workspace_id
  WHERE o.workspace_id = %(workspace)s AND o.activity_id = %(activity)s AND o.period_on = %(day)s
    AND m.merged_into = %(member)s)
INSERT INTO loyalty_activitycount AS c (workspace_id, activity_id, member_id, period_on, taken)
SELECT %(workspace)s, %(activity)s, %(member)s, %(day)s, 1 FROM theirs
WHERE theirs.taken < %(limit)s
ON CONFLICT (workspace_id, activity_id, member_id, period_on) DO UPDATE
  SET taken = c.taken + 1 WHERE c.taken + (SELECT taken FROM theirs) < %(limit)s
RETURNING 1"""
_UNCOUNT = """
UPDATE loyalty_activitycount SET taken = greatest(taken - 1, 0)
WHERE workspace_id = %s AND activity_id = %s AND member_id = ANY(%s) AND period_on = %s"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityTerms:
    """What is said of an activity."""

    name: str
    currency: str
    points: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    per_member_max: int | None = None
    total_max: int | None = None
    period: str = "all"
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """What a member said, judged; `once` is what may come in only once."""

    judged: Judged
    kept: dict[str, Any]
    once: str | None = None


def create_activity(
    workspace_id: int, terms: ActivityTerms, *, kind: str, key: str | None = None, actor: str = ""
) -> ActivityRecord:
    """A new activity, not yet open; the same key and content give the one there is.

    raises  Invalid(activity_…), Conflict(idempotency_mismatch), Refused(activities_too_many)
    """
    _check(kind, terms)
    lock(workspace_id, "activities")
    digest = _digest(kind, repr(terms))
    mine = Activity.objects.filter(workspace_id=workspace_id)
    before = mine.filter(create_key=key).first() if key else None
    if before is not None:
        if before.create_hash != digest:
            raise Conflict("idempotency_mismatch", "This key made another activity.")
        return queries.record_of(before)
    if mine.count() >= ACTIVITIES_MAX:
        raise Refused("activities_too_many", f"A workspace has at most {ACTIVITIES_MAX}.")
    now = clock.now()
    row = Activity.objects.create(
        workspace_id=workspace_id, public_id=ids.new_public_id(), kind=kind, create_key=key,
        create_hash=digest, created_by=actor, created_at=now, updated_at=now,
        name=" ".join(terms.name.split()), currency=terms.currency, points=terms.points,
        settings=dict(terms.settings), per_member_max=terms.per_member_max,
        total_max=terms.total_max, period=terms.period, starts_at=terms.starts_at,
        ends_at=terms.ends_at,
    )  # fmt: skip
    return queries.record_of(row)


def set_activity(workspace_id: int, public_id: str, state: str) -> ActivityRecord:
    """Open or close an activity. raises NotFound(activity_unknown), Invalid(activity_state)"""
    if state not in STATES:
        raise Invalid("activity_state", "An activity is a draft, open or closed.")
    one = queries.activity(workspace_id, public_id)
    Activity.objects.filter(workspace_id=workspace_id, id=one.id).update(
        state=state, updated_at=clock.now()
    )
    audit.note(workspace_id, f"activity.{state}", "activity", public_id)
    return queries.activity(workspace_id, public_id)


def take_part(
    workspace_id: int, public_id: str, member_id: int, said: Mapping[str, Any], *, key: str
) -> EntranceRecord:
    """The member takes part; the same key is one entrance. Points are given in the same step.

    said    by kind: receipts {"qr": text} or {"photo": name}, lid {"code": text},
            quiz {"answers": [place, …]}, contest {"text": text}, game {}
    raises  Refused(activity_closed | member_blocked), LimitReached, Invalid,
            Conflict(idempotency_mismatch | receipt_taken | code_taken), CodeUnusable, CodeUsedUp
    """
    digest = _said_digest(public_id, member_id, said, key)
    lock(workspace_id, f"key:{key}")
    before = Entrance.objects.filter(workspace_id=workspace_id, key=key).first()
    if before is not None:
        if before.body_hash != digest:
            raise Conflict("idempotency_mismatch", "This key took part with something else.")
        return queries.entrance_record_of(before)
    one = queries.activity(workspace_id, public_id)
    now = clock.now()
    member = Member.objects.filter(workspace_id=workspace_id, id=member_id).first()
    if member is None or member.state != "active":
        raise Refused("member_blocked", "This member may not take part.")
    _check_open(one, now)
    with transaction.atomic():
        read = _read(workspace_id, one, member_id, said, now)
        day = _counted(workspace_id, one, member_id, now)
        row = _written(workspace_id, one, member_id, read, key=key, digest=digest, day=day, now=now)
        if row.state == "accepted":
            _reward(workspace_id, one, row)
        if one.kind == "receipts":
            _tell(workspace_id, one, row, member.customer_id)
    return queries.entrance_record_of(row)


def decide(
    workspace_id: int,
    public_id: str,
    *,
    is_accepted: bool,
    points_given: int | None = None,
    reason: str = "",
    actor: str = "",
) -> EntranceRecord:
    """A person accepts or rejects what waited; the same decision again changes nothing.

    points_given  other points than were worked out, for a photo without a sum
    raises        NotFound(entrance_unknown), Conflict(entrance_decided), Invalid(entrance_points),
                  Refused(entrance_points_limit)
    """
    queries.entrance(workspace_id, public_id)
    row = Entrance.objects.select_for_update().get(workspace_id=workspace_id, public_id=public_id)
    state = "accepted" if is_accepted else "rejected"
    if row.state == state and row.decided_at is not None:
        return queries.entrance_record_of(row)
    if row.state != "waiting":
        raise Conflict("entrance_decided", "This was decided before.", state=row.state)
    if points_given is not None:
        _check_given(workspace_id, points_given, row)
    row.state, row.reason = state, reason[:REASON_CHARS_MAX]
    row.decided_by, row.decided_at = actor, clock.now()
    if points_given is not None:
        row.points = points_given
    if not is_accepted:
        row.points = 0
        # What was rejected may be sent again, and does not count.
        row.once = None
        cursor().execute(
            _UNCOUNT, [workspace_id, row.activity_id, [0, row.member_id], row.period_on]
        )
    row.save()
    audit.note(workspace_id, f"entrance.{state}", "entrance", public_id)
    if is_accepted:
        _reward(workspace_id, queries.activity_by_id(workspace_id, row.activity_id), row)
    return queries.entrance_record_of(row)


def commit_draw(
    workspace_id: int,
    activity_public_id: str,
    *,
    prizes: int,
    closes_at: datetime,
    key: str,
    public_source: str = "",
    actor: str = "",
) -> DrawRecord:
    """Promise a draw: its secret seed is made and the seed's hash shown, before tickets close.

    public_source  which public number of a later day will be mixed in, in words; none if empty
    raises         NotFound(activity_unknown), Invalid(draw_prizes | draw_time | draw_source)
    """
    public_source = " ".join(public_source.split())
    if len(public_source) > PUBLIC_CHARS_MAX or "\x00" in public_source:
        raise Invalid("draw_source", f"Name the number in up to {PUBLIC_CHARS_MAX} characters.")
    one = queries.activity(workspace_id, activity_public_id)
    if not 1 <= prizes <= draws.PRIZES_MAX:
        raise Invalid("draw_prizes", f"A draw has 1 to {draws.PRIZES_MAX} prizes.")
    now = clock.now()
    lock(workspace_id, f"draw:{key}")
    before = Draw.objects.filter(workspace_id=workspace_id, key=key).first()
    if before is not None:
        there = (before.activity_id, before.prizes, before.closes_at, before.public_source)
        if there != (one.id, prizes, closes_at, public_source):
            raise Conflict("idempotency_mismatch", "This key promised another draw.")
        return queries.draw_record_of(before)
    if closes_at <= now:
        raise Invalid("draw_time", "Tickets close after the draw is promised.")
    seed = secrets.token_hex(draws.SEED_BYTES)
    row = Draw.objects.create(
        workspace_id=workspace_id, public_id=ids.new_public_id(), activity_id=one.id,
        prizes=prizes, closes_at=closes_at, seed=vault.seal_secret(seed),
        seed_hash=draws.seed_hash(seed), public_source=public_source, key=key,
        created_by=actor, created_at=now,
    )  # fmt: skip
    return queries.draw_record_of(row)


def draw_lots(workspace_id: int, public_id: str, *, public_number: str = "") -> DrawRecord:
    """Draw: the list of tickets is closed, the winners and the seed are shown; once for ever.

    public_number  what the promised public number came to; only where one was promised
    raises         NotFound(draw_unknown), Refused(draw_early | draw_waiting | draw_too_large),
                   Invalid(draw_number), Conflict(draw_drawn)
    """
    public_number = public_number.strip()
    queries.draw(workspace_id, public_id)
    row = Draw.objects.select_for_update().get(workspace_id=workspace_id, public_id=public_id)
    if row.state == "drawn":
        if public_number not in ("", row.public_number):
            raise Conflict("draw_drawn", "The lots were drawn with another number.")
        return queries.draw_record_of(row)
    if bool(public_number) != bool(row.public_source) or not _is_number(public_number):
        raise Invalid("draw_number", "Give the public number exactly when one was promised.")
    now = clock.now()
    if now < row.closes_at:
        raise Refused("draw_early", "Tickets are still taken.")
    undecided = Entrance.objects.filter(
        workspace_id=workspace_id, activity_id=row.activity_id, state="waiting",
        at__lt=row.closes_at,
    )  # fmt: skip
    if undecided.exists():
        raise Refused("draw_waiting", "Decide on every entry first.")
    holders = queries.tickets(workspace_id, queries.draw_record_of(row))
    if len(holders) > draws.TICKETS_MAX:
        raise Refused("draw_too_large", f"A draw has at most {draws.TICKETS_MAX} tickets.")
    seed = vault.open_secret(row.seed)
    row.public_number = public_number
    row.winners = list(draws.winners(seed, holders, row.prizes, public_number))
    row.tickets_hash, row.tickets = draws.list_hash(holders), len(holders)
    row.state, row.drawn_at = "drawn", now
    row.save()
    audit.note(workspace_id, "draw.drawn", "draw", public_id)
    return queries.draw_record_of(row)


def _is_number(text: str) -> bool:
    return len(text) <= PUBLIC_CHARS_MAX and text.isprintable()


def _read(
    workspace_id: int, one: ActivityRecord, member_id: int, said: Mapping[str, Any], now: datetime
) -> _Read:
    if one.kind == "quiz":
        return _Read(pure.quiz(one.settings, said, one.points), {"answers": said.get("answers")})
    if one.kind == "game":
        chance = secrets.randbelow(pure.weights(one.settings))
        return _Read(pure.game(one.settings, chance), {})
    if one.kind == "contest":
        judged = pure.contest(one.settings, said, one.points)
        return _Read(judged, {"text": said.get("text", "")})
    if one.kind == "lid":
        return _lid(workspace_id, one, member_id, said, now)
    return _receipt(workspace_id, one, said, now)


def _receipt(
    workspace_id: int, one: ActivityRecord, said: Mapping[str, Any], now: datetime
) -> _Read:
    if said.get("photo"):
        return _Read(Judged("waiting", one.points), {"photo": str(said["photo"])})
    zone = workspaces.workspace(workspace_id).zone
    found = receipts.read(str(said.get("qr", "")), zone)
    receipts.check_age(found, now)
    judged = pure.receipt(one.settings, found.amount_minor, found.register, one.points)
    kept = {"layout": found.layout, "receipt": found.key, "bought_at": found.bought_at.isoformat()}
    return _Read(judged, kept, found.key)


def _lid(
    workspace_id: int,
    one: ActivityRecord,
    member_id: int,
    said: Mapping[str, Any],
    now: datetime,
) -> _Read:
    """A code from under a lid is used up by its first reader."""
    text = code_signs.normalised(str(said.get("code", "")))
    known = series.series_by_slug(workspace_id, str(one.settings["series"]))
    code = series.code(workspace_id, text)
    if code.series_id != known.id:
        raise Invalid("code_unknown", "There is no such code in this activity.")
    purchase = f"lid:{one.public_id}:{code.id}"
    codes.reserve_codes(workspace_id, [text], purchase, member_id, now + LID_HOLD)
    if not codes.settle_codes(workspace_id, purchase):
        raise Conflict("code_taken", "This code came in before.")
    return _Read(Judged("accepted", one.points), {"code": code.shown}, f"lid:{code.id}")


def _counted(workspace_id: int, one: ActivityRecord, member_id: int, now: datetime) -> date:
    zone = workspaces.workspace(workspace_id).zone
    day = period_start(one.period, now, zone)
    raw = cursor()
    for who, limit in ((0, one.total_max), (member_id, one.per_member_max)):
        raw.execute(
            _COUNT,
            {
                "workspace": workspace_id, "activity": one.id, "member": who, "day": day,
                "limit": limit or LIMIT_MAX,
            },
        )  # fmt: skip
        if raw.fetchone() is None:
            code = "activity_member_limit" if who else "activity_total_limit"
            raise LimitReached(code, "The limit of this activity is reached.")
    return day


def _written(
    workspace_id: int,
    one: ActivityRecord,
    member_id: int,
    read: _Read,
    *,
    key: str,
    digest: str,
    day: date,
    now: datetime,
) -> Entrance:
    raw = cursor()
    raw.execute(
        "INSERT INTO loyalty_entrance (workspace_id, public_id, activity_id, member_id, key,"
        " body_hash, state, said, outcome, points, period_on, at, once, reason, decided_by)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '', '')"
        " ON CONFLICT (workspace_id, once) WHERE once IS NOT NULL DO NOTHING RETURNING id",
        [
            workspace_id, ids.new_public_id(), one.id, member_id, key, digest, read.judged.state,
            json.dumps(read.kept), json.dumps(dict(read.judged.outcome)), read.judged.points, day,
            now, read.once,
        ],
    )  # fmt: skip
    row = raw.fetchone()
    if row is None:
        code = "receipt_taken" if one.kind == "receipts" else "code_taken"
        raise Conflict(code, "This came in before.")
    return Entrance.objects.get(workspace_id=workspace_id, id=row[0])


def _check_given(workspace_id: int, given: int, row: Entrance) -> None:
    """One person gives no more beyond what was worked out than one person may give by hand."""
    if not 0 <= given <= POINTS_MAX:
        raise Invalid("entrance_points", "Give 0 points or more.")
    most = row.points + programmes.programme(workspace_id).programme.holding.approval_points
    if given > most:
        raise Refused(
            "entrance_points_limit",
            "So many points want a second person: accept it with fewer, and give the rest by hand.",
            most=most,
        )


def _reward(workspace_id: int, one: ActivityRecord, row: Entrance) -> None:
    if row.points <= 0:
        return
    points.grant(
        workspace_id,
        Grant(
            member_id=row.member_id,
            currency=one.currency,
            points=row.points,
            key=f"activity:{row.public_id}",
            reason=one.name,
            kind="bonus",
        ),
    )


def _tell(workspace_id: int, one: ActivityRecord, row: Entrance, customer_id: int) -> None:
    events.record(
        workspace_id,
        NewEvent(
            kind="receipt.registered",
            time=row.at,
            key=f"receipt:{row.public_id}",
            customer_id=customer_id,
            props={"activity": one.public_id, "entrance": row.public_id, "state": row.state},
            source="loyalty",
        ),
    )


def _check(kind: str, terms: ActivityTerms) -> None:
    if not 1 <= len(terms.name.strip()) <= NAME_CHARS_MAX:
        raise Invalid("activity_name", f"Give a name of 1 to {NAME_CHARS_MAX} characters.")
    if not 0 <= terms.points <= POINTS_MAX or not terms.currency:
        raise Invalid("activity_points", "Give 0 points or more of one of the currencies.")
    limits = (terms.per_member_max, terms.total_max)
    if any(limit is not None and not 1 <= limit <= LIMIT_MAX for limit in limits):
        raise Invalid("activity_limit", "A limit is 1 or more, or none.")
    if terms.period not in PERIODS:
        raise Invalid("activity_period", "A period is a day, a week, a month or all time.")
    if terms.starts_at and terms.ends_at and terms.ends_at <= terms.starts_at:
        raise Invalid("activity_dates", "An activity ends after it starts.")
    pure.check_settings(kind, terms.settings)


def _check_open(one: ActivityRecord, now: datetime) -> None:
    is_begun = one.starts_at is None or now >= one.starts_at
    is_over = one.ends_at is not None and now >= one.ends_at
    if one.state != "open" or not is_begun or is_over:
        raise Refused("activity_closed", "This activity is not open now.")


def _said_digest(public_id: str, member_id: int, said: Mapping[str, Any], key: str) -> str:
    if not 0 < len(key) <= KEY_CHARS_MAX:
        raise Invalid("key_invalid", f"A key has 1 to {KEY_CHARS_MAX} characters.")
    text = json.dumps(said, sort_keys=True, ensure_ascii=False)
    if len(text) > SAID_CHARS_MAX:
        raise Invalid("entry_invalid", f"Say it in at most {SAID_CHARS_MAX} characters.")
    return _digest(public_id, str(member_id), text)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()


def lock(workspace_id: int, what: str) -> None:
    """Of those who name the same thing one waits until the other's transaction ends."""
    cursor().execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('activity:' || %s || ':' || %s, 0))",
        [workspace_id, what],
    )
