"""The small town after some shopping, and a member's browser."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.test import Client

from regulars.customers import actions as customers
from regulars.customers.records import Identity
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.orders import actions as orders
from regulars.orders.records import NewLine, NewOrder
from regulars.store.scope import scope
from regulars.workspaces import actions as workspaces
from regulars.workspaces.models import User
from regulars.workspaces.records import Role, WorkspaceRecord
from tests.town import Town, town

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Shop:
    """The small town after some shopping, and the instant from which it is looked at.

    mira   3 orders (100.00, 250.50 and 20.00 UAH; tea twice), consents to e-mail, a phone
    oleg   1 order of 100 days ago (80.00), never consented, viewed coffee twice
    zoe    another workspace: one order, consent
    """

    town: Town
    now: datetime

    @property
    def workspace(self) -> WorkspaceRecord:
        return self.town.bakery

    @property
    def id(self) -> int:
        return self.town.bakery.id


def open_shop() -> Shop:
    """The town with its orders and events; nothing is in the lake yet."""
    people = town()
    now = clock.now().astimezone(UTC)
    found = Shop(people, now)
    bakery, other = found.town.bakery.id, found.town.other.id
    with scope(bakery):
        order(bakery, found.town.mira, "M1", now - timedelta(days=5), "tea", "100")
        order(bakery, found.town.mira, "M2", now - timedelta(days=40), "tea", "250.50")
        order(bakery, found.town.mira, "M3", now - timedelta(days=200), "cake", "20")
        order(bakery, found.town.oleg, "O1", now - timedelta(days=100), "cake", "80")
        customers.identify_many(
            bakery, [Identity(external_id="oleg", traits={"favourite": "coffee", "visits": 7})]
        )
        events.record_many(
            bakery,
            [
                NewEvent(
                    kind="Product Viewed",
                    time=now - timedelta(days=day),
                    key=f"view-{day}",
                    customer_id=found.town.oleg,
                    props={"category": "Coffee", "price": 4.5},
                )
                for day in (1, 2)
            ],
        )
    with scope(other):
        order(other, found.town.zoe, "Z1", now - timedelta(days=5), "tea", "100")
    return found


def order(
    workspace_id: int, customer_id: int, number: str, at: datetime, category: str, price: str
) -> None:
    """One line of a category, bought in the past."""
    line = NewLine(
        sku=category, quantity=Decimal(1), unit_price=Decimal(price), name=category,
        category=category,
    )  # fmt: skip
    orders.record_order(
        workspace_id,
        NewOrder(
            number=number, placed_at=at, currency="UAH", lines=(line,), customer_id=customer_id
        ),
        origin="import",
    )


def member_of(workspace: WorkspaceRecord, role: Role = Role.OWNER) -> Client:
    """The browser of a member."""
    user_id = workspaces.ensure_user(
        f"segments-{workspace.id}-{next(_numbers)}@example.com", "long enough"
    )
    with scope(workspace.id):
        workspaces.add_member(workspace.id, user_id, role)
    client = Client()
    client.force_login(User.objects.get(id=user_id))
    return client
