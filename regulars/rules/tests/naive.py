"""What a rule means, once more: plain loops over the JSON document, sharing no code with rules.

Slow and literal on purpose; the executors are compared with it.
"""

from __future__ import annotations

import hashlib
import math
import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import re2

SPANS = {"min": 60, "h": 3600, "d": 86400, "w": 604800}
INSTANT = re.compile(
    r"[12]\d{3}-\d\d-\d\d[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?"
    r"(Z|[+-](0\d|1[0-4]):[0-5]\d)", re.ASCII,
)  # fmt: skip
STANDING = ("paid", "delivered", "processing", "shipped")


class World:
    """One customer, an instant, a zone, and the documents of other segments."""

    def __init__(self, person, now, zone, segments):
        self.person, self.now, self.zone, self.segments = person, now, zone, segments


def holds(node: dict, world: World) -> bool:
    """Whether the node is true."""
    for key, answer in ANSWERS.items():
        if key in node:
            return answer(node, world)
    raise AssertionError(node)


def ago(moment: datetime, text: str, zone: ZoneInfo, sign: int = -1) -> datetime:
    amount, unit = re.fullmatch(r"(\d+)(\w+)", text).groups()
    if unit in SPANS:
        return moment + sign * timedelta(seconds=int(amount) * SPANS[unit])
    local = moment.astimezone(zone)
    months = sign * int(amount) * {"mo": 1, "y": 12}[unit] + local.year * 12 + local.month - 1
    year, month = months // 12, months % 12 + 1
    day = min(local.day, monthrange(year, month)[1])
    wall = local.replace(year=year, month=month, day=day, fold=0, tzinfo=None)
    return wall.replace(tzinfo=zone).astimezone(UTC)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def unit_start(day: date, unit: str) -> date:
    if unit == "week":
        while day.isoweekday() != 1:
            day -= timedelta(days=1)
        return day
    if unit == "day":
        return day
    month = {"month": day.month, "quarter": 1 + 3 * ((day.month - 1) // 3), "year": 1}[unit]
    return date(day.year, month, 1)


def moment_of(text: str, zone: ZoneInfo) -> datetime:
    return midnight(date.fromisoformat(text), zone) if len(text) == 10 else instant(text)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def inside(time: datetime, window: dict | None, world: World) -> bool:
    if time > world.now:
        return False
    window = window or {}
    now, zone = world.now, world.zone
    today = now.astimezone(zone).date()
    if "last" in window:
        return ago(now, window["last"], zone) < time
    if "before_last" in window:
        return time <= ago(now, window["before_last"], zone)
    if "between_ago" in window:
        far, near = window["between_ago"]
        return ago(now, far, zone) < time <= ago(now, near, zone)
    if "this" in window:
        return unit_start(time.astimezone(zone).date(), window["this"]) == unit_start(
            today, window["this"]
        )
    if "previous" in window:
        before = unit_start(today, window["previous"]) - timedelta(days=1)
        return unit_start(time.astimezone(zone).date(), window["previous"]) == unit_start(
            before, window["previous"]
        )
    after = "from" not in window or moment_of(window["from"], zone) <= time
    return after and ("to" not in window or time < moment_of(window["to"], zone))


def lower(text: str) -> str:
    return text.lower().replace("ς", "σ")


def number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def family(test: dict) -> str:
    op, value = test["op"], test.get("value")
    sample = value[0] if isinstance(value, list) and value else value
    if op.startswith(("has", "size_")):
        return "list"
    if op in ("before", "after", "in_last", "in_next", "older_than", "month_is"):
        return "moment"
    if op.startswith("anniversary"):
        return "moment"
    if op == "between":
        return "moment" if isinstance(sample, str) else "number"
    if op in ("gt", "gte", "lt", "lte"):
        return "number"
    if isinstance(sample, bool):
        return "bool"
    return "text" if isinstance(sample, str) else "number"


NEGATIONS = {
    "ne": "eq", "not_in": "in", "not_contains": "contains", "has_none": "has_any",
    "size_ne": "size_eq", "not_set": "set",
}  # fmt: skip


def passes(value: object, test: dict, world: World) -> bool:
    op = test["op"]
    if op in NEGATIONS:
        return not passes(value, {**test, "op": NEGATIONS[op]}, world)
    if op == "set":
        return value is not None
    return FAMILIES[family(test)](value, op, test.get("value"), world)


def text_passes(value, op, wanted, world):
    if not isinstance(value, str):
        return False
    if op == "regex":
        return re2.search("(?i)" + wanted, value) is not None
    mine = lower(value)
    others = [lower(item) for item in (wanted if isinstance(wanted, list) else [wanted])]
    if op in ("eq", "in"):
        return mine in others
    if op == "contains":
        return others[0] in mine
    return mine.startswith(others[0]) if op == "starts" else mine.endswith(others[0])


def number_passes(value, op, wanted, world):
    mine = number(value)
    if mine is None:
        return False
    return compare(mine, op, wanted)


def compare(mine, op, wanted):
    if op == "between":
        return wanted[0] <= mine <= wanted[1]
    if op == "in":
        return any(mine == item for item in wanted)
    return {
        "eq": mine == wanted, "gt": mine > wanted, "gte": mine >= wanted,
        "lt": mine < wanted, "lte": mine <= wanted,
    }[op]  # fmt: skip


def bool_passes(value, op, wanted, world):
    return isinstance(value, bool) and value == wanted


def list_passes(value, op, wanted, world):
    if not isinstance(value, list | tuple):
        return False
    if op.startswith("size_"):
        return compare(len(value), op.removeprefix("size_"), wanted)
    mine = [lower(item) for item in value if isinstance(item, str)]
    others = [lower(item) for item in (wanted if isinstance(wanted, list) else [wanted])]
    found = [item in mine for item in others]
    return all(found) if op == "has_all" else any(found)


def moment_passes(value, op, wanted, world):
    if isinstance(value, str):
        try:
            if re.fullmatch(r"[12]\d{3}-\d\d-\d\d", value, re.ASCII):
                value = date.fromisoformat(value)
            elif INSTANT.fullmatch(value):
                value = instant(value)
        except ValueError:
            return False
    if not isinstance(value, date):
        return False
    is_day = not isinstance(value, datetime)
    day = value if is_day else value.astimezone(world.zone).date()
    if op.startswith(("anniversary", "month")):
        return anniversary(day, op, wanted, world)
    if op in ("in_last", "in_next", "older_than"):
        return day_rolls(day, op, wanted, world) if is_day else rolls(value, op, wanted, world)
    days = [len(item) == 10 for item in (wanted if isinstance(wanted, list) else [wanted])]
    if all(days):
        low, high = (date.fromisoformat(item) for item in (
            wanted if isinstance(wanted, list) else [wanted, wanted]))  # fmt: skip
        if op == "between":
            return low <= day <= high
        return day < low if op == "before" else day > low
    if is_day:
        return False
    low, high = (instant(item) for item in (
        wanted if isinstance(wanted, list) else [wanted, wanted]))  # fmt: skip
    if op == "between":
        return low <= value <= high
    return value < low if op == "before" else value > low


def rolls(value, op, wanted, world):
    if op == "in_next":
        return world.now < value <= ago(world.now, wanted, world.zone, 1)
    edge = ago(world.now, wanted, world.zone)
    return edge < value <= world.now if op == "in_last" else value <= edge


def day_away(day, text, sign):
    amount, unit = re.fullmatch(r"(\d+)(\w+)", text).groups()
    if unit in ("d", "w"):
        return day + sign * timedelta(days=int(amount) * (7 if unit == "w" else 1))
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return ago(noon, text, ZoneInfo("UTC"), sign).date()


def day_rolls(day, op, wanted, world):
    if wanted.endswith(("min", "h")):
        return False
    today = world.now.astimezone(world.zone).date()
    if op == "in_next":
        return today < day <= day_away(today, wanted, 1)
    edge = day_away(today, wanted, -1)
    return edge < day <= today if op == "in_last" else day <= edge


def anniversary(day, op, wanted, world):
    if op == "month_is":
        return day.month == wanted
    today = world.now.astimezone(world.zone).date()
    first, end = today, today + timedelta(days=1)
    if op == "anniversary_in_next":
        end = day_away(today, wanted, 1)
    if op == "anniversary_in_last":
        first, end = day_away(today, wanted, -1), today
    for year in range(first.year, min(end.year, first.year + 5) + 1):
        month_day = (day.month, day.day)
        if month_day == (2, 29) and monthrange(year, 2)[1] == 28:
            month_day = (2, 28)
        if first <= date(year, *month_day) < end:
            return True
    return False


FAMILIES = {
    "text": text_passes, "number": number_passes, "bool": bool_passes,
    "moment": moment_passes, "list": list_passes,
}  # fmt: skip


def fact(node, world):
    person, name = world.person, node["fact"]
    if name.startswith("order."):
        value = order_fact(name, world)
    elif name.startswith("customer.attr."):
        value = person.attrs.get(name.removeprefix("customer.attr."))
    elif name.startswith("value."):
        value = person.scores.get(name.removeprefix("value."))
    elif name.startswith("loyalty."):
        value = person.loyalty.get(name.removeprefix("loyalty."))
    else:
        value = person.columns.get(name.removeprefix("customer."))
    return passes(value, node, world)


def order_fact(name, world):
    orders = [
        order for order in world.person.orders
        if order.kind == "sale" and order.status in STANDING and order.total_minor > 0
        and order.placed_at <= world.now
    ]  # fmt: skip
    totals, times = [o.total_minor for o in orders], [o.placed_at for o in orders]
    if name == "order.count":
        return len(orders)
    if name == "order.total":
        return sum(totals)
    if not orders:
        return None
    return {
        "order.average": sum(totals) / len(totals), "order.first_at": min(times),
        "order.last_at": max(times),
    }[name]  # fmt: skip


def events(node, kind, world):
    """Events of the kind that the node's filters and window let through, oldest first."""
    found = [
        event for event in world.person.events
        if event.kind == kind and inside(event.time, node.get("within"), world)
        and all(filtered(item, event, world) for item in node.get("where", []))
    ]  # fmt: skip
    return sorted(found, key=lambda event: (event.time, event.id))


def filtered(item, event, world):
    if "line" not in item:
        return passes(event.props.get(item["prop"]), item, world)
    for line in world.person.lines:
        if line.order_id != event.subject:
            continue
        values = {
            "sku": line.sku, "name": line.name, "category": line.category, "brand": line.brand,
            "quantity": line.quantity, "unit_price": float(line.unit_price),
            "total": line.total_minor,
        }  # fmt: skip
        if all(passes(values[part["prop"]], part, world) for part in item["line"]):
            return True
    return False


def did(node, world):
    found = events(node, node["did"], world)
    for name in ("sum", "avg", "min", "max", "distinct"):
        if name in node:
            return figure(name, node[name], found)
    op, wanted = next(iter(node.get("count", {"gte": 1}).items()))
    return compare(len(found), op, wanted)


def figure(name, measure, found):
    (op, wanted), = [item for item in measure.items() if item[0] != "of"]  # fmt: skip
    values = [event.props.get(measure["of"]) for event in found]
    if name == "distinct":
        texts = {lower(v) for v in values if isinstance(v, str)}
        bools = {v for v in values if isinstance(v, bool)}
        numbers = {number(v) for v in values} - {None}
        return compare(len(texts) + len(bools) + len(numbers), op, wanted)
    numbers = [v for v in values if number(v) is not None]
    if name in ("min", "max"):
        picked = sorted(number(v) for v in numbers)
        return bool(picked) and compare(picked[0 if name == "min" else -1], op, wanted)
    parts = [part for part in (rounded(v) for v in numbers) if abs(part) < 10**22]
    exact = [exactly(w) for w in wanted] if isinstance(wanted, list) else exactly(wanted)
    if name == "sum":
        return compare(sum(parts, Fraction(0)), op, exact)
    return bool(parts) and compare(sum(parts, Fraction(0)) / len(parts), op, exact)


def exactly(value):
    return Fraction(repr(value))


def rounded(value):
    """To millionths, halves away from zero."""
    millionths = abs(exactly(value)) * 10**6
    return (1 if value > 0 else -1) * Fraction(math.floor(millionths + Fraction(1, 2)), 10**6)


def edge(node, world):
    which = "last" if "last" in node else "first"
    found = events(node, node[which], world)
    if not found:
        return False
    return passes(found[-1 if which == "last" else 0].props.get(node["prop"]), node, world)


def gap(node, world):
    key = "since_last" if "since_last" in node else "since_first"
    found = events({}, node[key], world)
    if not found:
        return False
    time = found[-1 if key == "since_last" else 0].time
    (op, text), = [item for item in node.items() if item[0] != key]  # fmt: skip
    limit = ago(world.now, text, world.zone)
    return {
        "gte": time <= limit, "gt": time < limit, "lte": time >= limit, "lt": time > limit,
    }[op]  # fmt: skip


def overdue(node, world):
    times = []
    for event in events({}, node["overdue"]["of"], world):
        if event.time not in times:
            times.append(event.time)
    gaps = sorted(b - a for a, b in pairwise(times))
    if not gaps:
        return False
    middle = gaps[(len(gaps) - 1) // 2] + gaps[len(gaps) // 2]
    since = (world.now - times[-1]) // timedelta(microseconds=1)
    own = Fraction(middle // timedelta(microseconds=1), 2)
    return since > own * exactly(node["overdue"]["times_own_gap"])


def funnel(node, world):
    """Every way through the steps is tried; the longest counts."""
    steps = node["funnel"]
    best = 0
    for start in events({**steps[0], "within": node.get("within")}, steps[0]["did"], world):
        end = ago(start.time, node["in"], ZoneInfo("UTC"), 1)
        best = max(best, 1 + farthest(steps[1:], start.time, end, world))
    reached = node.get("reached", {"gte": len(steps)})
    return best == reached if isinstance(reached, int) else best >= reached["gte"]


def farthest(steps, here, end, world):
    if not steps:
        return 0
    found = [event.time for event in events(steps[0], steps[0]["did"], world)]
    ways = [1 + farthest(steps[1:], time, end, world) for time in found if here < time <= end]
    return max(ways, default=0)


def consent(node, world):
    topic = node["consent"]
    states = [
        one.state for one in world.person.consents
        if one.channel == topic["channel"] and one.purpose == topic["purpose"]
        and inside(one.changed_at, node.get("within"), world)
    ]  # fmt: skip
    return states == [] if node["is"] == "never" else node["is"] in states


def reachable(node, world):
    channel, person = node["reachable"], world.person
    address = person.columns.get({"email": "email", "sms": "phone"}[channel])
    topic = {"consent": {"channel": channel, "purpose": "marketing"}, "is": "given"}
    if any(one.channel in ("", channel) and world.now < one.paused_until for one in person.pauses):
        return False
    return address is not None and channel not in person.suppressed and consent(topic, world)


def listed(node, world):
    return any(
        entry.name == node["list"] and inside(entry.added_at, node.get("within"), world)
        for entry in world.person.lists
    )


def near(node, world):
    place, lat, lon = node["near"], *(
        world.person.columns.get(name) for name in ("latitude", "longitude"))  # fmt: skip
    if lat is None or lon is None:
        return False

    def unit(north, east):
        north, east = math.radians(north), math.radians(east)
        return (
            math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north)
        )  # fmt: skip

    chord = math.dist(unit(lat, lon), unit(place["lat"], place["lon"]))
    return 2 * 6371.0088 * math.asin(min(1.0, chord / 2)) <= place["km"]


def share(node, world):
    wanted = node["share"]
    digest = hashlib.md5(f"{wanted['salt']}:{world.person.id}".encode()).hexdigest()
    place = int(digest[:13], 16) / 2**52
    return wanted.get("from", 0) <= place < wanted.get("to", wanted.get("of"))


def segment(node, world):
    return holds(world.segments[node["segment"]]["where"], world)


ANSWERS = {
    "all": lambda node, world: all(holds(part, world) for part in node["all"]),
    "any": lambda node, world: any(holds(part, world) for part in node["any"]),
    "not": lambda node, world: not holds(node["not"], world),
    "fact": fact, "did": did, "last": edge, "first": edge, "since_last": gap, "since_first": gap,
    "overdue": overdue, "funnel": funnel, "consent": consent, "reachable": reachable,
    "segment": segment, "list": listed, "near": near, "share": share,
}  # fmt: skip
