"""Finding clusters: counted from the stored scores, written back to them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa

from regulars.analytics.clusters import (
    NUMBERS,
    Buyers,
    Group,
    buyers_of,
    features_statement,
    groups_of,
)
from regulars.lake import engine
from regulars.store.scope import cursor, scope
from regulars.value import queries
from regulars.value.models import Cluster
from regulars.value.pure.cluster_rules import profile_of, rule_of

CHUNK_ROWS = 10_000
BUYERS_FEW = "buyers_few"

ASSIGN = """
UPDATE value_score s SET cluster = g.cluster
FROM unnest(%(customers)s::bigint[], %(clusters)s::text[]) AS g (customer_id, cluster)
WHERE s.workspace_id = %(workspace)s AND s.customer_id = g.customer_id
  AND s.cluster IS DISTINCT FROM g.cluster
"""
# Whoever was a buyer no more when the groups were found belongs to none.
FORGET = """
UPDATE value_score SET cluster = NULL
WHERE workspace_id = %s AND cluster IS NOT NULL AND (orders = 0 OR NOT (cluster = ANY(%s)))
"""
DONE = """
INSERT INTO value_setting (workspace_id, clustered_at, cluster_note, changed_by, took_ms)
VALUES (%s, %s, %s, '', 0)
ON CONFLICT (workspace_id) DO UPDATE SET clustered_at = excluded.clustered_at,
  cluster_note = excluded.cluster_note
"""


def find_clusters(
    workspace_id: int, at: datetime, is_mine: Callable[[], bool] = lambda: True
) -> int:
    """Group the buyers as of the instant and write who belongs where; returns how many groups.

    Opens transactions of its own, one a chunk. Below the least number of buyers there are none.
    is_mine  asked in each of them: whether the caller still holds the work
    """
    with scope(workspace_id):
        asked = features_statement(queries.scope_of(workspace_id, at))
    found = engine.query(workspace_id, asked.sql, dict(asked.params))
    buyers = buyers_of({name: found[name].to_pylist() for name in _columns(found)})
    groups = groups_of(buyers)
    customers = found["customer"].to_pylist()
    names = _names(groups, buyers.rows)
    for start in range(0, len(customers) if groups else 0, CHUNK_ROWS):
        part = slice(start, start + CHUNK_ROWS)
        with scope(workspace_id):
            if not is_mine():
                return 0
            values = {"customers": customers[part], "clusters": names[part]}
            cursor().execute(ASSIGN, {"workspace": workspace_id, **values})
    with scope(workspace_id):
        if not is_mine():
            return 0
        _replace(workspace_id, groups, buyers)
        cursor().execute(FORGET, [workspace_id, [group.slug for group in groups]])
        cursor().execute(DONE, [workspace_id, at, "" if groups else BUYERS_FEW])
    return len(groups)


def _columns(found: pa.Table) -> list[str]:
    return [name for name in found.column_names if name != "customer"]


def _names(groups: Sequence[Group], rows: int) -> list[str]:
    names = np.full(rows, "", dtype=object)
    for group in groups:
        names[group.members] = group.slug
    return [str(name) for name in names]


def _replace(workspace_id: int, groups: Sequence[Group], buyers: Buyers) -> None:
    Cluster.objects.filter(workspace_id=workspace_id).delete()
    everybody = {
        name: float(np.median(buyers.numbers[name])) if buyers.rows else 0.0 for name in NUMBERS
    }
    Cluster.objects.bulk_create(
        Cluster(
            workspace_id=workspace_id,
            slug=group.slug,
            size=int(group.members.sum()),
            money_minor=int(buyers.numbers["money_minor"][group.members].sum()),
            profile=json.loads(json.dumps(profile_of(group, everybody))),
            rule=rule_of(group),
            covered=round(group.covered, 4),
            exact=round(group.exact, 4),
        )
        for group in groups
    )
