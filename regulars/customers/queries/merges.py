"""The log of merges, who a customer used to be, and contacts that several people use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from regulars.customers.records import IdentifierKind
from regulars.kernel.errors import Invalid, NotFound
from regulars.store.scope import cursor

LOG_ROWS = 50
FORMER_MAX = 50
SHARED_MAX = 20

READ_LOG = """
SELECT m.id, m.public_id, m.act, m.loser_id, m.into_id, m.reason, m.rule, m.actor, m.at,
       m.undone_at, l.public_id, {loser}, i.public_id, {into}, l.merged_into
FROM customers_mergeentry m
JOIN customers_customer l ON l.id = m.loser_id
JOIN customers_customer i ON i.id = m.into_id
WHERE m.workspace_id = %s {where}
ORDER BY m.id DESC LIMIT %s
"""
NAME = (
    "coalesce({0}.name, nullif(concat_ws(' ', {0}.first_name, {0}.last_name), ''), {0}.email,"
    " {0}.phone, {0}.external_id, '')"
)
READ_FORMER = f"""
SELECT m.loser_id, l.public_id, {NAME.format("l")}, m.at, e.reason, e.rule, e.actor
FROM customers_merge m
JOIN customers_customer l ON l.id = m.loser_id
LEFT JOIN LATERAL (
  SELECT reason, rule, actor FROM customers_mergeentry e
  WHERE e.workspace_id = m.workspace_id AND e.loser_id = m.loser_id AND e.act = 'merged'
    AND e.undone_at IS NULL ORDER BY e.id DESC LIMIT 1) e ON true
WHERE m.workspace_id = %s AND m.root_id = %s AND NOT m.is_gone
ORDER BY m.at DESC, m.id DESC LIMIT %s
"""
READ_SHARED = """
SELECT asked.root, s.kind, s.value, coalesce(c.merged_into, c.id), coalesce(h.merged_into, h.id),
       s.was_held, s.rule, s.at
FROM (SELECT id, coalesce(merged_into, id) AS root FROM customers_customer
      WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s)) AS asked
JOIN customers_share s ON s.workspace_id = %(workspace)s
 AND (s.customer_id = asked.id OR s.holder_id = asked.id)
JOIN customers_customer c ON c.id = s.customer_id
JOIN customers_customer h ON h.id = s.holder_id
WHERE coalesce(c.merged_into, c.id) <> coalesce(h.merged_into, h.id)
ORDER BY s.id
"""


@dataclass(frozen=True, slots=True)
class MergeLine:
    """A line of the log; the names are those of now."""

    id: int
    public_id: str
    act: str
    loser_id: int
    into_id: int
    reason: str
    rule: str
    actor: str
    at: datetime
    undone_at: datetime | None
    loser_public_id: str
    loser_name: str
    into_public_id: str
    into_name: str
    loser_root_id: int | None

    @property
    def is_undone(self) -> bool:
        """Whether what the line tells was taken back."""
        return self.undone_at is not None

    @property
    def may_split(self) -> bool:
        """Whether the merge still stands and may be undone."""
        return self.act == "merged" and not self.is_undone and self.loser_root_id is not None


@dataclass(frozen=True, slots=True)
class MergePage:
    """Some lines of the log, newest first; `after` is the key of the next page."""

    rows: tuple[MergeLine, ...]
    after: str


@dataclass(frozen=True, slots=True)
class Former:
    """Somebody who was merged into a customer, and how that came."""

    customer_id: int
    public_id: str
    name: str
    at: datetime
    reason: str
    rule: str
    actor: str


@dataclass(frozen=True, slots=True)
class Shared:
    """A contact that `customer_id` uses while `holder_id` holds it."""

    kind: IdentifierKind
    value: str
    customer_id: int
    holder_id: int
    was_held: bool
    rule: str
    at: datetime


def merges(
    workspace_id: int, *, customer_id: int | None = None, act: str = "", after: str = ""
) -> MergePage:
    """A page of the merge log. raises Invalid(list_key)

    customer_id  only lines that name this customer, as the one who stayed or who went
    act          merged, undone or split; empty for all
    """
    where, values = "", [workspace_id]
    if customer_id is not None:
        where += " AND (m.loser_id = %s OR m.into_id = %s)"
        values += [customer_id, customer_id]
    if act == "undone":
        where += " AND m.undone_at IS NOT NULL"
    elif act in ("merged", "split"):
        where += f" AND m.act = '{act}'"
    if after:
        if not after.isdecimal() or len(after) > 18:
            raise Invalid("list_key", "The page is not one of this list; start from the top.")
        where += " AND m.id < %s"
        values.append(int(after))
    sql = READ_LOG.format(loser=NAME.format("l"), into=NAME.format("i"), where=where)
    raw = cursor()
    raw.execute(sql, [*values, LOG_ROWS + 1])
    rows = [MergeLine(*row) for row in raw.fetchall()]
    following = str(rows[LOG_ROWS - 1].id) if len(rows) > LOG_ROWS else ""
    return MergePage(tuple(rows[:LOG_ROWS]), following)


def own_id_of(workspace_id: int, public_id: str) -> int:
    """The customer of this public id itself, merged or not. raises NotFound(customer_unknown)"""
    raw = cursor()
    raw.execute(
        "SELECT id FROM customers_customer WHERE workspace_id = %s AND public_id = %s",
        [workspace_id, public_id],
    )
    row = raw.fetchone()
    if row is None:
        raise NotFound("customer_unknown", "There is no such customer.")
    return int(row[0])


def former(workspace_id: int, customer_id: int) -> list[Former]:
    """Who was merged into the customer and still is, the newest merge first; one over a page."""
    raw = cursor()
    raw.execute(READ_FORMER, [workspace_id, customer_id, FORMER_MAX + 1])
    return [
        Former(one, public_id, name, at, reason or "", rule or "", actor or "")
        for one, public_id, name, at, reason, rule, actor in raw.fetchall()
    ]


def shared_contacts(workspace_id: int, customer_ids: Sequence[int]) -> dict[int, list[Shared]]:
    """Contacts that each of these customers shares with others, as holder or without it.

    Whoever sends to several people at once may leave out those of one household by it.
    """
    raw = cursor()
    raw.execute(READ_SHARED, {"workspace": workspace_id, "ids": list(customer_ids)})
    found: dict[int, list[Shared]] = {}
    for root, kind, *rest in raw.fetchall():
        mine = found.setdefault(root, [])
        if len(mine) < SHARED_MAX:
            mine.append(Shared(IdentifierKind(kind), *rest))
    return found
