"""Giving codes to customers: one or many at once, each key once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, NotFound, Refused
from regulars.loyalty.code_records import KEY_CHARS_MAX, SeriesRecord
from regulars.loyalty.pure import codes as pure
from regulars.loyalty.queries import series as queries
from regulars.store.scope import cursor

ISSUED_AT_ONCE_MAX = 1_000
# Of one occasion, such as a mailing: they share one lock, where each key alone would have its own.
OCCASION_CODES_MAX = 10_000
# A new code is one there is already about never; so often and something else is wrong.
TRIES_MAX = 5

_LOCK = """
SELECT pg_advisory_xact_lock(key) FROM (
  SELECT DISTINCT hashtextextended('code:' || %s || ':' || given, 0) AS key
  FROM unnest(%s::text[]) AS given ORDER BY 1) AS keys"""
_MAKE = """
INSERT INTO loyalty_code (workspace_id, series_id, code, customer_id, uses_max, ends_at, issue_key,
  issued_at, created_at)
SELECT %(workspace)s, %(series)s, code, customer_id, %(uses)s, %(ends)s, issue_key, %(now)s,
  %(now)s
FROM unnest(%(codes)s::text[], %(customers)s::bigint[], %(keys)s::text[])
  AS given (code, customer_id, issue_key)
ON CONFLICT (workspace_id, code) DO NOTHING
RETURNING issue_key, code"""
# Pools are given out from the oldest on; whoever gives at the same time takes the next ones.
_DRAW = """
WITH pool AS (
  SELECT id FROM loyalty_code WHERE workspace_id = %(workspace)s AND series_id = %(series)s
    AND issued_at IS NULL AND state = 'active' AND reserved = 0 AND used = 0
  ORDER BY id LIMIT %(count)s FOR UPDATE SKIP LOCKED),
numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS place FROM pool)
UPDATE loyalty_code AS c SET customer_id = given.customer_id, issue_key = given.issue_key,
  issued_at = %(now)s, ends_at = coalesce(%(ends)s, c.ends_at)
FROM numbered JOIN unnest(%(customers)s::bigint[], %(keys)s::text[]) WITH ORDINALITY
  AS given (customer_id, issue_key, place) USING (place)
WHERE c.id = numbered.id
RETURNING c.issue_key, coalesce(c.shown, c.code)"""


def issue_code(workspace_id: int, promotion_slug: str, customer_id: int, key: str) -> str:
    """A code of the promotion for the customer, as it is shown; the same key gives the same code.

    raises  NotFound(series_unknown) when nothing gives codes of this promotion,
            Refused(codes_run_out), Conflict(idempotency_mismatch)
    """
    series = queries.series_of_promotion(workspace_id, promotion_slug)
    return issue_codes(workspace_id, series, [(customer_id, key)])[0]


def issue_codes(
    workspace_id: int, series: SeriesRecord, wanted: Sequence[tuple[int, str]]
) -> list[str]:
    """A code of the series for each customer and key, in the order asked.

    personal  new codes, which only their customers may use
    unique    the next of the pool
    shared    the one there is
    """
    if not wanted:
        return []
    keys = [key for _customer, key in wanted]
    _check(keys)
    raw = cursor()
    raw.execute(_LOCK, [workspace_id, keys])
    if series.kind == "shared":
        shown = dict.fromkeys(keys, _shared(workspace_id, series))
        _tell(workspace_id, series, wanted)
    else:
        shown = _known(workspace_id, series, wanted)
        fresh = [(customer, key) for customer, key in wanted if key not in shown]
        shown |= _issued(workspace_id, series, fresh)
        _tell(workspace_id, series, fresh)
    return [shown[key] for key in keys]


def issue_for_occasion(
    workspace_id: int, series: SeriesRecord, occasion: str, wanted: Sequence[tuple[int, str]]
) -> int:
    """A code of one's own for each customer and key of an occasion; returns how many are new.

    The same keys give the same codes, however often they are asked for. A refusal must end the
    transaction: a pool has by then given what it had.
    occasion  whose keys these are, and nobody else's: calls for one occasion wait for each other
    raises    Refused(series_shared | series_blocked | codes_run_out),
              Conflict(idempotency_mismatch), Invalid(codes_too_many | key_invalid)
    """
    if series.kind == "shared":
        raise Refused("series_shared", "A series of one code for all has none for each.")
    if not wanted:
        return 0
    _check([key for _customer, key in wanted], OCCASION_CODES_MAX)
    cursor().execute(_LOCK, [workspace_id, [occasion]])
    known = _known(workspace_id, series, wanted)
    fresh = [(customer, key) for customer, key in wanted if key not in known]
    _issued(workspace_id, series, fresh)
    _tell(workspace_id, series, fresh)
    return len(fresh)


def _check(keys: Sequence[str], most: int = ISSUED_AT_ONCE_MAX) -> None:
    if len(keys) > most:
        raise Invalid("codes_too_many", f"Give out at most {most} codes at once.")
    if len(set(keys)) != len(keys) or not all(0 < len(key) <= KEY_CHARS_MAX for key in keys):
        raise Invalid("key_invalid", f"Each code needs a key of its own, up to {KEY_CHARS_MAX}.")


def _known(
    workspace_id: int, series: SeriesRecord, wanted: Sequence[tuple[int, str]]
) -> dict[str, str]:
    asked = {key: customer for customer, key in wanted}
    raw = cursor()
    raw.execute(
        "SELECT issue_key, code, shown, customer_id, series_id FROM loyalty_code"
        " WHERE workspace_id = %s AND issue_key = ANY(%s)",
        [workspace_id, list(asked)],
    )
    found = {}
    for key, code, shown, customer_id, series_id in raw.fetchall():
        if (customer_id, series_id) != (asked[key], series.id):
            raise Conflict("idempotency_mismatch", "This key gave out another code.", key=key)
        found[key] = shown or pure.grouped(code)
    return found


def _issued(
    workspace_id: int, series: SeriesRecord, fresh: Sequence[tuple[int, str]]
) -> dict[str, str]:
    if not fresh:
        return {}
    if series.state != "active":
        raise Refused("series_blocked", "Codes of this series are not given out now.")
    now = clock.now()
    ends_at = None if series.valid_days is None else now + timedelta(days=series.valid_days)
    if series.kind == "unique":
        return _drawn(workspace_id, series, fresh, now, ends_at)
    return _made(workspace_id, series, fresh, now, ends_at)


def _drawn(
    workspace_id: int,
    series: SeriesRecord,
    fresh: Sequence[tuple[int, str]],
    now: datetime,
    ends_at: datetime | None,
) -> dict[str, str]:
    raw = cursor()
    raw.execute(
        _DRAW,
        {
            "workspace": workspace_id, "series": series.id, "count": len(fresh), "now": now,
            "ends": ends_at, "customers": [customer for customer, _ in fresh],
            "keys": [key for _, key in fresh],
        },
    )  # fmt: skip
    drawn = {row[0]: _grouped_if_ours(row[1]) for row in raw.fetchall()}
    if len(drawn) < len(fresh):
        raise Refused(
            "codes_run_out", "The series has no more codes to give.", series=series.slug,
            left=len(drawn),
        )  # fmt: skip
    return drawn


def _made(
    workspace_id: int,
    series: SeriesRecord,
    fresh: Sequence[tuple[int, str]],
    now: datetime,
    ends_at: datetime | None,
) -> dict[str, str]:
    left = {key: customer for customer, key in fresh}
    made: dict[str, str] = {}
    for _ in range(TRIES_MAX):
        made |= _inserted(workspace_id, series, left, now, ends_at)
        left = {key: customer for key, customer in left.items() if key not in made}
        if not left:
            return made
    raise AssertionError("random codes repeat")


def _inserted(
    workspace_id: int,
    series: SeriesRecord,
    wanted: Mapping[str, int],
    now: datetime,
    ends_at: datetime | None,
) -> dict[str, str]:
    signs = pure.RANDOM_SIGNS_MIN
    chance = secrets.token_bytes(pure.bytes_needed(len(wanted), signs))
    codes = pure.codes_of(chance, len(wanted), signs, series.prefix)
    raw = cursor()
    raw.execute(
        _MAKE,
        {
            "workspace": workspace_id, "series": series.id, "codes": codes,
            "customers": list(wanted.values()), "keys": list(wanted), "now": now,
            "ends": ends_at, "uses": series.uses_per_code,
        },
    )  # fmt: skip
    return {row[0]: pure.grouped(row[1]) for row in raw.fetchall()}


def _shared(workspace_id: int, series: SeriesRecord) -> str:
    raw = cursor()
    raw.execute(
        "SELECT coalesce(shown, code) FROM loyalty_code WHERE workspace_id = %s"
        " AND series_id = %s AND state = 'active' ORDER BY id LIMIT 1",
        [workspace_id, series.id],
    )
    row = raw.fetchone()
    if row is None:
        raise NotFound("code_unknown", "The series has no code yet.", series=series.slug)
    return str(row[0])


def _grouped_if_ours(text: str) -> str:
    return pure.grouped(text) if pure.is_well_formed(text) else text


def _tell(workspace_id: int, series: SeriesRecord, issued: Sequence[tuple[int, str]]) -> None:
    now = clock.now()
    events.record_many(
        workspace_id,
        [
            NewEvent(
                kind="code.issued",
                time=now,
                key=f"code:issued:{series.id}:{key}",
                customer_id=customer_id,
                props={"series": series.slug, "promotion": series.promotion_slug},
                source="loyalty",
            )
            for customer_id, key in issued
        ],
    )
