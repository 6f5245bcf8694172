"""A shop with a till, for tests: the door itself, its threads and a real database."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import time_machine

from regulars.customers import actions as customers
from regulars.customers.records import Identity
from regulars.kernel import clock
from regulars.loyalty.actions import (
    gift_cards,
    members,
    points,
    programme,
    promotions,
    series,
    tills,
)
from regulars.loyalty.actions import till as actions
from regulars.loyalty.point_records import Grant
from regulars.loyalty.queries import balances
from regulars.loyalty.till.app import Till
from regulars.loyalty.till.hands import Hands
from regulars.store.scope import cursor, scope
from regulars.workspaces.records import WorkspaceRecord
from tests.town import workspace

_numbers = itertools.count(1)

SETTINGS: dict[str, Any] = {
    "currencies": [{"slug": "points", "name": "Points", "is_main": True, "minor_per_point": 100}],
    "earning": [{"id": "tenth", "trigger": "cart", "share": "10"}],
}

AGE = timedelta(days=90)
# What is promised of the time of answers is measured by benchmarks, not by tests.
PATIENCE_S = 60.0

Told = tuple[int, dict[str, Any]]


@dataclass
class Shop:
    """A workspace, a till with its key, and the door."""

    workspace: WorkspaceRecord
    key: str
    door: Till

    def call(
        self, name: str, body: Mapping[str, Any] | bytes | None = None, *, key: str = ""
    ) -> Told:
        """One call, answered."""
        (told,) = self.calls([(name, body)], key=key)
        return told

    def calls(
        self, asked: Sequence[tuple[str, Mapping[str, Any] | bytes | None]], *, key: str = ""
    ) -> list[Told]:
        """Calls at the same instant."""

        async def all_of_them() -> list[Told]:
            return await asyncio.gather(
                *(self._one(name, body, key or self.key) for name, body in asked)
            )

        return asyncio.run(all_of_them())

    async def _one(self, name: str, body: Mapping[str, Any] | bytes | None, key: str) -> Told:
        data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": data, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        method = "GET" if name.startswith("purchases/") else "POST"
        headers = [(b"authorization", f"Bearer {key}".encode())]
        path = f"/api/v1/pos/{name}"
        given = {"type": "http", "method": method, "path": path, "headers": headers}
        await self.door(given, receive, send)
        return sent[0]["status"], json.loads(sent[1]["body"])

    def member(self, name: str = "", *, points_held: int = 0) -> dict[str, str]:
        """A new member with so many hundredths of points, as a till names them."""
        external_id = name or f"m{next(_numbers)}"
        with scope(self.workspace.id):
            (customer_id,) = customers.identify_many(
                self.workspace.id,
                [Identity(external_id=external_id, email=f"{external_id}@example.com")],
            )
            (member_id,) = members.enrol(self.workspace.id, [customer_id])
            if points_held:
                points.grant(
                    self.workspace.id,
                    Grant(member_id, "points", points_held, key=f"gift:{external_id}"),
                )
        return {"external_id": external_id}

    def balance(self, member: Mapping[str, str]) -> dict[str, int]:
        """What the member has."""
        with scope(self.workspace.id):
            raw = cursor()
            raw.execute(
                "SELECT m.id FROM loyalty_member m JOIN customers_customer c"
                " ON c.id = m.customer_id WHERE m.workspace_id = %s AND c.external_id = %s",
                [self.workspace.id, member["external_id"]],
            )
            row = raw.fetchone()
            assert row is not None
            member_id = row[0]
            found = balances.balances(self.workspace.id, [member_id])[member_id].get("points")
        if found is None:
            return {"available": 0, "pending": 0, "reserved": 0, "debt": 0}
        return {
            "available": found.available,
            "pending": found.pending,
            "reserved": found.reserved,
            "debt": found.debt,
        }

    def settle(self, settings: Mapping[str, Any]) -> None:
        """Other rules from now on."""
        with scope(self.workspace.id):
            programme.save_settings(self.workspace.id, {**SETTINGS, **settings})

    def let_pass(self, purchase_id: str) -> None:
        """The time of a hold is over."""
        with scope(self.workspace.id):
            cursor().execute(
                "UPDATE loyalty_purchase SET expires_at = now() - interval '1 second'"
                " WHERE workspace_id = %s AND purchase_id = %s",
                [self.workspace.id, purchase_id],
            )

    def expire(self, purchase_id: str) -> bool:
        """What the job does with a hold that ran out."""
        with scope(self.workspace.id):
            return actions.expire(self.workspace.id, purchase_id)

    def promote(self, slug: str, **definition: Any) -> None:
        """A live promotion."""
        with scope(self.workspace.id):
            promotions.create_promotion(
                self.workspace.id, name=slug, slug=slug, definition=definition
            )
            promotions.set_state(self.workspace.id, slug, "live")

    def code(self, text: str, promotion: str, **terms: Any) -> None:
        """A code that opens a promotion, within limits."""
        with scope(self.workspace.id):
            made = series.create_series(
                self.workspace.id,
                series.Terms(name=text, promotion_slug=promotion, **terms),
                kind="shared",
            )
            series.add_code(self.workspace.id, made.public_id, text)

    def gift_card(self, code: str, face_minor: int) -> None:
        """A gift certificate."""
        with scope(self.workspace.id):
            gift_cards.issue_gift_card(self.workspace.id, face_minor, key=code, code=code)

    def count(self, table: str, where: str = "true") -> int:
        """How many rows of the shop there are."""
        with scope(self.workspace.id):
            raw = cursor()
            raw.execute(
                f"SELECT count(*) FROM {table} WHERE workspace_id = %s AND {where}",
                [self.workspace.id],
            )
            row = raw.fetchone()
            assert row is not None
            return int(row[0])


def shop(settings: Mapping[str, Any] | None = None, *, currency: str = "UAH") -> Shop:
    """A shop whose programme gives a tenth of what is paid as points."""
    made = workspace("till", currency=currency)
    # Long enough ago for sales that come late.
    with time_machine.travel(clock.now() - AGE), scope(made.id):
        programme.save_settings(made.id, {**SETTINGS, **(settings or {})})
        programme.set_open(made.id, True)
    with scope(made.id):
        _, key = tills.open_till(made.id, "Till 1", shop="centre", till="1")
    return Shop(made, key, Till(Hands(answer_within_s=PATIENCE_S, statement_ms=60_000)))


def new_id(prefix: str = "p") -> str:
    """An id nobody used."""
    return f"{prefix}-{next(_numbers)}"


def at(moment: datetime | None = None, **ago: float) -> str:
    """A moment as tills write it."""
    return ((moment or clock.now()) - timedelta(**ago)).isoformat()


def line(line_id: str = "1", **fields: Any) -> dict[str, Any]:
    """Two packets of tea at 100.00."""
    given = {"sku": "TEA", "qty": "2", "price": 10_000, "name": "Tea", "category": "tea"}
    return {"line_id": line_id, **given, **fields}


def cart(purchase_id: str = "", **fields: Any) -> dict[str, Any]:
    """A cart of one line, bought now."""
    given: dict[str, Any] = {"lines": [line()], "occurred_at": at()}
    return {"purchase_id": purchase_id or new_id(), **given, **fields}
