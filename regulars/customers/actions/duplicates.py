"""Pairs that may be one person: kept as they are found, decided by people, merged many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from regulars.customers.actions.merge import lock, merge_two
from regulars.customers.pure.priority import Verdict
from regulars.customers.queries.duplicates import count_above, told_apart
from regulars.customers.records import PairState
from regulars.jobs import actions as jobs
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, NotFound
from regulars.kernel.ids import new_public_id
from regulars.store.scope import cursor

__all__ = [
    "begin_search",
    "decide_pair",
    "end_search",
    "keep_pairs",
    "merge_above",
    "merge_some",
    "propose_pair",
    "refuse_apart",
    "start_search",
]

MERGE_CHUNK = 25
# A search that did not end by then died with its worker; another may begin.
RUN_PATIENCE = timedelta(hours=1)
SEARCH_JOB = "customers.find_duplicates"
MERGE_JOB = "customers.merge_duplicates"
BY_SEARCH = "duplicates"

KEEP = """
INSERT INTO customers_duplicate AS d
  (workspace_id, public_id, one_id, other_id, probability, reasons, state, found_at, decided_by)
SELECT %s, public_id, one_id, other_id, probability, reasons, 'open', %s, ''
FROM json_to_recordset(%s::json) AS g
  (public_id text, one_id bigint, other_id bigint, probability float8, reasons jsonb)
ORDER BY one_id, other_id
ON CONFLICT (workspace_id, one_id, other_id) DO UPDATE
SET probability = excluded.probability, reasons = excluded.reasons, found_at = excluded.found_at
WHERE d.state IN ('open', 'later')
"""
PROPOSE = """
INSERT INTO customers_duplicate AS d
  (workspace_id, public_id, one_id, other_id, probability, reasons, state, found_at, decided_by)
VALUES (%s, %s, %s, %s, 0, '[]', 'open', %s, '')
ON CONFLICT (workspace_id, one_id, other_id) DO UPDATE
SET found_at = excluded.found_at, state = CASE d.state WHEN 'merged' THEN 'open' ELSE d.state END
RETURNING public_id, state
"""
# Whom somebody told apart stays apart, under whatever root each of them is by now.
TOLD_APART = """
SELECT least(coalesce(a.merged_into, a.id), coalesce(b.merged_into, b.id)),
       greatest(coalesce(a.merged_into, a.id), coalesce(b.merged_into, b.id))
FROM customers_duplicate d
JOIN customers_customer a ON a.id = d.one_id
JOIN customers_customer b ON b.id = d.other_id
WHERE d.workspace_id = %s AND d.state = 'different'
"""
FORGET_OLD = """
DELETE FROM customers_duplicate WHERE workspace_id = %s AND state = 'open' AND found_at < %s
"""
LOCK_PAIR = """
SELECT d.id, d.state, coalesce(a.merged_into, a.id), coalesce(b.merged_into, b.id)
FROM customers_duplicate d
JOIN customers_customer a ON a.id = d.one_id
JOIN customers_customer b ON b.id = d.other_id
WHERE d.workspace_id = %s AND d.public_id = %s FOR UPDATE OF d
"""
DECIDE = """
UPDATE customers_duplicate SET state = %s, decided_at = %s, decided_by = %s
WHERE workspace_id = %s AND id = %s
"""
NEXT_ABOVE = """
SELECT d.public_id FROM customers_duplicate d
WHERE d.workspace_id = %s AND d.state = 'open' AND d.probability >= %s
ORDER BY d.id LIMIT %s
"""


def keep_pairs(
    workspace_id: int,
    pairs: Sequence[tuple[int, int, float, list[Mapping[str, Any]]]],
    started_at: datetime,
) -> int:
    """Keep what a search found; gives how many pairs are proposed.

    pairs  (one, other, probability, reasons); who was told apart is left out, for ever
    Open pairs that an earlier search found and this one did not are forgotten.
    """  # fmt: skip
    raw = cursor()
    raw.execute(TOLD_APART, [workspace_id])
    apart = set(raw.fetchall())
    rows = [
        {
            "public_id": new_public_id(),
            "one_id": min(one, other),
            "other_id": max(one, other),
            "probability": probability,
            "reasons": reasons,
        }
        for one, other, probability, reasons in pairs
        if (min(one, other), max(one, other)) not in apart
    ]
    raw.execute(KEEP, [workspace_id, clock.now(), msgspec.json.encode(rows).decode()])
    raw.execute(FORGET_OLD, [workspace_id, started_at])
    return len(rows)


def propose_pair(workspace_id: int, one: int, other: int) -> tuple[str, PairState]:
    """Lay two customers side by side by hand; gives the pair and how it was decided before.

    raises  Invalid(pair_self)
    """
    if one == other:
        raise Invalid("pair_self", "These are two names of one customer already.")
    raw = cursor()
    raw.execute(
        PROPOSE,
        [workspace_id, new_public_id(), min(one, other), max(one, other), clock.now()],
    )
    row = raw.fetchone()
    assert row is not None, "an insert or update that returns gives one row"
    return row[0], PairState(row[1])


def decide_pair(
    workspace_id: int, public_id: str, state: PairState, *, actor: str, is_confirmed: bool = False
) -> Verdict | None:
    """Merge the two, tell them apart for ever, or put them off; gives who won a merge.

    Deciding again what was decided so changes nothing.
    is_confirmed  merge them although others, merged into them, were told apart
    raises        NotFound(pair_unknown), Conflict(pair_decided | pair_told_apart)
    """
    raw = cursor()
    raw.execute(LOCK_PAIR, [workspace_id, public_id])
    row = raw.fetchone()
    if row is None:
        raise NotFound("pair_unknown", "There is no such pair.")
    pair_id, before, one, other = row
    if before == state:
        return None
    if before == PairState.MERGED:
        raise Conflict("pair_decided", "The two were merged; split one off to tell them apart.")
    verdict = None
    # Whoever decides about these two waits here: a word said meanwhile is heard.
    lock(workspace_id, [one, other])
    if state is PairState.MERGED and one != other:
        if not is_confirmed:
            refuse_apart(workspace_id, one, other, but=public_id)
        verdict = merge_two(workspace_id, one, other, reason=BY_SEARCH, actor=actor)
    raw.execute(DECIDE, [state.value, clock.now(), actor, workspace_id, pair_id])
    return verdict


def refuse_apart(workspace_id: int, one: int, other: int, *, but: str = "") -> None:
    """Nothing when nobody told these two apart, nor any who were merged into them.

    raises  Conflict(pair_told_apart)
    """
    if told_apart(workspace_id, one, other, but=but) is not None:
        raise Conflict(
            "pair_told_apart",
            "Somebody said that these are two people, directly or about cards merged into them.",
        )


def start_search(workspace_id: int, *, actor: str) -> None:
    """Let a worker look for duplicates; one search waits or runs at a time."""
    run = begin_search(workspace_id, actor=actor)
    if run is not None:
        jobs.enqueue(workspace_id, SEARCH_JOB, {"run": run}, key=f"duplicates:{run}")


def begin_search(workspace_id: int, *, actor: str) -> int | None:
    """Note that a search begins; None while another one waits or runs."""
    raw = cursor()
    raw.execute("SELECT pg_advisory_xact_lock(%s, %s)", [0x6475, workspace_id % (1 << 31)])
    raw.execute(
        "SELECT id FROM customers_duplicaterun WHERE workspace_id = %s AND state = 'running'"
        " AND started_at > %s",
        [workspace_id, clock.now() - RUN_PATIENCE],
    )
    if raw.fetchone() is not None:
        return None
    raw.execute(
        "INSERT INTO customers_duplicaterun (workspace_id, state, customers, pairs, left_out,"
        " reason, started_by, started_at) VALUES (%s, 'running', 0, 0, 0, '', %s, %s) RETURNING id",
        [workspace_id, actor, clock.now()],
    )
    made = raw.fetchone()
    assert made is not None, "an insert that returns gives one row"
    return int(made[0])


def end_search(
    workspace_id: int,
    run: int,
    *,
    customers: int = 0,
    pairs: int = 0,
    left_out: int = 0,
    reason: str = "",
) -> None:
    """Say how a search ended; with a reason it broke off."""
    cursor().execute(
        "UPDATE customers_duplicaterun SET state = %s, customers = %s, pairs = %s, left_out = %s,"
        " reason = %s, finished_at = %s WHERE workspace_id = %s AND id = %s",
        ["failed" if reason else "done", customers, pairs, left_out, reason, clock.now(),
         workspace_id, run],
    )  # fmt: skip


def merge_above(workspace_id: int, probability: float, *, count: int, actor: str) -> None:
    """Let a worker merge every open pair of at least this probability.

    count   how many the asker was shown; when they are others by now nothing happens
    raises  Conflict(pairs_changed), Invalid(probability)
    """
    if not 0.5 <= probability <= 1:
        raise Invalid("probability", "Choose a probability between 50 and 100 percent.")
    found = count_above(workspace_id, probability)
    if found != count or not found:
        raise Conflict("pairs_changed", "Other pairs are found by now; look at the number again.")
    jobs.enqueue(
        workspace_id,
        MERGE_JOB,
        {"probability": probability, "actor": actor},
        key=f"duplicates:merge:{new_public_id()}",
    )


def merge_some(workspace_id: int, probability: float, *, actor: str) -> int:
    """Settle the next few open pairs of at least this probability; gives how many there were.

    They are merged, but for those that would join two whom somebody told apart, through a third
    one: these are put off, for a person to look at.
    """
    raw = cursor()
    raw.execute(NEXT_ABOVE, [workspace_id, probability, MERGE_CHUNK])
    found = [row[0] for row in raw.fetchall()]
    for public_id in found:
        raw.execute(LOCK_PAIR, [workspace_id, public_id])
        row = raw.fetchone()
        if row is None:
            # Gone with a customer who was erased.
            continue
        # Asked again each time, for each merge changes who is whom.
        is_apart = told_apart(workspace_id, row[2], row[3]) is not None
        state = PairState.LATER if is_apart else PairState.MERGED
        decide_pair(workspace_id, public_id, state, actor=actor)
    return len(found)
