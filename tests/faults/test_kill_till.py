"""kill -9 at any point of a sale loses nothing that was acknowledged and does nothing twice.

What tills were told is kept outside the product; after the last kill the books must come to it.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.faults.server import Server
from tests.faults.till_shop import CODE_LIMIT

VICTIMS = ("web", "everything", "database", "worker")
TILLS = 4
CALL_WAIT_S = 90.0
SHOP_WAIT_S = 120

Told = tuple[str, dict[str, Any], dict[str, Any]]


class Cashier(threading.Thread):
    """Sells, takes back and cancels; asks the same again until it is answered."""

    def __init__(self, server: Server, key: str, name: str, members: list[str]) -> None:
        super().__init__(daemon=True)
        self.server, self.label, self.members = server, name, members
        self.rng = random.Random(name)
        self.headers = {"authorization": f"Bearer {key}"}
        self.is_over = threading.Event()
        self.told: list[Told] = []
        self.wrong: list[str] = []
        # What each member must have gained and the code have lost, by what we were told.
        self.gained: dict[str, int] = dict.fromkeys(members, 0)
        self.codes = 0

    def run(self) -> None:
        number = 0
        while not self.is_over.is_set():
            number += 1
            try:
                self._sell(f"{self.label}-{number}")
            except Exception as error:
                self.wrong.append(f"{type(error).__name__}: {error}")
                return

    def _sell(self, purchase_id: str) -> None:
        member = self.rng.choice(self.members)
        asked: dict[str, Any] = {
            "purchase_id": purchase_id,
            "occurred_at": _now(),
            "member": {"external_id": member},
            "points": {"amount": self.rng.choice([0, 50_00])},
            "lines": [
                {"line_id": "1", "sku": "TEA", "qty": "3", "price": 3_333, "name": "Tea"},
                {"line_id": "2", "sku": "CUP", "qty": "1", "price": 9_900, "name": "Cup"},
            ],
        }
        if self.rng.random() < 0.3:
            asked["codes"] = ["TEN"]
        held = self._ask("hold", asked)
        if held is None:
            # Another till holds the last use of the code.
            return
        if self.rng.random() < 0.15:
            self._ask("cancel", {"purchase_id": purchase_id})
            return
        sold = self._ask("confirm", {"purchase_id": purchase_id, "occurred_at": _now()})
        assert sold is not None
        assert sold["summary"] == held["summary"], "a hold was not honoured"
        burnt = held["points"]["applied"] if held["points"] else 0
        self.gained[member] += sold["summary"]["earn_pending"] - burnt
        self.codes += sum(one["status"] == "applied" for one in sold["codes"])
        if self.rng.random() < 0.4:
            self._take_back(purchase_id, member)

    def _take_back(self, purchase_id: str, member: str) -> None:
        for number in range(self.rng.randint(1, 3)):
            back = self._ask(
                "returns",
                {
                    "purchase_id": purchase_id,
                    "return_id": f"{purchase_id}-r{number}",
                    "occurred_at": _now(),
                    "lines": [{"line_id": "1", "qty": "1"}],
                },
            )
            assert back is not None
            taken = back["summary"]["earn_taken"].get("points", 0)
            self.gained[member] += back["summary"]["points_back"] - taken

    def _ask(self, name: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """The answer, however often it takes; None when a code is held by another till."""
        deadline = time.monotonic() + CALL_WAIT_S
        url = f"{self.server.url}/api/v1/pos/{name}"
        while time.monotonic() < deadline:
            try:
                answer = httpx.post(url, json=body, headers=self.headers, timeout=5)
            except httpx.HTTPError:
                time.sleep(0.1)
                continue
            if answer.status_code == 200:
                told: dict[str, Any] = answer.json()
                self.told.append((name, body, told))
                return told
            if answer.status_code < 500:
                assert answer.json()["code"] == "code_in_use", answer.text
                return None
            time.sleep(0.1)
        raise AssertionError(f"{name} is not answered")


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _fill(server: Server) -> dict[str, Any]:
    environment = {**server.environment, "DATABASE_URL": server.database_url}
    made = subprocess.run(
        [sys.executable, "-m", "tests.faults.till_shop"],
        env=environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=SHOP_WAIT_S,
        check=False,
    )
    assert made.returncode == 0, made.stderr[-2000:]
    found: dict[str, Any] = json.loads(made.stdout)
    return found


def campaign(folder: Path, points: int, seed: int) -> None:
    """Kill at so many random moments, then compare the books with what tills were told."""
    rng = random.Random(seed)
    server = Server(folder)
    server.start()
    shop = _fill(server)
    names = list(shop["members"])
    cashiers = [Cashier(server, shop["key"], f"till{n}", names) for n in range(TILLS)]
    for one in cashiers:
        one.start()
    try:
        for point in range(points):
            time.sleep(rng.uniform(0.5, 2.0))
            victim = VICTIMS[point % len(VICTIMS)]
            server.kill(victim)
            if victim in ("database", "everything"):
                server.kill("everything")
                server.start()
        before = [len(one.told) for one in cashiers]
        deadline = time.monotonic() + CALL_WAIT_S
        while any(len(c.told) <= n for c, n in zip(cashiers, before, strict=True)):
            assert time.monotonic() < deadline, "nothing is answered after the last kill"
            assert not any(one.wrong for one in cashiers), [one.wrong for one in cashiers]
            time.sleep(0.1)
        for one in cashiers:
            one.is_over.set()
        for one in cashiers:
            one.join(CALL_WAIT_S)
        assert [one.wrong for one in cashiers] == [[] for _ in cashiers]
        _ask_again(server, shop["key"], cashiers)
        _compare(server, shop, cashiers)
    finally:
        for one in cashiers:
            one.is_over.set()
        server.stop()


def _ask_again(server: Server, key: str, cashiers: list[Cashier]) -> None:
    """Every sale and return that was acknowledged is answered the same once more."""
    with httpx.Client(headers={"authorization": f"Bearer {key}"}, timeout=30) as client:
        for one in cashiers:
            for name, body, told in one.told:
                if name in ("confirm", "returns"):
                    answer = client.post(f"{server.url}/api/v1/pos/{name}", json=body)
                    assert (answer.status_code, answer.json()) == (200, told)


def _compare(server: Server, shop: dict[str, Any], cashiers: list[Cashier]) -> None:
    with psycopg.connect(server.database_url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT c.external_id, b.available + b.pending, b.held, b.debt,"
            " (SELECT coalesce(sum(l.available + l.pending), 0) FROM loyalty_lot l"
            "  WHERE l.member_id = m.id),"
            " (SELECT sum(e.amount) FROM loyalty_entry e WHERE e.owner_id = m.id"
            "  AND e.account IN ('member:available', 'member:pending'))"
            " FROM loyalty_balance b JOIN loyalty_member m ON m.id = b.member_id"
            " JOIN customers_customer c ON c.id = m.customer_id"
        ).fetchall()
        for name, total, held, debt, in_lots, in_entries in rows:
            expected = shop["members"][name] + sum(one.gained[name] for one in cashiers)
            assert (total, held, debt) == (expected, 0, 0), name
            assert in_lots == in_entries == total, name
        assert len(rows) == len(shop["members"])
        used = connection.execute("SELECT reserved, used FROM loyalty_code").fetchone()
        assert used is not None
        assert used[0] == 0
        assert used[1] <= CODE_LIMIT
        back = connection.execute(
            "SELECT count(*) FROM loyalty_codeuse WHERE state = 'returned'"
        ).fetchone()
        assert back is not None
        assert used[1] + back[0] == sum(one.codes for one in cashiers)
        sold = connection.execute(
            "SELECT count(*) FROM loyalty_purchase"
            " WHERE state IN ('confirmed', 'partly_returned', 'returned')"
        ).fetchone()
        told = sum(name == "confirm" for one in cashiers for name, _, _ in one.told)
        assert sold == (told,)
    assert told > TILLS
    server.command("ledger", "verify", "--workspace", "till-kills")


def test_four_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    campaign(tmp_path / "data", points=4, seed=1)


@pytest.mark.long
def test_forty_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    campaign(tmp_path / "data", points=40, seed=int(os.environ.get("SEED", "2")))
