"""Static lists as the lake sees them."""

from __future__ import annotations

import pyarrow as pa

from regulars.lake.relations import TIME, Relation

LIST_MEMBERS = Relation(
    name="list_members",
    select_sql="""
        SELECT workspace_id, xid, id, customer_id AS customer, list, added_at, is_gone
        FROM segments_listmember""",
    columns=pa.schema([("customer", pa.int64()), ("list", pa.string()), ("added_at", TIME)]),
    key="keyed",
    sort=("customer",),
    bucket="customer",
    gone="is_gone",
)
RELATIONS = (LIST_MEMBERS,)
