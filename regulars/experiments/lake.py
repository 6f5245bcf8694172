"""What experiments give to the lake."""

from __future__ import annotations

import pyarrow as pa

from regulars.lake.relations import TIME, Relation

ASSIGNMENTS = Relation(
    name="assignments",
    # The lake's engines know AT as a word of their own, so the column has a longer name there.
    select_sql="""
        select workspace_id, xid, id, experiment, customer_id as customer, arm,
               at as assigned_at
        from experiments_assignment""",
    columns=pa.schema(
        [
            ("id", pa.int64()),
            ("experiment", pa.string()),
            ("customer", pa.int64()),
            ("arm", pa.string()),
            ("assigned_at", TIME),
        ]
    ),
    key="keyed",
    sort=("experiment", "customer"),
    bucket="customer",
)

RELATIONS = (ASSIGNMENTS,)
