"""Rules over a click stream of 600 visitors: events, windows, order in time."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from regulars.intake.importers.run import run_import
from regulars.lake import engine
from regulars.segments import actions
from regulars.segments.tests import real
from regulars.segments.tests.real import Node, Rules, people_in
from regulars.store.scope import scope
from tests.town import workspace

pytestmark = pytest.mark.real_data

AT = datetime(2024, 6, 30, tzinfo=UTC)
NOW = pd.Timestamp("2024-06-30")
USERS = 600
WHO = "user_id"


def did(kind: str, **parts: object) -> Node:
    return {"did": kind, **parts}


def days(number: int) -> pd.Timedelta:
    return pd.Timedelta(days=number)


def counting(e: pd.DataFrame, bought: pd.DataFrame) -> Rules:
    """How often, and when."""
    viewed = e[e.event == "product_view"]
    lately = viewed[viewed.timestamp > NOW - days(30)]
    may = (e.timestamp >= "2024-05-01") & (e.timestamp < "2024-06-01")
    times = bought.groupby(WHO).size().reindex(e[WHO].unique(), fill_value=0)
    ago = NOW - bought.timestamp
    return {
        "bought": (did("purchase"), people_in(bought, WHO)),
        "never bought": ({"not": did("purchase")}, USERS - people_in(bought, WHO)),
        "count gte": (did("purchase", count={"gte": 2}), (times >= 2).sum()),
        "count gt": (did("purchase", count={"gt": 2}), (times > 2).sum()),
        "count eq 0": (did("purchase", count={"eq": 0}), (times == 0).sum()),
        "count eq": (did("purchase", count={"eq": 1}), (times == 1).sum()),
        "count lt": (did("purchase", count={"lt": 2}), (times < 2).sum()),
        "count lte": (did("purchase", count={"lte": 2}), (times <= 2).sum()),
        "count between": (did("purchase", count={"between": [1, 2]}), times.between(1, 2).sum()),
        "last": (
            did("product_view", count={"gte": 5}, within={"last": "30d"}),
            real.counted(lately, WHO, lambda n: n >= 5),
        ),
        "before_last": (did("purchase", within={"before_last": "90d"}),
                        people_in(bought[ago >= days(90)], WHO)),
        "between_ago": (did("purchase", within={"between_ago": ["60d", "30d"]}),
                        people_in(bought[(ago < days(60)) & (ago >= days(30))], WHO)),
        "from to": (did("search", within={"from": "2024-05-01", "to": "2024-06-01"}),
                    people_in(e[may & (e.event == "search")], WHO)),
        "this month": (did("purchase", within={"this": "month"}),
                       people_in(bought[bought.timestamp >= "2024-06-01"], WHO)),
        "previous month": (did("search", within={"previous": "month"}),
                           people_in(e[may & (e.event == "search")], WHO)),
        "previous quarter": (did("purchase", within={"previous": "quarter"}),
                             people_in(bought[bought.timestamp < "2024-04-01"], WHO)),
        "this week": (did("home", within={"this": "week"}), people_in(
            e[(e.event == "home") & (e.timestamp >= "2024-06-24")], WHO)),
        "from an instant": (did("cart", within={"from": "2024-06-20T12:30:00+02:00"}), people_in(
            e[(e.event == "cart") & (e.timestamp >= "2024-06-20 10:30")], WHO)),
    }  # fmt: skip


def properties(e: pd.DataFrame) -> Rules:
    """Every test of a text, and different values."""
    home = e[e.event == "home"]
    platform, channel = home.platform, home.acquisition_channel

    def where(op: str, value: object, prop: str = "platform") -> Node:
        return did("home", where=[{"prop": prop, "op": op, "value": value}])

    def several(kind: str, column: str) -> pd.Series:
        return e[e.event == kind].groupby(WHO)[column].nunique()

    sessions = several("product_view", "session_id").reindex(e[WHO].unique(), fill_value=0)
    return {
        "eq": (where("eq", "DESKTOP"), people_in(home[platform == "desktop"], WHO)),
        "ne": (where("ne", "desktop"), people_in(home[platform != "desktop"], WHO)),
        "in": (where("in", ["desktop", "Tablet"]),
               people_in(home[platform.isin(["desktop", "tablet"])], WHO)),
        "not_in": (where("not_in", ["email", "social"], "acquisition_channel"),
                   people_in(home[~channel.isin(["email", "social"])], WHO)),
        "contains": (where("contains", "SEARCH", "acquisition_channel"),
                     people_in(home[channel.str.contains("search")], WHO)),
        "not_contains": (where("not_contains", "a", "acquisition_channel"),
                         people_in(home[~channel.str.contains("a")], WHO)),
        "starts": (where("starts", "Or", "acquisition_channel"),
                   people_in(home[channel.str.startswith("or")], WHO)),
        "ends": (where("ends", "L", "acquisition_channel"),
                 people_in(home[channel.str.endswith("l")], WHO)),
        "regex": (where("regex", "^(e|pa).*(il|ch)$", "acquisition_channel"),
                  people_in(home[channel.str.contains("^(?:e|pa).*(?:il|ch)$")], WHO)),
        "set": (did("home", where=[{"prop": "platform", "op": "set"}]), people_in(home, WHO)),
        "not_set": (did("home", where=[{"prop": "colour", "op": "not_set"}]),
                    people_in(home, WHO)),
        "two filters": (
            did("home", where=[{"prop": "platform", "op": "eq", "value": "desktop"},
                               {"prop": "acquisition_channel", "op": "eq", "value": "email"}]),
            people_in(home[(platform == "desktop") & (channel == "email")], WHO),
        ),
        "distinct": (did("home", distinct={"of": "platform", "gte": 2}),
                     (several("home", "platform") >= 2).sum()),
        "distinct below": (did("product_view", distinct={"of": "session_id", "lt": 3}),
                           (sessions < 3).sum()),
    }  # fmt: skip


def in_time(e: pd.DataFrame, bought: pd.DataFrame) -> Rules:
    """Last, first, gaps, rhythm."""
    order = ["timestamp", "row"]
    home = e[e.event == "home"]
    last_home = real.last_of(home, WHO, order)
    first_view = real.first_of(e[e.event == "product_view"], WHO, order)
    spring = bought[bought.timestamp < "2024-05-01"]
    last, first = bought.groupby(WHO).timestamp.max(), bought.groupby(WHO).timestamp.min()
    return {
        "last": ({"last": "home", "prop": "platform", "op": "eq", "value": "tablet"},
                 (last_home.platform == "tablet").sum()),
        "last ne": ({"last": "home", "prop": "platform", "op": "ne", "value": "desktop"},
                    (last_home.platform != "desktop").sum()),
        "first": ({"first": "product_view", "prop": "user_lifecycle", "op": "eq", "value": "new"},
                  (first_view.user_lifecycle == "new").sum()),
        "last where within": (
            {"last": "purchase", "prop": "user_lifecycle", "op": "ne", "value": "returning",
             "where": [{"prop": "platform", "op": "eq", "value": "desktop"}],
             "within": {"to": "2024-05-01"}},
            (real.last_of(spring[spring.platform == "desktop"], WHO, order).user_lifecycle
             != "returning").sum(),
        ),
        "since_last gte": ({"since_last": "purchase", "gte": "60d"},
                           (NOW - last >= days(60)).sum()),
        "since_last lt": ({"since_last": "purchase", "lt": "2w"}, (NOW - last < days(14)).sum()),
        "since_first lte": ({"since_first": "purchase", "lte": "30d"},
                            (NOW - first <= days(30)).sum()),
        "since_first gt": ({"since_first": "purchase", "gt": "3mo"},
                           (first < pd.Timestamp("2024-03-30")).sum()),
        "not since": ({"not": {"since_last": "purchase", "gte": "60d"}},
                      USERS - (NOW - last >= days(60)).sum()),
        "overdue": ({"overdue": {"of": "purchase", "times_own_gap": 1.5}},
                    real.overdue(bought, WHO, "timestamp", 1.5, NOW)),
        "overdue visits": ({"overdue": {"of": "home", "times_own_gap": 3}},
                           real.overdue(home, WHO, "timestamp", 3, NOW)),
    }  # fmt: skip


def funnels(e: pd.DataFrame) -> Rules:
    """Steps one after another, with and without a window."""
    steps = [e[e.event == kind] for kind in ("product_view", "add_to_cart", "purchase")]
    hour = real.funnel(steps, WHO, "timestamp", pd.Timedelta(hours=1))
    month = real.funnel(steps[1:], WHO, "timestamp", pd.DateOffset(months=1))
    june = [steps[0][steps[0].timestamp >= "2024-06-01"], *steps[1:]]
    lately = real.funnel(june, WHO, "timestamp", pd.Timedelta(days=7))
    mobile = real.funnel([steps[0][steps[0].platform != "desktop"], steps[2]], WHO, "timestamp",
                         pd.Timedelta(minutes=30))  # fmt: skip
    viewed = [did("product_view"), did("add_to_cart"), did("purchase")]

    def reached(found: dict[object, int], *numbers: int) -> int:
        return sum(number in numbers for number in found.values())

    on_mobile = did("product_view", where=[{"prop": "platform", "op": "ne", "value": "desktop"}])
    within: Node = {"within": {"from": "2024-06-01"}}
    return {
        "all steps": ({"funnel": viewed, "in": "1h"}, reached(hour, 3)),
        "exactly two": ({"funnel": viewed, "in": "1h", "reached": 2}, reached(hour, 2)),
        "at least two": ({"funnel": viewed, "in": "1h", "reached": {"gte": 2}},
                         reached(hour, 2, 3)),
        "only the first": ({"funnel": viewed, "in": "1h", "reached": 1}, reached(hour, 1)),
        "none": ({"funnel": viewed, "in": "1h", "reached": 0}, USERS - len(hour)),
        "a calendar month": ({"funnel": viewed[1:], "in": "1mo"}, reached(month, 2)),
        "begun in a window": ({"funnel": viewed, "in": "7d", **within}, reached(lately, 3)),
        "with filters": ({"funnel": [on_mobile, viewed[2]], "in": "30min"}, reached(mobile, 2)),
    }  # fmt: skip


def together(e: pd.DataFrame, ids: dict[int, str], listed: set[str]) -> Rules:
    """Groups, other segments, lists, shares."""
    buyers = set(e[e.event == "purchase"][WHO])
    carted = set(e[e.event == "add_to_cart"][WHO])
    failed = set(e[e.event.isin(["payment_error", "checkout_bug"])][WHO])

    def place(one: int, salt: str) -> float:
        return int(hashlib.md5(f"{salt}:{one}".encode()).hexdigest()[:13], 16) / 2**52

    spring = {name for one, name in ids.items() if place(one, "spring") < 0.25}
    middle = sum(0.25 <= place(one, "spring") < 0.5 for one in ids)
    return {
        "all": ({"all": [did("add_to_cart"), {"not": did("purchase")}]}, len(carted - buyers)),
        "any": ({"any": [did("payment_error"), did("checkout_bug")]}, len(failed)),
        "nested": ({"all": [{"any": [did("payment_error"), did("checkout_bug")]},
                            {"not": {"all": [did("add_to_cart"), did("purchase")]}}]},
                   len(failed - (carted & buyers))),
        "segment": ({"all": [{"segment": "buyers"}, did("payment_error")]},
                    len(buyers & set(e[e.event == "payment_error"][WHO]))),
        "list": ({"all": [{"list": "invited"}, did("purchase")]}, len(listed & buyers)),
        "list within": ({"list": "invited", "within": {"before_last": "1d"}}, 0),
        "share": ({"all": [{"share": {"of": 0.25, "salt": "spring"}}, did("purchase")]},
                  len(spring & buyers)),
        "share from to": ({"share": {"from": 0.25, "to": 0.5, "salt": "spring"}}, middle),
    }  # fmt: skip


@pytest.fixture
def clicks(tmp_path: Path) -> tuple[Path, pd.DataFrame]:
    """The file as it is imported, and as pandas reads it."""
    packed = real.folder_of("retentioneering_ecom_synthetic") / "ecom.csv.gz"
    path = tmp_path / "ecom.csv"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    frame = pd.read_csv(path, parse_dates=["timestamp"])
    return path, frame.assign(row=range(len(frame)))


def test_rules_over_clicks_count_what_pandas_counts(
    clicks: tuple[Path, pd.DataFrame], as_engine: None, feed: Callable[[], None]
) -> None:
    path, e = clicks
    shop = workspace("clicks", time_zone="UTC")
    run_import(shop.id, "events", path, None)
    feed()
    listed = set(e[e.acquisition_channel == "email"][WHO])
    with scope(shop.id):
        rows = engine.query(shop.id, "SELECT id, external_id FROM customers", {}).to_pylist()
        ids = {row["id"]: row["external_id"] for row in rows}
        bought = {"version": 1, "where": did("purchase")}
        actions.create_segment(shop.id, name="Buyers", slug="buyers", rule=bought)
        invited = actions.create_list(shop.id, name="Invited", slug="invited")
        chosen = [one for one, name in ids.items() if name in listed]
        actions.add_to_list(shop.id, invited.public_id, chosen)
    feed()
    purchases = e[e.event == "purchase"]

    for rules in (counting(e, purchases), properties(e), in_time(e, purchases), funnels(e)):
        assert real.differences(shop.id, rules, AT) == {}
    added = datetime.now(UTC)
    assert real.differences(shop.id, together(e, ids, listed), added) == {}
    assert len(ids) == USERS
