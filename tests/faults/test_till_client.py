"""The reference client and the real server: sold online, sold in the dark, handed over once."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.faults.server import Server
from tests.faults.test_kill_till import _fill

CLIENT = Path(__file__).parents[2] / "clients" / "till"
BACK_WAIT_S = 120.0
CART: dict[str, Any] = {
    "lines": [{"line_id": "1", "sku": "TEA", "qty": "2", "price": 10_000, "name": "Tea"}],
    "member": {"external_id": "m0"},
}


def test_what_was_sold_while_the_server_was_dead_earns_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(CLIENT))
    sys.modules.pop("regulars_till", None)
    from regulars_till import Offline, Till

    server = Server(tmp_path / "data")
    server.start()
    try:
        shop = _fill(server)
        folder = str(tmp_path / "till")
        # A busy machine may take its time; what is promised is measured by benchmarks.
        till = Till(server.url, shop["key"], folder=folder, timeout_s=20)
        online = till.new_purchase()
        held = till.hold(online, {**CART, "points": {"amount": 50_00}})
        assert held["summary"]["to_pay"] == 15_000
        sold = till.confirm(online)
        assert sold is not None and sold["state"] == "confirmed"

        hasty = Till(server.url, shop["key"], folder=folder, timeout_s=1)
        dark = hasty.new_purchase()
        server.kill("everything")
        with pytest.raises(Offline):
            hasty.hold(dark, CART)
        assert hasty.confirm(dark, CART) is None
        assert hasty.take_back(online, [{"line_id": "1", "qty": "1"}], return_id="r1") is None
        server.start()
        _sync(Till(server.url, shop["key"], folder=folder, timeout_s=20))

        again = Till(server.url, shop["key"], folder=folder, timeout_s=20)
        assert again.sync() == 0
        assert again.journal.refused() == []
        assert again.purchase(dark)["state"] == "confirmed"
        assert again.purchase(online)["state"] == "partly_returned"
        with psycopg.connect(server.database_url, autocommit=True) as connection:
            row = connection.execute(
                "SELECT b.available FROM loyalty_balance b JOIN loyalty_member m"
                " ON m.id = b.member_id JOIN customers_customer c ON c.id = m.customer_id"
                " WHERE c.external_id = 'm0'"
            ).fetchone()
        # Began with 2000 points; 50 burnt and 15 earned, half of both undone, 20 earned offline.
        assert row == (shop["members"]["m0"] - 50_00 + 15_00 + 25_00 - 7_50 + 20_00,)
    finally:
        server.stop()


def _sync(till: Any) -> None:
    deadline = time.monotonic() + BACK_WAIT_S
    settled = 0
    while settled < 2:
        assert time.monotonic() < deadline, "the queue is not taken"
        settled += till.sync()
