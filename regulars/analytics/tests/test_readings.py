from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from regulars.analytics.ratios import Ratio
from regulars.analytics.readings import (
    Interval,
    Moments,
    bootstrap_difference,
    compare_means,
    compare_shares,
    moments_of,
    sample_ratio,
)

# Newcombe (1998), table II, method 10.
NEWCOMBE = [
    ((56, 70), (48, 80), 0.0524, 0.3339),
    ((9, 10), (3, 10), 0.1705, 0.8090),
    ((6, 7), (2, 7), 0.0582, 0.8062),
    ((0, 10), (0, 20), -0.1611, 0.2775),
    ((10, 10), (0, 20), 0.6791, 1.0000),
]


@pytest.mark.parametrize(("a", "b", "low", "high"), NEWCOMBE)
def test_the_interval_is_newcombes(a, b, low, high):
    interval = compare_shares(Ratio(*a), Ratio(*b)).interval

    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


def test_an_empty_arm_tells_nothing():
    reading = compare_shares(Ratio(3, 10), Ratio(0, 0))

    assert (reading.difference, reading.statistic, reading.p_value) == (None, None, None)
    assert reading.interval is None


def test_arms_in_which_nobody_acted_are_alike():
    reading = compare_shares(Ratio(0, 40), Ratio(0, 50))

    assert (reading.difference, reading.statistic, reading.p_value) == (0.0, 0.0, 1.0)


def test_one_customer_has_no_variance_to_compare():
    reading = compare_means(moments_of([5.0]), moments_of([1.0, 2.0]))

    assert (reading.difference, reading.interval) == (None, None)


def test_equal_spending_gives_the_exact_difference_without_a_test():
    reading = compare_means(moments_of([3, 3]), moments_of([1, 1]))

    assert (reading.difference, reading.p_value) == (2.0, None)
    assert reading.interval == Interval(2.0, 2.0)


def test_moments_count_everyone():
    assert moments_of([0, 0, 3]) == Moments(3, 1.0, 3.0)
    assert moments_of([]) == Moments(0, 0.0, 0.0)
    assert moments_of([7]) == Moments(1, 7.0, 0.0)


@given(
    st.lists(st.integers(0, 10_000), min_size=2, max_size=40, unique=True),
    st.lists(st.integers(0, 10_000), min_size=2, max_size=40, unique=True),
)
def test_welch_agrees_with_scipy(a, b):
    reading = compare_means(moments_of(a), moments_of(b))

    oracle = stats.ttest_ind(a, b, equal_var=False)
    assert reading.statistic == pytest.approx(oracle.statistic, rel=1e-9, abs=1e-9)
    assert reading.p_value == pytest.approx(oracle.pvalue, rel=1e-7, abs=1e-12)
    interval = oracle.confidence_interval()
    assert reading.interval.low == pytest.approx(interval.low, rel=1e-7, abs=1e-7)


@given(st.integers(0, 60), st.integers(1, 60), st.integers(0, 60), st.integers(1, 60))
def test_the_interval_holds_the_difference_and_mirrors(x, n, y, m):
    a, b = Ratio(min(x, n), n), Ratio(min(y, m), m)

    there, back = compare_shares(a, b), compare_shares(b, a)

    assert there.interval.low - 1e-12 <= there.difference <= there.interval.high + 1e-12
    assert there.interval.low == pytest.approx(-back.interval.high)
    assert there.interval.low >= -1 - 1e-12 and there.interval.high <= 1 + 1e-12


@pytest.mark.parametrize(
    ("counts", "chi_square", "p", "is_broken"),
    [
        ([5150, 4850], 9.0, "2.7e-03", False),
        ([821588, 815482], 22.7744, "1.8e-06", True),
        ([0, 0], 0.0, "1.0e+00", False),
    ],
)
def test_the_split_is_checked(counts, chi_square, p, is_broken):
    reading = sample_ratio(counts, [1, 1])

    assert round(reading.chi_square, 4) == chi_square
    assert f"{reading.p_value:.1e}" == p
    assert reading.is_broken is is_broken


def test_a_split_without_its_plan_is_a_mistake():
    with pytest.raises(ValueError, match="planned share"):
        sample_ratio([10, 10], [1, 0])
    with pytest.raises(ValueError, match="planned share"):
        sample_ratio([10], [1])


def test_the_same_seed_gives_the_same_bootstrap():
    a, b = [0, 0, 5, 9], [0, 1, 2]

    first = bootstrap_difference(a, b, rng=np.random.default_rng(7), rounds=200)
    second = bootstrap_difference(a, b, rng=np.random.default_rng(7), rounds=200)

    assert first == second
    assert first.low <= 2.5 <= first.high


def test_an_empty_arm_cannot_be_drawn_from():
    with pytest.raises(ValueError, match="empty arm"):
        bootstrap_difference([], [1], rng=np.random.default_rng(7))
