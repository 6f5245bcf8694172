"""Where customers stand in the programme, for the lake: one row a customer, read by facts."""

from __future__ import annotations

import pyarrow as pa

from regulars.lake.relations import Relation

# Points are hundredths here as everywhere; sentences and forms say them whole.
STANDING = Relation(
    name="loyalty",
    select_sql="""
        SELECT workspace_id, xid, id, customer_id AS customer, is_member, is_blocked, joined_on,
               tier, tier_until, balance, pending, debt, next_expiry_on, next_expiry_points,
               has_code, is_gone
        FROM loyalty_standing""",
    columns=pa.schema(
        [
            ("customer", pa.int64()),
            ("is_member", pa.bool_()),
            ("is_blocked", pa.bool_()),
            ("joined_on", pa.date32()),
            ("tier", pa.string()),
            ("tier_until", pa.date32()),
            ("balance", pa.int64()),
            ("pending", pa.int64()),
            ("debt", pa.int64()),
            ("next_expiry_on", pa.date32()),
            ("next_expiry_points", pa.int64()),
            ("has_code", pa.bool_()),
        ]
    ),
    key="keyed",
    sort=("customer",),
    lowered=("tier",),
    bucket="customer",
    gone="is_gone",
)
RELATIONS = (STANDING,)
