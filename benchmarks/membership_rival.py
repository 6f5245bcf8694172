"""The rival of `membership`: one SQL per segment over all customers, new and gone ones by two
differences with the stored members, as builders of segments in SQL do it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from benchmarks.membership_shop import Shop

Node = dict[str, Any]
MONTH = "date_trunc('month', now())"


def look_at_everybody(shop: Shop, number: int, rule: Node) -> float:
    """Seconds to find who entered and who left one segment."""
    from regulars.store.scope import cursor

    raw = cursor()
    raw.execute("CREATE TEMP TABLE IF NOT EXISTS rival_member (segment int, customer bigint)")
    matching = (
        f"SELECT c.id FROM customers_customer c WHERE c.workspace_id = {shop.id:d}"
        f" AND {_node(rule['where'], shop.id)}"
    )
    start = time.perf_counter()
    raw.execute(
        f"INSERT INTO rival_member SELECT {number:d}, id FROM ({matching}) m WHERE NOT EXISTS"
        f" (SELECT FROM rival_member r WHERE r.segment = {number:d} AND r.customer = m.id)"
    )
    raw.execute(
        f"DELETE FROM rival_member r WHERE r.segment = {number:d}"
        f" AND r.customer NOT IN ({matching})"
    )
    return time.perf_counter() - start


def _node(node: Node, workspace_id: int) -> str:
    for name, write in _NODES.items():
        if name in node:
            return write(node, workspace_id)
    raise AssertionError(f"the rival does not know {node}")


def _did(node: Node, workspace_id: int) -> str:
    where = [
        f"e.workspace_id = {workspace_id:d}", f"e.kind = '{node['did']}'",
        *_window(node.get("within")),
    ]  # fmt: skip
    where += [f"lower(e.props->>'{f['prop']}') = '{f['value']}'" for f in node.get("where", ())]
    rows = f"SELECT e.customer_id FROM events_event e WHERE {' AND '.join(where)}"
    having = _having(node)
    return f"c.id IN ({rows}{f' GROUP BY 1 HAVING {having}' if having else ''})"


def _having(node: Node) -> str:
    if "count" in node:
        return f"count(*) >= {node['count']['gte']:d}"
    for function in ("sum", "max"):
        if function in node:
            prop, least = node[function]["of"], node[function]["gte"]
            return f"{function}((e.props->>'{prop}')::numeric) >= {least:d}"
    return ""


def _window(window: Node | None) -> list[str]:
    if window is None:
        return ["e.time <= now()"]
    ((kind, value),) = window.items()
    if kind == "this":
        return [f"e.time >= {MONTH}", "e.time <= now()"]
    if kind == "previous":
        return [f"e.time >= {MONTH} - interval '1 month'", f"e.time < {MONTH}"]
    if kind == "between_ago":
        return [f"e.time > {_ago(value[0])}", f"e.time <= {_ago(value[1])}"]
    sign = ">" if kind == "last" else "<="
    return [f"e.time {sign} {_ago(value)}", "e.time <= now()"]


def _ago(duration: str) -> str:
    unit = "months" if duration.endswith("mo") else "days"
    return f"now() - interval '{duration.rstrip('dmo')} {unit}'"


def _since(node: Node, workspace_id: int) -> str:
    sign, far = ("<=", node["gte"]) if "gte" in node else (">", node["lt"])
    return (
        f"(SELECT max(e.time) FROM events_event e WHERE e.workspace_id = {workspace_id:d}"
        f" AND e.customer_id = c.id AND e.kind = '{node['since_last']}'"
        f" AND e.time <= now()) {sign} {_ago(far)}"
    )


def _share(node: Node, _: int) -> str:
    share = node["share"]
    place = f"('x' || substr(md5('{share['salt']}:' || c.id), 1, 13))::bit(52)::bigint"
    return f"{place} / 4503599627370496.0 < {share['of']}"


def _fact(node: Node, _: int) -> str:
    values = node["value"] if isinstance(node["value"], list) else [node["value"]]
    return f"lower(c.city) IN ({', '.join(repr(one) for one in values)})"


_NODES: dict[str, Callable[[Node, int], str]] = {
    "all": lambda node, w: "(" + " AND ".join(_node(one, w) for one in node["all"]) + ")",
    "any": lambda node, w: "(" + " OR ".join(_node(one, w) for one in node["any"]) + ")",
    "not": lambda node, w: f"NOT {_node(node['not'], w)}",
    "did": _did,
    "since_last": _since,
    "share": _share,
    "fact": _fact,
}
