"""Groups that were planted are found, told apart and written as rules; twice the same."""

from __future__ import annotations

import subprocess
import sys
from itertools import chain

import numpy as np

from regulars.analytics.clusters import BUYERS_MIN, Buyers, buyers_of, groups_of, holds, slugs_of

# What each planted group is like: recency, orders, money, gap, returns, category.
PLANTED = (
    (10, 20, 40_000, 9.0, 0.0, "Tea"),
    (15, 4, 400_000, 60.0, 0.0, "Coffee"),
    (400, 1, 2_000, 40.0, 0.3, None),
    (200, 2, 9_000, 150.0, 0.0, "Cups"),
)
EACH = 120


def planted(former=None) -> Buyers:
    """Groups with a little of spread, in turns."""
    rows = [
        (r + i % 5, n + i % 2, m + 13 * i, g + (i % 7) / 4, back, category)
        for i, (r, n, m, g, back, category) in enumerate(chain(*[PLANTED] * EACH))
    ]
    recency, orders, money, gap, returns, category = zip(*rows, strict=True)
    return buyers_of(
        {
            "recency_days": recency,
            "orders": orders,
            "money_minor": money,
            "gap_days": gap,
            "returns_share": returns,
            "top_category": category,
            "cluster": former or [None] * len(rows),
        }
    )


def test_planted_groups_are_found_whole():
    groups = groups_of(planted())

    members = [set(np.flatnonzero(group.members) % len(PLANTED)) for group in groups]
    assert sorted(map(len, members)) == [1] * 4
    assert [int(group.members.sum()) for group in groups] == [EACH] * 4
    assert sum(group.members.astype(int) for group in groups).tolist() == [1] * 4 * EACH


def test_each_group_is_told_by_what_sets_it_apart():
    told = {}
    for group in groups_of(planted()):
        told[int(np.flatnonzero(group.members)[0]) % len(PLANTED)] = group

    assert ("orders", "high") in told[0].traits
    assert told[0].category == "Tea"
    assert ("basket_minor", "high") in told[1].traits or ("money_minor", "high") in told[1].traits
    assert told[1].category == "Coffee"
    assert ("recency_days", "high") in told[2].traits
    assert told[2].category is None


def test_the_rule_of_each_group_holds_the_group():
    buyers = planted()

    for group in groups_of(buyers):
        assert (group.covered, group.exact) == (1.0, 1.0)
        assert (holds(group.paths, buyers) == group.members).all()


def test_the_same_buyers_make_the_same_groups():
    first, second = groups_of(planted()), groups_of(planted())

    assert [group.paths for group in first] == [group.paths for group in second]
    assert all((a.members == b.members).all() for a, b in zip(first, second, strict=True))


def test_too_few_buyers_make_no_groups():
    few = planted()
    rows = slice(0, BUYERS_MIN - 1)
    numbers = {name: values[rows] for name, values in few.numbers.items()}

    assert groups_of(Buyers(numbers, few.categories[rows], few.former[rows])) == ()


def test_a_group_keeps_the_name_of_the_one_it_shares_most_with():
    labels = np.array([0, 0, 0, 1, 1, 2])

    assert slugs_of([None] * 6, labels) == ["c1", "c2", "c3"]
    assert slugs_of(["c2", "c2", "c1", "c1", "c1", None], labels) == ["c2", "c1", "c3"]


def test_buyers_who_are_all_alike_are_one_group_without_a_rule():
    alike = planted()
    numbers = {name: values * 0 + 5 for name, values in alike.numbers.items()}

    (group,) = groups_of(Buyers(numbers, [None] * alike.rows, alike.former))

    assert group.members.all() and group.paths == () and group.traits == ()


def test_the_libraries_are_loaded_only_when_groups_are_asked_for():
    code = "import sys, regulars.analytics.clusters; sys.exit('sklearn' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
