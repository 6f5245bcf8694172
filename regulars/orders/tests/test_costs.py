from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from regulars.kernel.errors import Invalid
from regulars.orders.actions.costs import CostOutcome, CostRow, replace_costs
from regulars.orders.queries.costs import CostFilter, cost_sources, cost_sums, costs
from regulars.store.scope import cursor, scope
from tests.town import Town, town

FIRST, SECOND, THIRD = date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 3)
ROWS = [
    CostRow(FIRST, "google", "Brand", "UAH", 10_000, "Exact", 100, 10),
    CostRow(FIRST, "google", "Brand", "UAH", 5_000, "Broad", 50, 5),
    CostRow(SECOND, "google", "Brand", "UAH", 7_000, "Exact", 70, 7),
    CostRow(FIRST, "facebook", "Autumn", "USD", 1_500, "", 10, 1),
]


@pytest.fixture
def place(db: None) -> Town:
    return town()


def versions(town_: Town) -> list[Any]:
    raw = cursor()
    raw.execute(
        "SELECT id, xid::text FROM orders_cost WHERE workspace_id = %s ORDER BY id",
        [town_.bakery.id],
    )
    return raw.fetchall()


def told(town_: Town, **chosen: Any) -> list[tuple[Any, ...]]:
    rows, _ = costs(town_.bakery.id, CostFilter(**chosen))
    return [(r.day, r.source, r.campaign, r.ad_group, r.amount_minor) for r in rows]


def test_the_same_costs_twice_change_nothing(place: Town) -> None:
    with scope(place.bakery.id):
        first = replace_costs(place.bakery.id, ROWS)
        before = versions(place)
    with scope(place.bakery.id):
        second = replace_costs(place.bakery.id, ROWS[::-1])
        after = versions(place)

    assert first == CostOutcome(rows=4, added=4, changed=0, same=0, gone=0)
    assert second == CostOutcome(rows=4, added=0, changed=0, same=4, gone=0)
    assert before == after


def test_a_corrected_file_replaces_the_days_it_covers_for_its_source(place: Town) -> None:
    with scope(place.bakery.id):
        replace_costs(place.bakery.id, ROWS)
        corrected = CostRow(FIRST, "google", "Brand", "UAH", 9_999, "Exact", 100, 10)
        new = CostRow(THIRD, "google", "Brand", "UAH", 1, "Exact")
        outcome = replace_costs(place.bakery.id, [corrected, new])

        assert outcome == CostOutcome(rows=2, added=1, changed=1, same=0, gone=1)
        assert told(place) == [
            (THIRD, "google", "Brand", "Exact", 1),
            (SECOND, "google", "Brand", "Exact", 7_000),
            (FIRST, "facebook", "Autumn", "", 1_500),
            (FIRST, "google", "Brand", "Exact", 9_999),
        ]
        # What was dropped comes back when it is told again.
        assert replace_costs(place.bakery.id, ROWS[:2]).changed == 2


def test_sums_are_by_currency_and_filters_hold(place: Town) -> None:
    with scope(place.bakery.id):
        replace_costs(place.bakery.id, ROWS)
        sums = cost_sums(place.bakery.id, CostFilter())
        assert [(s.currency, s.amount_minor, s.clicks, s.click_minor) for s in sums] == [
            ("UAH", 22_000, 22, 1_000), ("USD", 1_500, 1, 1_500),
        ]  # fmt: skip
        assert told(place, by="campaign", source="google") == [
            (None, "google", "Brand", "", 22_000)
        ]
        assert told(place, by="date", until=FIRST, campaign="bra") == [(FIRST, "", "", "", 15_000)]
        assert told(place, since=SECOND)[0][0] == SECOND
        assert cost_sources(place.bakery.id) == ["facebook", "google"]
    with scope(place.other.id):
        assert costs(place.other.id, CostFilter()) == ([], False)
        assert cost_sums(place.other.id, CostFilter()) == []


def test_what_cannot_be_a_cost_is_refused_and_nothing_is_written(place: Town) -> None:
    good = ROWS[0]
    wrong = [
        [], [good, good], [CostRow(FIRST, "", "A", "UAH", 1)],
        [CostRow(FIRST, "g", "A" * 301, "UAH", 1)], [CostRow(FIRST, "g", "A", "uah", 1)],
        [CostRow(date(1900, 1, 1), "g", "A", "UAH", 1)],
        [CostRow(FIRST, "g", "A", "UAH", 10**16)], [CostRow(FIRST, "g", "A", "UAH", 1, clicks=-1)],
    ]  # fmt: skip
    with scope(place.bakery.id):
        for rows in wrong:
            with pytest.raises(Invalid):
                replace_costs(place.bakery.id, rows)
        assert costs(place.bakery.id, CostFilter()) == ([], False)


def by_account(workspace_id: int) -> list[tuple[str, str, int]]:
    rows, _ = costs(workspace_id, CostFilter(by="account"))
    return sorted((row.source, row.account, row.amount_minor) for row in rows)


def test_accounts_of_one_network_leave_each_others_days_alone(place: Town) -> None:
    first = CostRow(FIRST, "google", "Brand", "UAH", 100, account="111-1")
    second = replace(first, account="222-2", amount_minor=20)
    with scope(place.bakery.id):
        replace_costs(place.bakery.id, [first])
        assert replace_costs(place.bakery.id, [second]) == CostOutcome(1, 1, 0, 0, 0)
        assert replace_costs(place.bakery.id, [first]) == CostOutcome(1, 0, 0, 1, 0)

        assert by_account(place.bakery.id) == [("google", "111-1", 100), ("google", "222-2", 20)]
        only, _ = costs(place.bakery.id, CostFilter(account="222-2"))
        assert [(row.account, row.amount_minor) for row in only] == [("222-2", 20)]
    with scope(place.other.id):
        assert by_account(place.other.id) == []


def test_what_was_told_without_an_account_is_not_counted_twice(place: Town) -> None:
    brand = CostRow(FIRST, "google", "Brand", "UAH", 100)
    other = CostRow(FIRST, "google", "Autumn", "UAH", 7)
    with scope(place.bakery.id):
        replace_costs(place.bakery.id, [brand, other])
        outcome = replace_costs(place.bakery.id, [replace(brand, account="111-1")])

        assert outcome == CostOutcome(1, 1, 0, 0, 1)
        assert by_account(place.bakery.id) == [("google", "", 7), ("google", "111-1", 100)]
