"""Customers, consents, suppressions, pauses and merges as the lake sees them."""

from __future__ import annotations

import pyarrow as pa

from regulars.lake.relations import TIME, Relation

TEXTS = (
    "public_id", "external_id", "name", "first_name", "last_name", "email", "phone", "city",
    "country", "language", "gender",
)  # fmt: skip

# Parts of an address are own attributes; rules ask for them as columns.
PLACE_TEXTS = ("region", "postal_code")
PLACE_DEGREES = {"latitude": 90, "longitude": 180}


def _place_sql() -> str:
    texts = [
        f"CASE WHEN jsonb_typeof(attrs->'{name}') = 'string' THEN attrs->>'{name}' END AS {name}"
        for name in PLACE_TEXTS
    ]
    # Rounded to a centimetre: what a double cannot hold must not stop the reader of everybody.
    degrees = [
        f"CASE WHEN jsonb_typeof(attrs->'{name}') = 'number'"
        f" THEN CASE WHEN (attrs->'{name}')::numeric BETWEEN -{most} AND {most}"
        f" THEN round((attrs->'{name}')::numeric, 7)::float8 END END AS {name}"
        for name, most in PLACE_DEGREES.items()
    ]
    return ", ".join(texts + degrees)


CUSTOMERS = Relation(
    name="customers",
    select_sql=f"""
        SELECT workspace_id, xid, id, {", ".join(TEXTS)}, birth_on, first_seen_at, created_at,
               attrs, {_place_sql()}
        FROM customers_customer""",
    columns=pa.schema(
        [
            ("id", pa.int64()),
            *((name, pa.string()) for name in TEXTS),
            ("birth_on", pa.date32()),
            ("first_seen_at", TIME),
            ("created_at", TIME),
            ("attrs", pa.string()),
            *((name, pa.string()) for name in PLACE_TEXTS),
            *((name, pa.float64()) for name in PLACE_DEGREES),
        ]
    ),
    key="keyed",
    sort=("id",),
    lowered=(*TEXTS[1:], *PLACE_TEXTS),
)
CONSENTS = Relation(
    name="consents",
    select_sql="""
        SELECT workspace_id, xid, id, customer_id AS customer, channel, purpose, state,
               changed_at, is_gone
        FROM customers_consentstate""",
    columns=pa.schema(
        [
            ("customer", pa.int64()),
            ("channel", pa.string()),
            ("purpose", pa.string()),
            ("state", pa.string()),
            ("changed_at", TIME),
        ]
    ),
    key="keyed",
    sort=("customer",),
    bucket="customer",
    gone="is_gone",
)
# Of customers, not of addresses: whose present address is suppressed.
SUPPRESSIONS = Relation(
    name="suppressions",
    select_sql="""
        SELECT workspace_id, xid, id, customer_id AS customer, channel, is_gone
        FROM customers_stop""",
    columns=pa.schema([("customer", pa.int64()), ("channel", pa.string())]),
    key="keyed",
    sort=("customer",),
    bucket="customer",
    gone="is_gone",
)
# Until when customers want no marketing; the channel "" is all of them.
PAUSES = Relation(
    name="pauses",
    select_sql="""
        SELECT workspace_id, xid, id, customer_id AS customer, channel, paused_until,
               paused_until IS NULL AS is_gone
        FROM customers_preference""",
    columns=pa.schema([("customer", pa.int64()), ("channel", pa.string()), ("paused_until", TIME)]),
    key="keyed",
    sort=("customer",),
    bucket="customer",
    gone="is_gone",
)
MERGES = Relation(
    name="merges",
    select_sql="""
        SELECT workspace_id, xid, id, loser_id AS loser, root_id AS root, is_gone
        FROM customers_merge""",
    columns=pa.schema([("loser", pa.int64()), ("root", pa.int64())]),
    key="keyed",
    sort=("loser",),
    gone="is_gone",
)
RELATIONS = (CUSTOMERS, CONSENTS, SUPPRESSIONS, PAUSES, MERGES)
