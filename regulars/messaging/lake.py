"""Messages as the lake sees them."""

from __future__ import annotations

import pyarrow as pa

from regulars.lake.relations import TIME, Relation

MESSAGES = Relation(
    name="messages",
    select_sql="""
        SELECT workspace_id, xid, id, campaign_id, customer_id AS customer, channel, state,
               planned_at, accepted_at, bounced_at
        FROM messaging_message""",
    columns=pa.schema(
        [
            ("id", pa.int64()),
            ("campaign_id", pa.int64()),
            ("customer", pa.int64()),
            ("channel", pa.string()),
            ("state", pa.string()),
            ("planned_at", TIME),
            ("accepted_at", TIME),
            ("bounced_at", TIME),
        ]
    ),
    key="keyed",
    sort=("campaign_id", "id"),
)
RELATIONS = (MESSAGES,)
