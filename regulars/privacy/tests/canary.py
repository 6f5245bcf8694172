"""A person with a mark in every field of every table, and a search for the mark in every file."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from regulars.customers import actions as customers
from regulars.customers.records import Identity
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.intake import uploads
from regulars.kernel import clock
from regulars.privacy.registry import all_traces
from regulars.store import place
from regulars.store.persons import Fate, Person, Trace
from regulars.store.scope import cursor, scope
from regulars.workspaces.records import WorkspaceRecord

COLUMNS = """
SELECT column_name, udt_name, is_identity = 'YES',
    coalesce(character_maximum_length, 999) FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'
ORDER BY ordinal_position
"""
# Written by actions, or found by something else than a row of their own.
NOT_FILLED = {
    "customers_customer", "customers_identifier", "customers_merge", "events_event",
    "reports_snapshot", "customers_consent", "customers_consentstate",
}  # fmt: skip
# Columns whose words the pages read; any other word would be a broken row, not a person's.
WORDS = {
    ("orders_order", "kind"): "sale",
    ("orders_order", "status"): "paid",
    ("orders_order", "stage"): "received",
    ("orders_order", "payment"): "paid",
    ("orders_line", "kind"): "product",
    ("orders_lead", "status"): "new",
    ("intake_connection", "kind"): "webhook",
    ("intake_connection", "state"): "on",
    ("loyalty_adjustment", "state"): "posted",
    ("loyalty_card", "state"): "active",
    ("loyalty_code", "reserved"): 0,
    ("loyalty_code", "used"): 0,
    ("loyalty_entry", "account"): "member:available",
    ("loyalty_giftcard", "held_minor"): 0,
    ("loyalty_lot", "held"): 0,
    ("loyalty_lot", "pending"): 0,
    ("loyalty_member", "merged_into"): None,
    ("loyalty_member", "state"): "active",
    ("loyalty_referral", "state"): "completed",
    ("loyalty_rewardorder", "state"): "ordered",
    ("loyalty_txn", "resolves_id"): None,
    ("loyalty_txn", "reverses_id"): None,
}
PERSON_COLUMNS = {"customer_id", "one_id", "other_id", "loser_id", "into_id", "holder_id"}


@dataclass(frozen=True, slots=True)
class Canary:
    """Somebody to be erased; the mark is in everything about them."""

    mark: str
    workspace: WorkspaceRecord
    customer_id: int
    public_id: str
    email: str
    phone: str


def put(workspace: WorkspaceRecord) -> Canary:
    """The canary, in every table that may hold a person, in the log and in an upload."""
    mark = f"kanarka{secrets.token_hex(6)}"
    email, phone = f"{mark}@example.com", f"+38067{secrets.randbelow(10**7):07d}"
    with scope(workspace.id):
        (customer_id,) = customers.identify_many(
            workspace.id,
            [
                Identity(
                    external_id=f"ext-{mark}",
                    email=email,
                    phone=phone,
                    anonymous_id=f"anon-{mark}",
                    traits={"first_name": mark, "city": f"City {mark}", "note": f"own {mark}"},
                )
            ],
        )
        for state in (customers.give_consent, customers.withdraw_consent):
            state(workspace.id, customer_id, channel="email", purpose="marketing",
                  source=f"form {mark}", text_version="v1")  # fmt: skip
        events.record_many(
            workspace.id,
            [
                NewEvent(kind="Product Viewed", time=clock.now(), key=f"{mark}{n}",
                         customer_id=customer_id, props={"page": f"https://x/{mark}/{n}"})
                for n in range(3)
            ],
        )  # fmt: skip
        raw = cursor()
        raw.execute("SELECT public_id FROM customers_customer WHERE id = %s", [customer_id])
        (public_id,) = raw.fetchone() or ("",)
        canary = Canary(mark, workspace, customer_id, public_id, email, phone)
        fill(canary)
    name = uploads.keep(workspace.public_id, [f"email;name\n{email};{mark}\n".encode()])
    with scope(workspace.id):
        cursor().execute(
            "UPDATE intake_import SET stored_as = %s, state = 'mapping' WHERE workspace_id = %s",
            [name, workspace.id],
        )
    return canary


def fill(canary: Canary) -> None:
    """A row with the mark in every text of every traced table."""
    ids: dict[str, int] = {}
    for table in sorted({t.table for t in traces()} - NOT_FILLED, key=_order):
        ids[table] = _fill(table, canary, ids)


def traces() -> Iterator[Trace]:
    """Every trace of every room."""
    for room in all_traces():
        yield from (*room.rows, *room.last)


def rows(canary: Canary) -> dict[str, int]:
    """How many rows each table still has that erasing looks for by id, none left out."""
    counts: dict[str, int] = {}
    with scope(canary.workspace.id):
        for trace in traces():
            if not trace.mine or trace.mine == "true" or trace.fate is Fate.KEEP:
                continue
            person = Person(canary.workspace.id, (canary.customer_id,), (canary.public_id,), ())
            raw = cursor()
            raw.execute(
                f"SELECT tableoid::regclass::text, count(*) FROM {trace.table}"
                f" WHERE workspace_id = %(workspace)s AND ({trace.mine}) GROUP BY 1",
                person.values,
            )
            for name, number in raw.fetchall():
                counts[name] = counts.get(name, 0) + number
    return counts


def is_personal(table: str, column: str) -> bool:
    """Whether erasing takes the column's value away: with its row, or by emptying it."""
    own = [trace for trace in traces() if trace.table == table]
    if any(trace.fate is Fate.DELETE for trace in own):
        return True
    return any(re.search(rf"(^|, ){column} =", trace.sets) for trace in own)


def _order(table: str) -> tuple[int, str]:
    # Rows that others point to come first.
    first = ("orders_order", "orders_cart", "customers_company", "loyalty_member", "loyalty_card",
             "loyalty_txn")  # fmt: skip
    return (first.index(table) if table in first else len(first), table)


def _fill(table: str, canary: Canary, ids: Mapping[str, int]) -> int:
    raw = cursor()
    raw.execute(COLUMNS, [table])
    columns = raw.fetchall()
    # Some tables are known by their customer alone.
    told = "id" if any(name == "id" for name, *_ in columns) else "0"
    values = {
        name: _short(_value(table, name, kind, canary, ids), length)
        for name, kind, is_identity, length in columns
        if not (is_identity or name in ("id", "xid"))
    }
    if table == "campaigns_exclusion":
        values["campaign_id"] = _campaign(canary)
    names = ", ".join(values)
    raw.execute(
        f"INSERT INTO {table} ({names}) VALUES ({', '.join(['%s'] * len(values))})"
        f" RETURNING {told}",
        list(values.values()),
    )
    row = raw.fetchone()
    assert row is not None
    return int(row[0])


def _value(table: str, name: str, kind: str, canary: Canary, ids: Mapping[str, int]) -> object:
    known = {
        "workspace_id": canary.workspace.id,
        "order_id": ids.get("orders_order"),
        "cart_id": ids.get("orders_cart"),
        "company_id": ids.get("customers_company"),
        "subject_id": ids.get("orders_order"),
        "member_id": ids.get("loyalty_member"),
        "owner_id": ids.get("loyalty_member"),
        "inviter_id": ids.get("loyalty_member"),
        "friend_id": ids.get("loyalty_member"),
        "card_id": ids.get("loyalty_card"),
        "txn_id": ids.get("loyalty_txn"),
        "subject": "order",
        "arm": "control",
        "visitor": f"anon-{canary.mark}",
        "email": canary.email,
        "chosen": json.dumps([canary.customer_id]),
        "finished_at": clock.now(),
        "payload": json.dumps({"email": canary.email, "x": canary.mark}).encode()
        if kind == "bytea"
        else json.dumps({"email": canary.email}),
        "raw": json.dumps({"E-mail": canary.email.upper()}) if kind == "jsonb"
        else canary.mark.encode(),
        "rcpt_to": canary.email,
        "value": canary.email,
        "query": f"search={canary.email}",
        "currency": "UAH",
        "event_xid": "0",
        "sample": json.dumps({"client": {"mail": canary.email, "name": canary.mark}}),
        "detail": f"{canary.mark} {canary.email}",
        "seen": json.dumps({"sample_rows": [[canary.email, canary.mark]]}),
    }  # fmt: skip
    if (table, name) in WORDS:
        return WORDS[table, name]
    if (table, name) == ("segments_delivery", "customer_ids"):
        return [canary.customer_id]
    if (table, name) == ("orders_lead", "items"):
        item = {"sku": canary.mark, "name": canary.mark, "quantity": "1", "unit_price": None}
        return json.dumps([item])
    if table == "intake_subject" and name in ("kind", "key"):
        return {"kind": "customer", "key": f"ext-{canary.mark}"}[name]
    if name in PERSON_COLUMNS:
        return canary.customer_id + (10**9 if name in ("other_id", "into_id") else 0)
    if (
        name in known
        and known[name] is not None
        and (is_personal(table, name) or canary.mark not in str(known[name]))
    ):
        return known[name]
    if name.endswith(("public_id", "token")) and kind in ("varchar", "text"):
        return secrets.token_urlsafe(12)
    mark = canary.mark if is_personal(table, name) else secrets.token_urlsafe(9)
    by_kind: dict[str, object] = {
        "text": f"{name} {mark}", "varchar": mark,
        "jsonb": json.dumps({"said": mark}), "json": json.dumps({"said": mark}),
        "bytea": mark.encode(),
        "timestamptz": clock.now(), "date": clock.now().date(),
        "bool": False, "float8": 0.5,
    }  # fmt: skip
    if kind.startswith("_"):
        return []
    return by_kind.get(kind, 1)


def _short(value: object, length: int) -> object:
    return value[:length] if isinstance(value, str) else value


def _campaign(canary: Canary) -> int:
    from regulars.campaigns.models import Campaign

    return Campaign.objects.create(
        workspace_id=canary.workspace.id, public_id=secrets.token_urlsafe(12), name="Autumn",
        control_share=0.1, window_days=7, created_at=clock.now(), updated_at=clock.now(),
    ).id  # fmt: skip


def hits(mark: str, folder: Path | None = None) -> list[str]:
    """Files of the data folder that hold the mark, packed or not."""
    root = folder or place.data_folder()
    needle = mark.encode()
    found = []
    for path in sorted(root.rglob("*")):
        try:
            if not path.is_file():
                continue
            data = path.read_bytes()
        except FileNotFoundError:
            continue
        is_in = needle in data.lower()
        if not is_in and path.suffix == ".parquet":
            is_in = mark in str(pq.ParquetFile(path).read().to_pydict()).lower()
        if is_in:
            found.append(str(path.relative_to(root)))
    return found
