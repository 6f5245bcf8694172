"""Scores as the lake sees them: one row a customer, which facts read."""

from __future__ import annotations

import pyarrow as pa

from regulars.lake.relations import Relation

SCORES = Relation(
    name="scores",
    select_sql="""
        SELECT workspace_id, xid, id, customer_id AS customer, orders, money_minor, first_on,
               last_on, recency_fifth, frequency_fifth, money_fifth, rfm_class, gap_days, stage,
               stage_since, cooling_on, lost_on, returns_share, top_category, cluster, is_gone,
               last_on + round(gap_days)::int AS next_on
        FROM value_score""",
    columns=pa.schema(
        [
            ("customer", pa.int64()),
            ("orders", pa.int32()),
            ("money_minor", pa.int64()),
            ("first_on", pa.date32()),
            ("last_on", pa.date32()),
            ("recency_fifth", pa.int32()),
            ("frequency_fifth", pa.int32()),
            ("money_fifth", pa.int32()),
            ("rfm_class", pa.string()),
            ("gap_days", pa.float64()),
            ("stage", pa.string()),
            ("stage_since", pa.date32()),
            ("cooling_on", pa.date32()),
            ("lost_on", pa.date32()),
            ("returns_share", pa.float64()),
            ("top_category", pa.string()),
            ("cluster", pa.string()),
            ("next_on", pa.date32()),
        ]
    ),
    key="keyed",
    sort=("customer",),
    lowered=("rfm_class", "stage", "top_category", "cluster"),
    bucket="customer",
    gone="is_gone",
)
RELATIONS = (SCORES,)
