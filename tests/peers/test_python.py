"""Segment's library for Python, unchanged, against a running server."""

from __future__ import annotations

from typing import Any

import pytest

from tests.peers.conftest import Log
from tests.peers.peers import Proxy

library = pytest.importorskip(
    "segment.analytics.client", reason="segment-analytics-python is not installed"
)


def test_all_its_calls_arrive_once_through_trouble(proxy: Proxy, key: str, log: Log) -> None:
    proxy.troubles = [(500, {}), (503, {}), (429, {"Retry-After": "1"})]
    told: list[Any] = []
    client = library.Client(
        key, host=proxy.url + "/", gzip=True, upload_interval=0.05,
        on_error=lambda error, batch: told.append(error),
    )  # fmt: skip

    client.track(anonymous_id="p1-visitor", event="Product Viewed", properties={"sku": "TEA"})
    client.identify("p1", {"email": "p1@example.com"}, anonymous_id="p1-visitor")
    client.page("p1", None, "Home")
    client.screen("p1", "Cart", "Basket")
    client.group("p1", "bakers", {"name": "Bakers"})
    client.alias("p1-old", "p1")
    client.track("p1", "Order Completed", {"order_id": "P1", "total": 20, "currency": "GBP",
                                           "products": [{"sku": "TEA", "price": 20}]})  # fmt: skip
    client.flush()
    client.join()

    kinds = sorted(event["kind"] for event in log.events("p1") if "." not in event["kind"])
    assert kinds == ["Order Completed", "Page Viewed", "Product Viewed", "Screen Viewed"]
    assert told == []
    assert proxy.statuses[:3] == [500, 503, 429]
    assert set(proxy.statuses[3:]) == {200}
