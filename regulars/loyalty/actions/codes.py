"""What a purchase does with codes: reserve, settle, release, give back; and giving codes out.

Every verb runs in the caller's transaction and says the same when it is repeated. Limits are kept
by updates that succeed only within them; rows are taken in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction

from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Invalid
from regulars.loyalty.actions.issuing import issue_code as issue_code
from regulars.loyalty.actions.issuing import issue_codes as issue_codes
from regulars.loyalty.code_records import CODES_ASKED_MAX, CodeInUse, CodeUnusable, CodeUsedUp
from regulars.loyalty.pure import codes as pure
from regulars.loyalty.pure.periods import ALL_TIME, period_start
from regulars.loyalty.queries import codes as queries
from regulars.loyalty.queries.codes import Found
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

# A twin of the same purchase waits here; what it finds done it does not do again.
_CLAIM = """
INSERT INTO loyalty_codeuse AS u
  (workspace_id, code_id, series_id, purchase_id, member_id, state, until, period_on, at,
   changed_at)
SELECT %(workspace)s, code_id, series_id, %(purchase)s, %(member)s, 'reserved', %(until)s,
       period_on, %(now)s, %(now)s
FROM unnest(%(codes)s::bigint[], %(series)s::bigint[], %(days)s::date[])
  AS given (code_id, series_id, period_on)
ORDER BY code_id
ON CONFLICT (workspace_id, purchase_id, code_id) DO UPDATE
  SET state = 'reserved', until = excluded.until, period_on = excluded.period_on,
      member_id = excluded.member_id, changed_at = excluded.changed_at
  WHERE u.state IN ('released', 'expired')
RETURNING code_id"""
_TAKE = """
WITH free AS (
  SELECT id FROM loyalty_code WHERE workspace_id = %(workspace)s AND id = ANY(%(codes)s)
    AND state = 'active' AND reserved + used < uses_max ORDER BY id FOR UPDATE)
UPDATE loyalty_code AS c SET reserved = c.reserved + 1 FROM free WHERE c.id = free.id
RETURNING c.id"""
# What those used who were merged into the member counts too, and stays with them.
_COUNT = """
WITH theirs AS (
  SELECT coalesce(sum(o.taken), 0) AS taken FROM loyalty_codecount AS o
  JOIN loyalty_member AS m ON m.id = o.member_id AND m.workspace_id = o.workspace_id
  WHERE o.workspace_id = %(workspace)s AND o.series_id = %(series)s AND o.period_on = %(day)s
    AND m.merged_into = %(member)s)
INSERT INTO loyalty_codecount AS c (workspace_id, series_id, member_id, period_on, taken)
SELECT %(workspace)s, %(series)s, %(member)s, %(day)s, 1 FROM theirs
WHERE theirs.taken < %(limit)s
ON CONFLICT (workspace_id, series_id, member_id, period_on) DO UPDATE
  SET taken = c.taken + 1 WHERE c.taken + (SELECT taken FROM theirs) < %(limit)s
RETURNING 1"""
# Holds of others whose time is over; one that its own purchase is just settling is left to it.
_EXPIRE = """
WITH due AS (
  SELECT id FROM loyalty_codeuse WHERE workspace_id = %(workspace)s AND state = 'reserved'
    AND until <= %(now)s AND purchase_id <> %(purchase)s
    AND (code_id = ANY(%(codes)s) OR series_id = ANY(%(series)s))
  ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
UPDATE loyalty_codeuse AS u SET state = 'expired', changed_at = %(now)s
FROM due WHERE u.id = due.id RETURNING u.code_id, u.series_id, u.member_id, u.period_on"""
_MOVE = """
WITH mine AS (
  SELECT id FROM loyalty_codeuse WHERE workspace_id = %(workspace)s
    AND purchase_id = %(purchase)s AND state = %(before)s ORDER BY id FOR UPDATE)
UPDATE loyalty_codeuse AS u SET state = %(after)s, changed_at = %(now)s
FROM mine WHERE u.id = mine.id RETURNING u.code_id, u.series_id, u.member_id, u.period_on"""
_SHIFT = """
WITH mine AS (
  SELECT c.id, given.times FROM unnest(%(codes)s::bigint[], %(times)s::int[]) AS given (id, times)
  JOIN loyalty_code AS c ON c.id = given.id
  WHERE c.workspace_id = %(workspace)s AND c.uses_max IS NOT NULL ORDER BY c.id FOR UPDATE OF c)
UPDATE loyalty_code AS c SET reserved = c.reserved + %(reserved)s * mine.times,
  used = c.used + %(used)s * mine.times
FROM mine WHERE c.id = mine.id"""
_UNCOUNT = """
WITH mine AS (
  SELECT c.id, given.times
  FROM unnest(%(series)s::bigint[], %(members)s::bigint[], %(days)s::date[], %(times)s::int[])
    AS given (series_id, member_id, period_on, times)
  JOIN loyalty_codecount AS c ON c.workspace_id = %(workspace)s
    AND c.series_id = given.series_id AND c.member_id = given.member_id
    AND c.period_on = given.period_on
  ORDER BY c.id FOR UPDATE OF c)
UPDATE loyalty_codecount AS c SET taken = greatest(c.taken - mine.times, 0)
FROM mine WHERE c.id = mine.id"""
EXPIRED_AT_ONCE_MAX = 1_000

# A use as the statements return it: code, series, member, first day of its period.
Use = tuple[int, int, int | None, date]


def reserve_codes(
    workspace_id: int,
    codes: Sequence[str],
    purchase_id: str,
    member_id: int | None,
    until: datetime,
) -> list[int]:
    """Hold one use of each code for the purchase; returns the codes' ids.

    What the purchase holds or has used already is left as it is. All or nothing.
    raises  CodeUnusable(code_unknown | code_blocked | code_expired | code_not_yet |
            code_not_yours | code_needs_member), CodeInUse(code_in_use), CodeUsedUp
    """
    plain = sorted({pure.normalised(text) for text in codes})
    if not plain:
        return []
    if len(plain) > CODES_ASKED_MAX:
        raise Invalid("codes_too_many", f"A purchase uses at most {CODES_ASKED_MAX} codes.")
    now = clock.now()
    with transaction.atomic():
        found = queries.found_codes(workspace_id, plain)
        _check(workspace_id, plain, found, member_id, now)
        days = _days(workspace_id, found, now)
        fresh = _claimed(workspace_id, found, days, purchase_id, member_id, until, now)
        _take_all(workspace_id, fresh, purchase_id, now)
        _count_all(workspace_id, fresh, days, purchase_id, member_id, now)
    return [one.id for one in found]


def settle_codes(workspace_id: int, purchase_id: str) -> list[int]:
    """What the purchase held is used; returns the codes' ids, none the second time.

    A hold that ended before is not here: reserve again first.
    """
    moved = _move(workspace_id, purchase_id, "reserved", "used")
    _shift(workspace_id, moved, reserved=-1, used=1)
    _tell_used(workspace_id, purchase_id, moved)
    return [use[0] for use in moved]


def release_codes(workspace_id: int, purchase_id: str) -> list[int]:
    """What the purchase held is free again; returns the codes' ids, none the second time."""
    moved = _move(workspace_id, purchase_id, "reserved", "released")
    _shift(workspace_id, moved, reserved=-1, used=0)
    _uncount(workspace_id, moved)
    return [use[0] for use in moved]


def give_back_codes(workspace_id: int, purchase_id: str) -> list[int]:
    """After a full return the codes may be used again; returns their ids, none the second time."""
    moved = _move(workspace_id, purchase_id, "used", "returned")
    _shift(workspace_id, moved, reserved=0, used=-1)
    _uncount(workspace_id, moved)
    return [use[0] for use in moved]


def _check(
    workspace_id: int,
    plain: Sequence[str],
    found: Sequence[Found],
    member_id: int | None,
    now: datetime,
) -> None:
    known = {one.code: one for one in found}
    has_owner = any(one.customer_id is not None for one in found)
    customer_id = queries.customer_of_member(workspace_id, member_id) if has_owner else None
    owners = queries.owners_now(workspace_id, found, customer_id)
    for code in plain:
        one = known.get(code)
        if one is None:
            raise CodeUnusable("code_unknown", "There is no such code.", asked=code)
        mine = queries.is_theirs(one, customer_id, owners)
        fault = queries.fault_of(one, is_theirs=mine, now=now)
        if fault:
            raise CodeUnusable(f"code_{fault}", "The code cannot be used.", asked=code)
        if one.uses_per_member and member_id is None:
            raise CodeUnusable("code_needs_member", "This code is for members.", asked=code)


def _days(workspace_id: int, found: Sequence[Found], now: datetime) -> dict[int, date]:
    """The period each code's use falls into, by code."""
    if all(one.period == "all" for one in found):
        return {one.id: ALL_TIME for one in found}
    zone = workspaces.workspace(workspace_id).zone
    return {one.id: period_start(one.period, now, zone) for one in found}


def _claimed(
    workspace_id: int,
    found: Sequence[Found],
    days: Mapping[int, date],
    purchase_id: str,
    member_id: int | None,
    until: datetime,
    now: datetime,
) -> list[Found]:
    raw = cursor()
    raw.execute(
        _CLAIM,
        {
            "workspace": workspace_id, "purchase": purchase_id, "member": member_id,
            "until": until, "now": now, "codes": [one.id for one in found],
            "series": [one.series_id for one in found],
            "days": [days[one.id] for one in found],
        },
    )  # fmt: skip
    fresh = {row[0] for row in raw.fetchall()}
    return [one for one in found if one.id in fresh]


def _take_all(workspace_id: int, fresh: Sequence[Found], purchase_id: str, now: datetime) -> None:
    limited = {one.id: one for one in fresh if one.uses_max is not None}
    missing = set(limited) - _taken(workspace_id, limited)
    if missing and _expire(workspace_id, purchase_id, now, codes=sorted(missing)):
        missing -= _taken(workspace_id, missing)
    if missing:
        _refuse(workspace_id, limited[min(missing)], purchase_id, now)


def _taken(workspace_id: int, code_ids: Mapping[int, Found] | set[int]) -> set[int]:
    if not code_ids:
        return set()
    raw = cursor()
    raw.execute(_TAKE, {"workspace": workspace_id, "codes": sorted(code_ids)})
    return {row[0] for row in raw.fetchall()}


def _refuse(workspace_id: int, one: Found, purchase_id: str, now: datetime) -> None:
    raw = cursor()
    raw.execute(
        "SELECT min(u.until) FROM loyalty_codeuse AS u JOIN loyalty_code AS c ON c.id = u.code_id"
        " WHERE u.workspace_id = %s AND u.code_id = %s AND u.state = 'reserved'"
        " AND u.purchase_id <> %s AND c.used < c.uses_max",
        [workspace_id, one.id, purchase_id],
    )
    row = raw.fetchone()
    if row is not None and row[0] is not None:
        raise CodeInUse(one.code, max(row[0], now))
    raise CodeUsedUp("code_used_up", "The code has been used.", asked=one.code)


def _count_all(
    workspace_id: int,
    fresh: Sequence[Found],
    days: Mapping[int, date],
    purchase_id: str,
    member_id: int | None,
    now: datetime,
) -> None:
    """Count each use for all members and for this one, in the order of series and member."""
    wanted = [
        (one.series_id, who, limit, one)
        for one in fresh
        for who, limit in ((0, one.uses_total), (member_id or 0, one.uses_per_member))
        if limit
    ]
    for series_id, who, limit, one in sorted(wanted, key=lambda row: (row[0], row[1], row[3].id)):
        row: dict[str, object] = {
            "workspace": workspace_id, "series": series_id, "member": who, "day": days[one.id],
            "limit": limit,
        }  # fmt: skip
        if _counted(row):
            continue
        if _expire(workspace_id, purchase_id, now, series=[series_id]) and _counted(row):
            continue
        code = "code_member_used_up" if who else "code_total_used_up"
        raise CodeUsedUp(code, "The limit of this code is reached.", asked=one.code)


def _counted(row: Mapping[str, object]) -> bool:
    raw = cursor()
    raw.execute(_COUNT, row)
    return raw.fetchone() is not None


def _expire(
    workspace_id: int,
    purchase_id: str,
    now: datetime,
    *,
    codes: Sequence[int] = (),
    series: Sequence[int] = (),
) -> bool:
    """Free what others hold beyond their time; whether there was any."""
    raw = cursor()
    raw.execute(
        _EXPIRE,
        {
            "workspace": workspace_id, "now": now, "purchase": purchase_id, "codes": list(codes),
            "series": list(series), "limit": EXPIRED_AT_ONCE_MAX,
        },
    )  # fmt: skip
    gone: list[Use] = [(row[0], row[1], row[2], row[3]) for row in raw.fetchall()]
    _shift(workspace_id, gone, reserved=-1, used=0)
    _uncount(workspace_id, gone)
    return bool(gone)


def _move(workspace_id: int, purchase_id: str, before: str, after: str) -> list[Use]:
    raw = cursor()
    raw.execute(
        _MOVE,
        {
            "workspace": workspace_id, "purchase": purchase_id, "before": before,
            "after": after, "now": clock.now(),
        },
    )  # fmt: skip
    return sorted((row[0], row[1], row[2], row[3]) for row in raw.fetchall())


def _shift(workspace_id: int, uses: Sequence[Use], *, reserved: int, used: int) -> None:
    times: dict[int, int] = {}
    for use in uses:
        times[use[0]] = times.get(use[0], 0) + 1
    if not times:
        return
    cursor().execute(
        _SHIFT,
        {
            "workspace": workspace_id, "codes": list(times), "times": list(times.values()),
            "reserved": reserved, "used": used,
        },
    )  # fmt: skip


def _uncount(workspace_id: int, uses: Sequence[Use]) -> None:
    """Take uses out of the counters there are; a series without limits has none."""
    times: dict[tuple[int, int, date], int] = {}
    for _code, series_id, member_id, day in uses:
        for who in {0, member_id or 0}:
            key = (series_id, who, day)
            times[key] = times.get(key, 0) + 1
    if not times:
        return
    cursor().execute(
        _UNCOUNT,
        {
            "workspace": workspace_id,
            "series": [key[0] for key in times],
            "members": [key[1] for key in times],
            "days": [key[2] for key in times],
            "times": list(times.values()),
        },
    )


def _tell_used(workspace_id: int, purchase_id: str, uses: Sequence[Use]) -> None:
    if not uses:
        return
    raw = cursor()
    raw.execute(
        "SELECT c.id, s.slug, s.promotion_slug, m.customer_id FROM loyalty_code AS c"
        " JOIN loyalty_codeseries AS s ON s.id = c.series_id"
        " LEFT JOIN loyalty_member AS m ON m.id = %s AND m.workspace_id = c.workspace_id"
        " WHERE c.workspace_id = %s AND c.id = ANY(%s)",
        [uses[0][2], workspace_id, [use[0] for use in uses]],
    )
    now = clock.now()
    events.record_many(
        workspace_id,
        [
            NewEvent(
                kind="code.used",
                time=now,
                key=f"code:{row[0]}:used:{purchase_id}",
                customer_id=row[3],
                props={"series": row[1], "promotion": row[2], "purchase": purchase_id},
                source="loyalty",
            )
            for row in raw.fetchall()
        ],
    )
