"""Finding out what the data is made of: what is new in the lake, read once and set-oriented."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from regulars.fields.pure import types
from regulars.kernel import clock
from regulars.lake import engine
from regulars.store.scope import cursor, scope
from regulars.workspaces import queries as workspaces

# One turn reads no more than this; a long history is caught up with in several.
SCAN_IDS_MAX = 2_000_000
FIELDS_MAX = 5_000
# Whoever has a public key may invent names without end: the rarest beyond these are not met.
READ_ROWS_MAX = 50_000
NAME_LENGTH_MAX = 100
KIND_LENGTH_MAX = 200

DAY = r"^\d{4}-\d{2}-\d{2}$"
INSTANT = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$"
DIGITS = r"^[+-]?\d+([.,]\d+)?$"

# Attributes tell of themselves in the changes of their customers, properties in their events.
_READ = f"""
WITH part AS (
  SELECT kind, time, CAST(props AS JSON) AS props FROM events
  WHERE id > $done AND id <= $upto
), members AS (
  SELECT kind, time, UNNEST(JSON_KEYS(props)) AS name, props FROM part
  WHERE JSON_TYPE(props) = 'OBJECT' AND kind <> 'customer.changed'
), told AS (
  SELECT time, UNNEST(JSON_KEYS(props, '/changes')) AS name, props FROM part
  WHERE kind = 'customer.changed' AND JSON_TYPE(props, '/changes') = 'OBJECT'
), found AS (
  SELECT kind, '' AS name, time, NULL AS value FROM part
  UNION ALL
  SELECT kind, name, time,
    JSON_EXTRACT(props, '/' || REPLACE(REPLACE(name, '~', '~0'), '/', '~1'))
  FROM members
  UNION ALL
  SELECT '', SUBSTR(name, 6), time,
    JSON_EXTRACT(props, '/changes/' || REPLACE(REPLACE(name, '~', '~0'), '/', '~1') || '/new')
  FROM told WHERE STARTS_WITH(name, 'attr.') AND LENGTH(name) > 5
), typed AS (
  SELECT kind, name, time, CASE JSON_TYPE(value)
    WHEN 'VARCHAR' THEN CASE
      WHEN REGEXP_MATCHES(value ->> '$', '{DAY}') THEN '{types.DATE}'
      WHEN REGEXP_MATCHES(value ->> '$', '{INSTANT}') THEN '{types.TIME}'
      WHEN REGEXP_MATCHES(value ->> '$', '{DIGITS}') THEN '{types.DIGITS}'
      ELSE '{types.TEXT}' END
    WHEN 'BOOLEAN' THEN '{types.BOOL}'
    WHEN 'ARRAY' THEN '{types.LIST}'
    WHEN 'OBJECT' THEN '{types.OBJECT}'
    WHEN 'BIGINT' THEN '{types.NUMBER}'
    WHEN 'UBIGINT' THEN '{types.NUMBER}'
    WHEN 'HUGEINT' THEN '{types.NUMBER}'
    WHEN 'DOUBLE' THEN '{types.NUMBER}' END AS type
  FROM found WHERE LENGTH(name) <= {NAME_LENGTH_MAX} AND LENGTH(kind) <= {KIND_LENGTH_MAX}
)
SELECT kind, name, type, COUNT(*) AS rows, MIN(time) AS first_at, MAX(time) AS last_at
FROM typed WHERE name = '' OR type IS NOT NULL
GROUP BY kind, name, type ORDER BY rows DESC, kind, name, type LIMIT {READ_ROWS_MAX}
"""
_WRITE = """
WITH given AS (
  SELECT kind, name, jsonb_object_agg(type, rows) FILTER (WHERE type <> '') AS types,
    min(first_at) AS first_at, max(last_at) AS last_at
  FROM unnest(%(kinds)s::text[], %(names)s::text[], %(types)s::text[], %(rows)s::bigint[],
              %(firsts)s::timestamptz[], %(lasts)s::timestamptz[])
    AS seen (kind, name, type, rows, first_at, last_at)
  GROUP BY kind, name
), room AS (
  SELECT given.*, known.id IS NULL AS is_new,
    count(*) FILTER (WHERE known.id IS NULL) OVER (ORDER BY given.kind, given.name) AS place
  FROM given LEFT JOIN fields_field known
    ON known.workspace_id = %(workspace)s AND known.kind = given.kind AND known.name = given.name
)
INSERT INTO fields_field AS field
  (workspace_id, kind, name, types, first_at, last_at, updated_at)
SELECT %(workspace)s, kind, name, coalesce(types, '{}'), first_at, last_at, %(now)s FROM room
WHERE NOT is_new OR place <= %(most)s - (
  SELECT count(*) FROM fields_field WHERE workspace_id = %(workspace)s)
ORDER BY kind, name
ON CONFLICT (workspace_id, kind, name) DO UPDATE SET
  types = (
    SELECT coalesce(jsonb_object_agg(type, rows), '{}') FROM (
      SELECT type, sum(rows::bigint) AS rows FROM (
        SELECT * FROM jsonb_each_text(field.types)
        UNION ALL SELECT * FROM jsonb_each_text(excluded.types)
      ) AS both_of (type, rows) GROUP BY type
    ) AS summed
  ),
  first_at = least(field.first_at, excluded.first_at),
  last_at = greatest(field.last_at, excluded.last_at),
  updated_at = excluded.updated_at
"""


def discover_all() -> int:
    """Read what is new of every workspace; returns how many fields were met. A chore."""
    return sum(discover(workspace.id) for workspace in workspaces.all_workspaces())


def discover(workspace_id: int, *, is_settled: bool = False) -> int:
    """Read what is new into the dictionary; returns how many fields were met.

    Only what was there at the last call is read, so that an event whose transaction took long
    is not passed by; each event is counted once.
    is_settled  no writer is under way: read to the end
    """
    with scope(workspace_id):
        done, seen = _place(workspace_id)
    # Outside of any transaction: a long reading must not hold back the readers of the log.
    newest = _newest(workspace_id)
    upto = min(newest if is_settled else seen, done + SCAN_IDS_MAX)
    if upto <= done and newest <= seen:
        # A quiet workspace costs a look at its files, no row written.
        return 0
    met = _read(workspace_id, done, upto) if upto > done else []
    with scope(workspace_id):
        # Another worker that read the same events moved the place; its word stands.
        if not _advance(workspace_id, done, max(done, upto), newest):
            return 0
        left_out = _write(workspace_id, met)
        if left_out:
            _count_left_out(workspace_id, left_out)
    return len({(row[0], row[1]) for row in met})


def _place(workspace_id: int) -> tuple[int, int]:
    raw = cursor()
    raw.execute("SELECT done_id, seen_id FROM fields_scan WHERE workspace_id = %s", [workspace_id])
    return raw.fetchone() or (0, 0)


def _advance(workspace_id: int, done: int, upto: int, newest: int) -> bool:
    raw = cursor()
    raw.execute(
        "INSERT INTO fields_scan (workspace_id, done_id, seen_id, left_out, at)"
        " VALUES (%s, 0, 0, 0, %s) ON CONFLICT DO NOTHING",
        [workspace_id, clock.now()],
    )
    raw.execute(
        "UPDATE fields_scan SET done_id = %s, seen_id = %s, at = %s"
        " WHERE workspace_id = %s AND done_id = %s",
        [upto, newest, clock.now(), workspace_id, done],
    )
    return raw.rowcount == 1


def _count_left_out(workspace_id: int, left_out: int) -> None:
    cursor().execute(
        "UPDATE fields_scan SET left_out = left_out + %s WHERE workspace_id = %s",
        [left_out, workspace_id],
    )


def _newest(workspace_id: int) -> int:
    found = engine.query(workspace_id, "SELECT MAX(id) FROM events")[0][0].as_py()
    return int(found or 0)


def _read(workspace_id: int, done: int, upto: int) -> list[tuple[Any, ...]]:
    table = engine.query(workspace_id, _READ, {"done": done, "upto": upto})
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _write(workspace_id: int, met: Iterable[tuple[Any, ...]]) -> int:
    rows = [row for row in met if "\x00" not in row[0] + row[1]]
    if not rows:
        return 0
    columns = [list(column) for column in zip(*rows, strict=True)]
    raw = cursor()
    raw.execute(
        _WRITE,
        {
            "workspace": workspace_id, "now": clock.now(), "most": FIELDS_MAX,
            "kinds": columns[0], "names": columns[1],
            "types": [kind or "" for kind in columns[2]], "rows": columns[3],
            "firsts": [_utc(at) for at in columns[4]], "lasts": [_utc(at) for at in columns[5]],
        },
    )  # fmt: skip
    return len({(row[0], row[1]) for row in rows}) - raw.rowcount


def _utc(at: Any) -> str:
    return f"{at.isoformat()}+00:00"
