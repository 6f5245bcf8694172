"""The log as the lake sees it."""

from __future__ import annotations

import pyarrow as pa

from regulars.lake.relations import TIME, Relation

EVENTS = Relation(
    name="events",
    select_sql="""
        SELECT workspace_id, xid, id, customer_id AS customer, time, kind, props,
               subject_id AS subject, origin
        FROM events_event""",
    columns=pa.schema(
        [
            ("id", pa.int64()),
            ("customer", pa.int64()),
            ("time", TIME),
            ("kind", pa.string()),
            ("props", pa.string()),
            ("subject", pa.int64()),
            ("origin", pa.string()),
        ]
    ),
    key="append",
    # Rules ask for a kind first: sorted so, a count reads less than half.
    sort=("kind", "customer", "time"),
    bucket="customer",
    period="time",
)
RELATIONS = (EVENTS,)
