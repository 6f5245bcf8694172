"""The generated shop: what is true about it is what the product finds, to the coin."""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from regulars.customers import queries as customers
from regulars.customers.pure import normalise
from regulars.customers.pure.quality import phone_kind
from regulars.events import queries as events
from regulars.project import start
from regulars.project.demo import setting, whole
from regulars.project.demo.catalogue import COFFEE, PRODUCTS
from regulars.project.demo.history import Sent
from regulars.project.demo.progress import Bar
from regulars.project.demo.records import CURRENCY, ZONE, Plan
from regulars.project.demo.visits import ADDED
from regulars.project.demo.whole import Written
from regulars.reports import queries as reports
from regulars.segments import queries as segments
from regulars.store.roles import Role
from regulars.store.scope import scope
from regulars.workspaces.records import WorkspaceRecord
from tests.database import point_django_at
from tests.town import workspace

CUSTOMERS = 300
END = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)
# With this seed somebody bounced, unsubscribed, and bought because of a letter.
SEED = 10


@dataclass(frozen=True, slots=True)
class Purchase:
    """An order that counts, told without the product."""

    person: int
    at: datetime
    minor: int


@dataclass(frozen=True, slots=True)
class Told:
    """The shop as it was written, and the workspace it is in."""

    plan: Plan
    workspace: WorkspaceRecord
    shop: Written

    def purchases(self) -> list[Purchase]:
        """Every purchase of a known customer."""
        orders = self.shop.history.orders
        totals = orders.totals_minor()
        return [
            Purchase(int(orders.buyer[n]), self.instant(orders.day[n]), int(totals[n]))
            for n in np.flatnonzero(orders.counted())
        ]

    def instant(self, day: float) -> datetime:
        return self.plan.instant(float(day))

    def clicks(self) -> Iterator[tuple[datetime, int, Sent]]:
        """(instant, person, mailing) of every click."""
        for sent in self.shop.sent:
            letters = sent.letters
            for n in np.flatnonzero(~np.isnan(letters.clicked_day)):
                yield self.instant(letters.clicked_day[n]), int(letters.person[n]), sent


@pytest.fixture(scope="module")
def told(database: str) -> Told:
    point_django_at(Role.ENGINE)
    plan = Plan(seed=SEED, customers=CUSTOMERS, end=END)
    made = workspace("demo", currency=CURRENCY, time_zone=ZONE)
    shop = whole.write_shop(made.id, plan, Bar(whole.STAGES, io.StringIO()))
    whole.drain(lambda _: None)
    point_django_at(Role.APP)
    start.wire()
    return Told(plan, made, shop)


def report(told: Told, name: str) -> dict[str, Any]:
    with scope(told.workspace.id):
        return reports.report(told.workspace.id, name, told.plan.end)


def money(minor: int) -> str:
    return f"{Decimal(minor).scaleb(-2):.2f}"


def test_the_base_is_the_truth(told: Told) -> None:
    truth = told.shop.history.truth

    found = report(told, "base")

    assert found["customers"] == truth.buyers
    assert found["invoices"] == truth.orders
    assert found["clean_lines"] == truth.lines
    assert found["revenue"] == money(truth.revenue_minor)
    assert truth.guest_orders > 0 and truth.cancelled_orders > 0 and truth.returns > 0


def test_every_cohort_is_counted_as_by_hand(told: Told) -> None:
    zone = ZoneInfo(ZONE)
    months: dict[int, set[int]] = defaultdict(set)
    for bought in told.purchases():
        local = bought.at.astimezone(zone)
        months[bought.person].add(local.year * 12 + local.month - 1)
    last = END.astimezone(zone)
    end = last.year * 12 + last.month - 1
    expected: dict[str, list[int]] = {}
    for first in sorted({min(own) for own in months.values()}):
        cohort = [own for own in months.values() if min(own) == first]
        row = [sum(month in own for own in cohort) for month in range(first, end + 1)]
        expected[f"{first // 12}-{first % 12 + 1:02d}"] = row

    found = report(told, "cohorts")["cohort_rows"]

    assert {row["cohort"]: row["customers"] for row in found} == expected


def test_every_buyer_has_one_class(told: Told) -> None:
    found = report(told, "rfm")

    assert sum(found["classes"].values()) == told.shop.history.truth.buyers
    assert sum(Decimal(part) for part in found["revenue"].values()) == Decimal(
        money(told.shop.history.truth.revenue_minor)
    )


def test_the_funnels_are_the_truth(told: Told) -> None:
    found = {one["name"]: one for one in report(told, "campaign")["campaigns"]}

    for sent, truth in zip(told.shop.sent, told.shop.history.truth.mailings, strict=True):
        one = found[sent.mailing.name]
        assert one["sent"] == truth.contacted
        assert one["bounced"] == truth.bounced
        assert one["opened"] == truth.opened
        assert one["opened_confirmed"] == truth.opened - truth.opened_by_machine
        assert one["clicked"] == truth.clicked
        assert one["unsubscribed"] == truth.unsubscribed
        assert one["orders"] >= truth.extra_orders


def test_orders_belong_to_the_last_click_before_them(told: Told) -> None:
    clicks = sorted(told.clicks(), key=lambda click: click[0], reverse=True)
    claimed: dict[str, list[Purchase]] = defaultdict(list)
    for bought in told.purchases():
        for at, person, sent in clicks:
            window = timedelta(days=sent.mailing.window_days)
            if person == bought.person and at <= bought.at < at + window:
                claimed[sent.mailing.name].append(bought)
                break

    found = {one["name"]: one for one in report(told, "campaign")["campaigns"]}

    for sent in told.shop.sent:
        name = sent.mailing.name
        assert found[name]["orders"] == len(claimed[name])
        assert found[name]["ordered"] == len({bought.person for bought in claimed[name]})
        assert found[name]["revenue"] == money(sum(bought.minor for bought in claimed[name]))


def test_the_arms_are_counted_as_by_hand(told: Told) -> None:
    found = {one["name"]: one["lift"] for one in report(told, "campaign")["campaigns"]}

    for sent in told.shop.sent:
        begun = told.instant(sent.mailing.day(told.plan))
        window = timedelta(days=sent.mailing.window_days)
        contacted = {int(person) for person in sent.letters.person}
        lift = found[sent.mailing.name]
        bought = [
            one
            for one in told.purchases()
            if one.person in contacted and begun <= one.at < begun + window
        ]
        assert lift["contacted"] == len(contacted)
        assert lift["control"] == sent.control > 0
        assert lift["contacted_orders"] == len(bought)
        assert lift["contacted_buyers"] == len({one.person for one in bought})
        assert lift["contacted_revenue"] == money(sum(one.minor for one in bought))


def found_by(told: Told, rule: setting.Json) -> set[int]:
    """Places of the people that a segment picks at the end of the history."""
    place = {customer_id: n for n, customer_id in enumerate(told.shop.ids)}
    with scope(told.workspace.id):
        return {place[i] for i in segments.audience(told.workspace.id, rule, told.plan.end)}


def test_segments_of_buyers_hold_whom_they_should(told: Told) -> None:
    own: dict[int, list[datetime]] = defaultdict(list)
    for bought in told.purchases():
        own[bought.person].append(bought.at)
    since = END - timedelta(days=75)
    often = {person for person, at in own.items() if len(at) >= setting.OFTEN}
    fresh = {person for person in often if max(own[person]) > since}

    assert found_by(told, setting.COMMON["Regulars"]) == fresh
    assert found_by(told, setting.AT_RISK) == often - fresh != set()
    assert found_by(told, setting.COMMON["Bought once"]) == {
        person for person, at in own.items() if len(at) == 1
    }
    assert found_by(told, setting.OWN["Never bought"]) == set(range(CUSTOMERS)) - set(own)


def test_a_full_cart_is_found(told: Told) -> None:
    seen, week = told.shop.history.visits, END - timedelta(days=7)
    added = {
        int(seen.person[n])
        for n in np.flatnonzero(seen.kind == ADDED)
        if told.instant(seen.day[n]) > week
    }
    bought = {one.person for one in told.purchases() if one.at > week}

    assert found_by(told, setting.OWN["Left a full cart this week"]) == added - bought


def test_coffee_drinkers_of_a_city_are_found(told: Told) -> None:
    orders = told.shop.history.orders
    is_coffee = np.array([product.category == COFFEE for product in PRODUCTS])[orders.product]
    with_coffee = np.unique(orders.owner[is_coffee])
    times = Counter(int(orders.buyer[n]) for n in with_coffee if orders.counted()[n])
    people = told.shop.people
    kyiv = {n for n, person in enumerate(people) if person.traits["city"] == "Kyiv"}

    found = found_by(told, setting.OWN["Coffee drinkers of Kyiv"])

    assert found == {person for person, count in times.items() if count >= 2 and person in kyiv}


def test_birthdays_of_the_coming_week_are_found(told: Told) -> None:
    days = {(END.date() + timedelta(days=n)).strftime("%m-%d") for n in range(7)}
    people = told.shop.people
    rule = {
        "version": 1,
        "where": setting.OWN["Birthday in the next seven days"]["where"]["all"][0],
    }

    assert found_by(told, rule) == {
        n for n, one in enumerate(people) if one.traits.get("birth_on", "")[5:] in days
    }


def test_whoever_unsubscribed_or_bounced_is_not_written_to_again(told: Told) -> None:
    gone = {
        told.shop.ids[int(sent.letters.person[n])]
        for sent in told.shop.sent
        for days in (sent.letters.unsubscribed_day, sent.letters.bounced_day)
        for n in np.flatnonzero(~np.isnan(days))
    }

    with scope(told.workspace.id):
        refused = customers.contact_refusals(
            told.workspace.id, sorted(gone), channel="email", purpose="marketing"
        )

    assert set(refused) == gone != set()


def test_nothing_of_the_history_is_live(told: Told) -> None:
    someone = told.shop.ids[int(told.shop.sent[0].letters.person[0])]

    with scope(told.workspace.id):
        found = events.timeline(told.workspace.id, someone, limit=200)

    assert {event.origin for event in found} == {"import"}
    assert {"order.paid", "message.sent", "consent.given"} <= {event.kind for event in found}


def test_the_same_plan_makes_the_same_shop() -> None:
    from regulars.project.demo.history import open_shop, tell

    plan = Plan(seed=3, customers=120, end=END)
    first, second = (tell(open_shop(plan), ()) for _ in range(2))

    assert first.truth == second.truth
    assert np.array_equal(first.orders.day, second.orders.day)
    assert open_shop(plan).people == open_shop(plan).people
    assert tell(open_shop(Plan(seed=4, customers=120, end=END)), ()).truth != first.truth


def test_names_come_in_three_scripts_and_addresses_in_one() -> None:
    from regulars.project.demo.history import open_shop

    people = open_shop(Plan(seed=1, customers=400, end=END)).people
    initials = {str(person.traits["first_name"])[0] for person in people}

    assert any("А" <= letter <= "Я" for letter in initials)
    assert any("A" <= letter <= "Z" for letter in initials)
    assert any("Α" <= letter <= "Ω" for letter in initials)
    assert all(person.email.isascii() for person in people)
    assert len({person.email for person in people}) == len(people)
    assert len(PRODUCTS) == len({product.sku for product in PRODUCTS})
    assert any(product.category == COFFEE for product in PRODUCTS)


def test_phones_are_mobile_numbers_that_no_flag_is_raised_about(told: Told) -> None:
    phones = [person.phone for person in told.shop.people if person.phone]

    assert len(phones) > 100
    assert len(set(phones)) == len(phones)
    assert {phone_kind(phone) for phone in phones} == {"mobile"}
    assert {normalise.phone(phone, "") for phone in phones} == set(phones)
