"""What changed since the follower last looked: the same tables, in the same order, as the lake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from regulars.events.records import Origin
from regulars.lake import engine
from regulars.lake.relations import CUSTOMERS, MERGES, Relation
from regulars.lake.source import Position
from regulars.store.scope import cursor

# Rows of each table that are looked at in one step; they are light.
SKIM_ROWS = 50_000
FOLLOWED = (
    "events", "customers", "orders", "order_lines", "consents", "suppressions", "pauses",
    "merges", "list_members", "scores", "loyalty",
)  # fmt: skip
# Of two causes the one that sets off more is believed: what happens live is not hidden by history.
WEAKNESS = {Origin.LIVE.value: 0, Origin.REPLAY.value: 1, Origin.IMPORT.value: 2}


def stronger(one: str | None, other: str) -> str:
    """Of two causes the one that sets off more; None is no cause."""
    return other if one is None or WEAKNESS[other] < WEAKNESS[one] else one


@dataclass(slots=True)
class Changes:
    """What happened in one workspace.

    customers  ids as the rows have them, not roots; each with its origin, None: the row says none
    names      relations, and kinds of events as "events:order.paid"
    """

    customers: dict[int, str | None] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def add(self, customer_id: int, name: str, origin: str | None) -> None:
        """Note one row."""
        self.names.add(name)
        if origin is not None and origin not in WEAKNESS:
            # A word that nobody here knows must neither stop the follower nor set anything off.
            origin = Origin.IMPORT.value
        before = self.customers.get(customer_id)
        self.customers[customer_id] = before if origin is None else stronger(before, origin)

    def origins(self) -> dict[int, str]:
        """By customer; a row that does not say where it comes from is live."""
        return {one: origin or Origin.LIVE.value for one, origin in self.customers.items()}


def followed() -> dict[str, Relation]:
    """The relations that decide memberships, of those this lake has."""
    known = engine.current().relations
    return {name: known[name] for name in FOLLOWED if name in known}


def lock_cursors() -> dict[str, Position] | None:
    """How far each table was read, locked until the transaction ends; None: another follower is at
    work. A table never read begins at now."""
    raw = cursor()
    raw.execute(
        "INSERT INTO segments_cursor (source, xid, id)"
        " SELECT source, pg_snapshot_xmin(pg_current_snapshot()), 0"
        " FROM unnest(%s::text[]) AS given (source)"
        " WHERE NOT EXISTS (SELECT FROM segments_cursor c WHERE c.source = given.source)"
        " ON CONFLICT DO NOTHING",
        [list(followed())],
    )
    raw.execute(
        "SELECT source, xid::text::bigint, id FROM segments_cursor ORDER BY source"
        " FOR UPDATE SKIP LOCKED"
    )
    found = {name: Position(xid, row) for name, xid, row in raw.fetchall()}
    return found if found.keys() >= followed().keys() else None


def cursors() -> dict[str, Position]:
    """The same without a lock."""
    raw = cursor()
    raw.execute("SELECT source, xid::text::bigint, id FROM segments_cursor")
    return {name: Position(xid, row) for name, xid, row in raw.fetchall()}


def move(moved: Mapping[str, Position]) -> None:
    """Remember how far the tables were read."""
    for name, position in moved.items():
        cursor().execute(
            "UPDATE segments_cursor SET xid = %s::text::xid8, id = %s WHERE source = %s",
            [position.xid, position.id, name],
        )


def read(
    after: Mapping[str, Position], into: dict[int, Changes], *, upto: Mapping[str, Position] | None
) -> dict[str, Position]:
    """Add what changed to `into`, by workspace; returns how far the tables were read.

    upto  nothing beyond these positions; None: what can be read now, SKIM_ROWS of each table
    """
    moved = {}
    for name, relation in followed().items():
        last = _read(relation, after[name], into, None if upto is None else upto[name])
        if last is not None:
            moved[name] = last
    return moved


def _read(
    relation: Relation,
    after: Position,
    into: dict[int, Changes],
    upto: Position | None,
) -> Position | None:
    raw = cursor()
    limit = (
        f" LIMIT {SKIM_ROWS}"
        if upto is None
        else f" AND (r.xid, r.id) <= ('{upto.xid:d}'::xid8, {upto.id:d})"
    )
    order = " ORDER BY r.xid, r.id" if upto is None else ""
    raw.execute(
        f"SELECT r.workspace_id, r.xid::text::bigint, r.id, {_persons(relation)},"
        f" {_kind(relation)}, {_origin(relation)} FROM ({relation.select_sql}) r"
        f" WHERE (r.xid, r.id) > ('{after.xid:d}'::xid8, {after.id:d})"
        f" AND r.xid < pg_snapshot_xmin(pg_current_snapshot()){order}{limit}".encode()
    )
    last = None
    for workspace_id, xid, row, persons, kind, origin in raw:
        last = Position(xid, row)
        changes = into.setdefault(workspace_id, Changes())
        name = relation.name if kind is None else f"events:{kind}"
        for person in persons:
            if person is not None:
                changes.add(person, name, origin)
    return last


def _persons(relation: Relation) -> str:
    if relation.name == CUSTOMERS:
        return "ARRAY[r.id]"
    if relation.name == MERGES:
        return "ARRAY[r.loser, r.root]"
    return "ARRAY[r.customer]"


def _kind(relation: Relation) -> str:
    return "r.kind" if relation.name == "events" else "NULL::text"


def _origin(relation: Relation) -> str:
    return "r.origin" if relation.name in ("events", "orders") else "NULL::text"


def is_behind(positions: Mapping[str, Position], goal: Mapping[str, Position]) -> bool:
    """Whether any table was read less far than the goal; positions at its start count as read."""
    return any(positions.get(name, Position()) < goal[name] for name in goal)


def names_of(changes: Iterable[Changes]) -> set[str]:
    """All that changed."""
    return {name for one in changes for name in one.names}
