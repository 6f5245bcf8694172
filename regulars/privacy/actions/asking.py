"""Asking for an erasure: from then on nothing is sent and no report shows the person."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from regulars.audit import actions as audit
from regulars.customers import queries as customers
from regulars.jobs import actions as jobs
from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.kernel.ids import new_public_id
from regulars.lake import erasing
from regulars.privacy import queries
from regulars.privacy.actions import removing
from regulars.privacy.records import DONE, WAITING, ErasureRecord
from regulars.store.scope import cursor

JOB = "privacy.erase"
ASK = f"""
INSERT INTO privacy_erasure AS e (workspace_id, public_id, customer_id, customer_public_id, ids,
    state, step, inbox_upto, counts, lake, touched, late, is_hurried, asked_by, asked_at)
VALUES (%(workspace)s, %(new_id)s, %(customer)s, %(customer_public)s, %(ids)s, %(state)s, 0,
    (SELECT coalesce(max(id), 0) FROM events_inbox WHERE workspace_id = %(workspace)s),
    '{{}}', '{{}}', '[]', '{{}}', %(hurried)s, %(actor)s, %(now)s)
ON CONFLICT (workspace_id, customer_id) DO UPDATE SET
    state = CASE WHEN e.state = %(done)s THEN %(state)s ELSE e.state END,
    step = CASE WHEN e.state = %(done)s THEN 0 ELSE e.step END,
    counts = CASE WHEN e.state = %(done)s THEN '{{}}' ELSE e.counts END,
    finished_at = NULL,
    ids = CASE WHEN e.state = %(done)s THEN excluded.ids ELSE e.ids END
RETURNING {queries.ERASURE}
"""


def erase(
    workspace_id: int, customer_id: int, *, actor: str, is_hurried: bool = False
) -> ErasureRecord:
    """Begin to erase the customer and everybody merged into them; asked again, the same report.

    actor       as the report shows it: an id, no name
    is_hurried  do not wait for the night with large tables
    raises      NotFound(customer_unknown)
    """
    try:
        person = customers.whole_person(workspace_id, customer_id)
    except NotFound:
        known = queries.erasure_of_customer(workspace_id, customer_id)
        if known is None:
            raise
        return known
    raw = cursor()
    raw.execute(
        ASK,
        {
            "workspace": workspace_id,
            "new_id": new_public_id(),
            "customer": person.ids[0],
            "customer_public": person.public_ids[0],
            "ids": list(person.ids),
            "state": WAITING,
            "done": DONE,
            "hurried": is_hurried,
            "actor": actor,
            "now": clock.now(),
        },
    )
    row = raw.fetchone()
    assert row is not None
    asked = queries.erasure_of(row)
    if asked.state == WAITING and not asked.counts:
        _begin(asked, removing.at_once(person))
    return queries.erasure(workspace_id, asked.public_id)


def _begin(asked: ErasureRecord, done: Mapping[str, Any]) -> None:
    counts = dict(asked.counts)
    removing.add(counts, done)
    raw = cursor()
    raw.execute(
        "UPDATE privacy_erasure SET counts = %s::jsonb WHERE workspace_id = %s AND id = %s",
        [_json(counts), asked.workspace_id, asked.id],
    )
    erasing.hide(raw, asked.workspace_id, asked.ids, clock.now())
    audit.note(asked.workspace_id, "customer.erasure_asked", "customer", asked.customer_public_id)
    jobs.enqueue_anew(
        asked.workspace_id,
        JOB,
        {"erasure": asked.public_id},
        asked.public_id,
        every=timedelta(0),
    )


def _json(value: object) -> str:
    return json.dumps(value)
