"""A shop whose people are of every sort that a campaign meets, and one that is not its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from regulars.campaigns import actions, queries, tasks
from regulars.campaigns.records import CampaignRecord, Draft
from regulars.customers import actions as customers
from regulars.customers.records import Identity
from regulars.jobs import actions as jobs
from regulars.jobs.records import JobRecord
from regulars.kernel import clock
from regulars.messaging import actions as messaging
from regulars.orders import actions as orders
from regulars.orders.records import NewLine, NewOrder
from regulars.store.scope import cursor, scope
from regulars.workspaces.records import WorkspaceRecord
from tests.town import workspace

WILLING = 60
IN_KYIV: dict[str, Any] = {
    "version": 1,
    "where": {"fact": "customer.city", "op": "eq", "value": "Kyiv"},
}
SOURCE = '<p>Hello {{ customer.first_name }}, <a href="https://bakery.example/bread">bread</a></p>'


@dataclass(frozen=True, slots=True)
class Shop:
    """Everyone but lviv lives in Kyiv; willing may be written to, the others for a reason not.

    zoe  lives in Kyiv too, agreed to everything, and is a customer of another workspace
    """

    bakery: WorkspaceRecord
    other: WorkspaceRecord
    willing: tuple[int, ...]
    silent: int
    withdrawn: int
    addressless: int
    suppressed: int
    lviv: int
    zoe: int

    @property
    def in_kyiv(self) -> tuple[int, ...]:
        rest = (self.silent, self.withdrawn, self.addressless, self.suppressed)
        return tuple(sorted((*self.willing, *rest)))


def shop(willing: int = WILLING) -> Shop:
    """A new shop with a mail server."""
    bakery, other = workspace("bakery"), workspace("florist")
    names = [*(f"w{n}" for n in range(willing)), "silent", "withdrawn", "addressless",
             "suppressed", "lviv"]  # fmt: skip
    with scope(bakery.id):
        ids = customers.identify_many(bakery.id, [_identity(name) for name in names])
        of = dict(zip(names, ids, strict=True))
        for name in names:
            if name != "silent":
                _agree(bakery.id, of[name])
        customers.withdraw_consent(
            bakery.id, of["withdrawn"], channel="email", purpose="marketing", source="test"
        )
        customers.suppress(
            bakery.id, channel="email", address="suppressed@example.com", reason="bounce",
            customer_id=of["suppressed"],
        )  # fmt: skip
        prepare_sender(bakery.id)
    with scope(other.id):
        (zoe,) = customers.identify_many(other.id, [_identity("zoe")])
        _agree(other.id, zoe)
    rest = (of[name] for name in ("silent", "withdrawn", "addressless", "suppressed", "lviv"))
    return Shop(bakery, other, tuple(ids[:willing]), *rest, zoe)


def _identity(name: str) -> Identity:
    return Identity(
        external_id=name,
        email=None if name == "addressless" else f"{name}@example.com",
        traits={"first_name": name.title(), "city": "Lviv" if name == "lviv" else "Kyiv"},
    )


def _agree(workspace_id: int, customer_id: int) -> None:
    customers.give_consent(
        workspace_id, customer_id, channel="email", purpose="marketing", source="test"
    )


def prepare_sender(workspace_id: int, port: int = 2525) -> None:
    """A mail server for the workspace."""
    messaging.save_sender(
        workspace_id,
        messaging.NewSender(
            from_address="shop@bakery.example", host="127.0.0.1", port=port, security="none"
        ),
        may_be_private=True,
    )


def draft(shop: Shop, **fields: Any) -> CampaignRecord:
    """A draft that lacks nothing."""
    given = {"name": "Bread", "rule": IN_KYIV, "subject": "Bread", "source": SOURCE, **fields}
    with scope(shop.bakery.id):
        return actions.create_draft(shop.bakery.id, Draft(**given))


def send(shop: Shop, one: CampaignRecord, key: str = "once") -> CampaignRecord:
    """Ask for the launch."""
    with scope(shop.bakery.id):
        return actions.send_now(shop.bakery.id, one.public_id, key=key)


def launched(shop: Shop, **fields: Any) -> CampaignRecord:
    """A campaign whose launch has been worked off."""
    one = draft(shop, **fields)
    send(shop, one)
    work(shop.bakery.id)
    return found(shop, one)


def found(shop: Shop, one: CampaignRecord) -> CampaignRecord:
    """The campaign as it is now."""
    with scope(shop.bakery.id):
        return queries.campaign(shop.bakery.id, one.public_id)


def take_job(workspace_id: int, at: datetime | None = None) -> JobRecord | None:
    """The workspace's next due job, as a worker would hold it."""
    with transaction.atomic():
        raw = cursor()
        raw.execute(
            "UPDATE jobs_job SET state = 'running', token = token + 1, attempts = attempts + 1"
            " WHERE id = (SELECT id FROM jobs_job WHERE workspace_id = %s AND state = 'waiting'"
            f" AND due_at <= %s ORDER BY due_at, id LIMIT 1) RETURNING {jobs.COLUMNS}",
            [workspace_id, at or clock.now()],
        )
        row = raw.fetchone()
    return None if row is None else JobRecord(*row)


def work(workspace_id: int) -> int:
    """Run what is due now, once each; returns how many jobs."""
    done = 0
    while (job := take_job(workspace_id)) is not None:
        tasks.launch(job)
        done += 1
    return done


def messages(workspace_id: int) -> dict[int, str]:
    """Customer → state of their message."""
    with scope(workspace_id):
        raw = cursor()
        raw.execute(
            "SELECT customer_id, state FROM messaging_message WHERE workspace_id = %s",
            [workspace_id],
        )
        rows = raw.fetchall()
    assert len(rows) == len({customer for customer, _ in rows}), "one message each"
    return dict(rows)


def arms(workspace_id: int) -> dict[int, str]:
    """Customer → arm."""
    with scope(workspace_id):
        raw = cursor()
        raw.execute(
            "SELECT customer_id, arm FROM experiments_assignment WHERE workspace_id = %s",
            [workspace_id],
        )
        return dict(raw.fetchall())


def settle(workspace_id: int, state: str = "accepted") -> None:
    """The mail server's answer to every message that waits."""
    with scope(workspace_id):
        cursor().execute(
            "UPDATE messaging_message SET state = %s, accepted_at = %s, finished_at = %s"
            " WHERE workspace_id = %s AND state IN ('planned', 'deferred')",
            [state, clock.now(), clock.now(), workspace_id],
        )


def buy(shop: Shop, customer_id: int, amount: str, *, number: str, at: datetime) -> None:
    """An order of one line."""
    with scope(shop.bakery.id):
        orders.record_order(
            shop.bakery.id,
            NewOrder(
                number=number,
                placed_at=at,
                currency="UAH",
                customer_id=customer_id,
                lines=(NewLine(sku="bread", quantity=Decimal(1), unit_price=Decimal(amount)),),
            ),
        )


@contextmanager
def moved_clock(monkeypatch: Any, to: Callable[[], datetime]) -> Iterator[None]:
    """Another present."""
    with monkeypatch.context() as patched:
        patched.setattr(clock, "now", to)
        yield
