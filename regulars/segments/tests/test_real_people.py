"""Rules over the people of a mail order experiment: attributes, consents, places."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from regulars.customers import actions as customers
from regulars.customers.records import ConsentState, Identity, NewConsent
from regulars.segments.tests import real
from regulars.segments.tests.real import Node, Rules
from regulars.store.scope import scope
from tests.town import workspace

pytestmark = pytest.mark.real_data

MAILED = datetime(2008, 3, 20, tzinfo=UTC)
AT = MAILED + timedelta(days=14)
PEOPLE = 4_000
CHUNK = 500
# The kind of place a customer lives in, put on the map: a city, its edge, and far off.
PLACES = {"Urban": (40.7128, -74.0060), "Surburban": (40.9176, -74.1719), "Rural": (42.88, -78.88)}


def attr(name: str, op: str, value: object = None) -> Node:
    found: Node = {"fact": f"customer.attr.{name}", "op": op}
    return found if value is None else {**found, "value": value}


def identity(number: int, row: pd.Series) -> Identity:
    lat, lon = PLACES[row.zip_code]
    bought = [word for word in ("mens", "womens") if row[word]]
    traits = {
        "recency": int(row.recency), "history": float(row.history), "newbie": bool(row.newbie),
        "bought": bought, "channel": row.channel, "joined": f"2008-{row.recency:02d}-15",
        "address": {"region": row.zip_code, "latitude": lat, "longitude": lon},
    }  # fmt: skip
    email = f"reader{number}@example.com" if row.channel != "Phone" else None
    return Identity(external_id=f"h{number}", email=email, traits=traits)


def attributes(h: pd.DataFrame) -> Rules:
    """Numbers, yes-or-noes, lists and days of the shop's own attributes."""
    recency, history, channel = h.recency, h.history, h.channel.str.lower()
    mens, womens, size = h.mens == 1, h.womens == 1, h.mens + h.womens
    return {
        "eq": (attr("recency", "eq", 3), (recency == 3).sum()),
        "ne": (attr("recency", "ne", 3), (recency != 3).sum()),
        "gt": (attr("history", "gt", 300.5), (history > 300.5).sum()),
        "gte": (attr("recency", "gte", 10), (recency >= 10).sum()),
        "lt": (attr("history", "lt", 50), (history < 50).sum()),
        "lte": (attr("history", "lte", 29.99), (history <= 29.99).sum()),
        "between": (attr("history", "between", [100, 200.25]),
                    history.between(100, 200.25).sum()),
        "in": (attr("recency", "in", [1, 5, 9]), recency.isin([1, 5, 9]).sum()),
        "not_in": (attr("recency", "not_in", [1, 5, 9]), (~recency.isin([1, 5, 9])).sum()),
        "yes": (attr("newbie", "eq", True), (h.newbie == 1).sum()),
        "not yes": (attr("newbie", "ne", True), (h.newbie != 1).sum()),
        "no": (attr("newbie", "eq", False), (h.newbie == 0).sum()),
        "text": (attr("channel", "eq", "MULTICHANNEL"), (channel == "multichannel").sum()),
        "has": (attr("bought", "has", "Mens"), mens.sum()),
        "has_any": (attr("bought", "has_any", ["womens", "shoes"]), womens.sum()),
        "has_all": (attr("bought", "has_all", ["mens", "womens"]), (mens & womens).sum()),
        "has_none": (attr("bought", "has_none", ["mens"]), (~mens).sum()),
        "size_eq": (attr("bought", "size_eq", 1), (size == 1).sum()),
        "size_ne": (attr("bought", "size_ne", 1), (size != 1).sum()),
        "size_gt": (attr("bought", "size_gt", 1), (size > 1).sum()),
        "size_gte": (attr("bought", "size_gte", 2), (size >= 2).sum()),
        "size_lt": (attr("bought", "size_lt", 2), (size < 2).sum()),
        "size_lte": (attr("bought", "size_lte", 1), (size <= 1).sum()),
        "size_between": (attr("bought", "size_between", [1, 2]), size.between(1, 2).sum()),
        "before": (attr("joined", "before", "2008-04-15"), (recency < 4).sum()),
        "after": (attr("joined", "after", "2008-04-15"), (recency > 4).sum()),
        "between days": (attr("joined", "between", ["2008-04-15", "2008-06-15"]),
                         recency.between(4, 6).sum()),
        "in_next": (attr("joined", "in_next", "1mo"), (recency == 4).sum()),
        "in_last": (attr("joined", "in_last", "60d"), recency.between(2, 3).sum()),
        "older_than": (attr("joined", "older_than", "1mo"), (recency <= 2).sum()),
        "month_is": (attr("joined", "month_is", 7), (recency == 7).sum()),
        "anniversary_in_next": (attr("joined", "anniversary_in_next", "2w"),
                                (recency == 4).sum()),
    }  # fmt: skip


def agreed(h: pd.DataFrame) -> Rules:
    """Consents by channel, purpose, topic and time; whom letters reach; where people live."""
    given, mens = h.segment != "No E-Mail", h.segment == "Mens E-Mail"
    withdrawn = given & (h.visit == 1) & (h.conversion == 0)
    has_email = h.channel != "Phone"
    marketing: Node = {"consent": {"channel": "email", "purpose": "marketing"}}
    topic: Node = {"consent": {"channel": "email", "purpose": "marketing:mens"}}
    lat, lon = PLACES["Urban"]
    near: Node = {"lat": lat, "lon": lon}
    urban, edge = h.zip_code == "Urban", h.zip_code == "Surburban"
    return {
        "given": ({**marketing, "is": "given"}, (given & ~withdrawn).sum()),
        "withdrawn": ({**marketing, "is": "withdrawn"}, withdrawn.sum()),
        "never": ({**marketing, "is": "never"}, (~given).sum()),
        "given in time": ({**marketing, "is": "given", "within": {"last": "10d"}}, 0),
        "withdrawn in time": ({**marketing, "is": "withdrawn", "within": {"last": "10d"}},
                              withdrawn.sum()),
        "topic": ({**topic, "is": "given"}, mens.sum()),
        "not topic": ({"not": {**topic, "is": "given"}}, (~mens).sum()),
        "how": ({"did": "consent.given", "where": [
            {"prop": "source", "op": "eq", "value": "catalogue"},
            {"prop": "purpose", "op": "eq", "value": "marketing"}]}, given.sum()),
        "reachable": ({"reachable": "email"}, (given & ~withdrawn & has_email).sum()),
        "by sms": ({"reachable": "sms"}, 0),
        "near": ({"near": {**near, "km": 5}}, urban.sum()),
        "near enough": ({"near": {**near, "km": 50}}, (urban | edge).sum()),
        "not near": ({"not": {"near": {**near, "km": 400}}}, (~urban & ~edge).sum()),
        "region": ({"fact": "customer.region", "op": "eq", "value": "rural"},
                   (h.zip_code == "Rural").sum()),
        "latitude": ({"fact": "customer.latitude", "op": "gt", "value": 42},
                     (h.zip_code == "Rural").sum()),
    }  # fmt: skip


def said(found: list[int], h: pd.DataFrame) -> list[NewConsent]:
    """What the letter's readers agreed to, as the experiment chose and they clicked."""
    lines = []
    for one, (_, row) in zip(found, h.iterrows(), strict=True):
        if row.segment == "No E-Mail":
            continue
        words = [("marketing", ConsentState.GIVEN, MAILED - timedelta(days=30))]
        if row.segment == "Mens E-Mail":
            words.append(("marketing:mens", ConsentState.GIVEN, MAILED))
        if row.visit == 1 and row.conversion == 0:
            words.append(("marketing", ConsentState.WITHDRAWN, MAILED + timedelta(days=10)))
        lines += [
            NewConsent(customer_id=one, channel="email", purpose=purpose, state=state, at=at,
                       source="catalogue")
            for purpose, state, at in words
        ]  # fmt: skip
    return lines


def test_rules_over_people_count_what_pandas_counts(
    as_engine: None, feed: Callable[[], None]
) -> None:
    frame = pd.read_csv(real.folder_of("hillstrom") / "hillstrom_email.csv.gz").head(PEOPLE)
    shop = workspace("people", time_zone="UTC")
    with scope(shop.id):
        for start in range(0, PEOPLE, CHUNK):
            part = frame.iloc[start : start + CHUNK]
            rows = [identity(start + n, row) for n, (_, row) in enumerate(part.iterrows())]
            found = customers.identify_many(shop.id, rows, origin="import")
            customers.record_consents(shop.id, said(list(found), part), origin="import")
    feed()

    assert real.differences(shop.id, attributes(frame), AT) == {}
    assert real.differences(shop.id, agreed(frame), AT) == {}
