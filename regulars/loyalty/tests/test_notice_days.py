"""How many days before points end members are told: a setting, and what its change means."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from regulars.events import queries as log
from regulars.kernel.errors import Invalid
from regulars.loyalty.actions import members, nightly, points
from regulars.loyalty.actions import programme as programmes
from regulars.loyalty.point_records import Grant
from regulars.loyalty.pure.nights import told_days
from regulars.loyalty.pure.programme_reading import read_programme
from regulars.loyalty.queries import programme as queries
from regulars.loyalty.tests.test_book_pages import owner, place, post, signed_in, text
from regulars.loyalty.tests.test_earning import settle
from regulars.loyalty.tests.test_promotions_api import Program
from regulars.store.scope import scope
from regulars.workspaces.records import Role
from tests.town import Town, town

DAY = timedelta(days=1)
__all__ = ["owner", "place"]


def told(place: Town) -> list[int]:
    with scope(place.bakery.id):
        found = log.timeline(place.bakery.id, place.mira, 50, kinds=("points.expiring",))
        return sorted(int(str(one.props["points"])) for one in found)


def grants(place: Town, midnight: datetime, *days: float) -> None:
    """Mira gets 10, 20, 40 … points, each lot ending so many days after the midnight."""
    with scope(place.bakery.id):
        (mira,) = members.enrol(place.bakery.id, [place.mira], midnight - DAY / 2)
        for number, after in enumerate(days):
            points.grant(
                place.bakery.id,
                Grant(
                    mira, "points", 10 * 2**number, f"g{number}", expires_at=midnight + after * DAY
                ),
                midnight - DAY / 2,
            )


def nights_of(place: Town) -> datetime:
    return datetime(2026, 6, 1, tzinfo=place.bakery.zone).astimezone(UTC)


@pytest.mark.parametrize(("days", "expected"), [(1, [10]), (7, [20]), (30, [40]), (60, [80])])
def test_a_night_tells_so_many_days_ahead(db: None, days: int, expected: list[int]) -> None:
    place = town()
    midnight = nights_of(place)
    with scope(place.bakery.id):
        settle(place, expiring_days=days)
    grants(place, midnight, 1.5, 7.5, 30.5, 60.5)

    nightly.run_due(place.bakery.id, midnight)
    nightly.run_due(place.bakery.id, midnight)

    assert told(place) == expected


def test_a_changed_setting_leaves_nobody_out_and_tells_nobody_twice(db: None) -> None:
    place = town()
    midnight = nights_of(place)
    with scope(place.bakery.id):
        settle(place, expiring_days=3)
    grants(place, midnight, 3.5, 6.5, 12.5)

    nightly.run_due(place.bakery.id, midnight)
    assert told(place) == [10]
    # More days of notice: whoever is between the two is told at once.
    with scope(place.bakery.id):
        settle(place, expiring_days=10)
    nightly.run_due(place.bakery.id, midnight + DAY)
    assert told(place) == [10, 20]
    # Fewer: nothing is told again until the days that were not told of come near.
    with scope(place.bakery.id):
        settle(place, expiring_days=2)
    for night in range(2, 10):
        nightly.run_due(place.bakery.id, midnight + night * DAY)
    assert told(place) == [10, 20]
    nightly.run_due(place.bakery.id, midnight + 10 * DAY)
    assert told(place) == [10, 20, 40]


def test_a_night_goes_on_where_the_one_before_left_off() -> None:
    day = date(2026, 6, 1)

    assert told_days(day, 7, None) == (date(2026, 6, 8), date(2026, 6, 9))
    assert told_days(day, 7, "2026-06-08") == (date(2026, 6, 8), date(2026, 6, 9))
    assert told_days(day, 14, "2026-06-08") == (date(2026, 6, 8), date(2026, 6, 16))
    assert told_days(day, 2, "2026-06-08") == (date(2026, 6, 8), date(2026, 6, 8))
    assert told_days(day, 2, "2026-01-01") == (day, date(2026, 6, 4))


@pytest.mark.parametrize("days", [0, 61, -1, 1.5, "7", True])
def test_from_one_day_to_sixty(days: object) -> None:
    with pytest.raises(Invalid) as caught:
        read_programme({"currencies": [{"slug": "points", "name": "P"}], "expiring_days": days})

    assert caught.value.details["path"] == "expiring_days"
    assert read_programme({}).expiring_days == 7


def test_the_page_says_it_and_changes_it(place: Town, owner: Client) -> None:
    with scope(place.bakery.id):
        settle(place, terms={"t": {"expiry": {"kind": "rolling", "span": "12mo"}}})
    assert "If points burn in 7 days, then members can be told of it." in text(owner, "programme")
    assert 'name="expiring_days" value="7"' in text(owner, "programme/waiting")

    given = {"pending": "immediate", "expiry": "rolling", "expiry_number": "12",
             "expiry_unit": "mo"}  # fmt: skip
    for wrong in ("0", "61", "x"):
        assert post(owner, "programme/waiting", **given, expiring_days=wrong).status_code == 422
    assert post(owner, "programme/waiting", **given, expiring_days="14").status_code == 302
    assert post(owner, "programme/waiting", **given).status_code == 302

    with scope(place.bakery.id):
        assert queries.programme(place.bakery.id).programme.expiring_days == 14
    assert "If points burn in 14 days" in text(owner, "programme")
    cashier = signed_in(place, Role.CASHIER, "cash")
    assert post(cashier, "programme/waiting", **given, expiring_days="3").status_code == 403


def test_a_program_settles_it(place: Town) -> None:
    program = Program(place.bakery.id)
    with scope(place.bakery.id):
        programmes.save_settings(place.bakery.id, {"currencies": [{"slug": "p", "name": "P"}]})
    settings = {"currencies": [{"slug": "p", "name": "P"}], "expiring_days": 21}

    status, saved = program.ask("PUT", "/programme", {"settings": settings})
    refused = program.ask("PUT", "/programme", {"settings": {**settings, "expiring_days": 61}})

    assert (status, saved["settings"]) == (200, settings)
    assert refused[0] == 422
    assert program.ask("GET", "/programme")[1]["settings"] == settings
