from __future__ import annotations

import pytest

from regulars.analytics.lift import (
    CONTROL_ABSENT,
    DATA_SHORT,
    GAIN,
    LOSS,
    SPLIT_BROKEN,
    UNCLEAR,
    arm_of,
    read_lift,
)

QUIET = ([0] * 90 + [1] * 10, [0] * 90 + [1_000] * 10)


def test_a_clear_gain_names_money_per_contacted_customer():
    contacted = arm_of([0] * 450 + [1] * 450, [0] * 450 + [1_000] * 450)

    lift = read_lift(contacted, arm_of(*QUIET), control_share=0.1)

    assert lift.verdict == GAIN
    assert lift.money_per_contacted == 400.0
    assert lift.extra_revenue == 360_000.0
    assert lift.relative == 4.0
    assert lift.extra_revenue_interval.low > 0
    assert (lift.contacted.revenue_minor, lift.control.revenue_minor) == (450_000, 10_000)


def test_a_clear_loss_is_called_a_loss():
    contacted = arm_of([0] * 900, [0] * 900)

    lift = read_lift(contacted, arm_of(*QUIET), control_share=0.1)

    assert lift.verdict == LOSS
    assert lift.money_per_contacted == -100.0


def test_equal_arms_are_unclear():
    contacted = arm_of([0] * 810 + [1] * 90, [0] * 810 + [1_000] * 90)

    lift = read_lift(contacted, arm_of(*QUIET), control_share=0.1)

    assert lift.verdict == UNCLEAR
    assert lift.money_per_contacted == 0.0


def test_a_broken_split_silences_the_figures():
    contacted = arm_of([1] * 900, [1_000] * 900)

    lift = read_lift(contacted, arm_of(*QUIET), control_share=0.5)

    assert lift.verdict == SPLIT_BROKEN
    assert lift.split.is_broken
    assert (lift.money_per_contacted, lift.extra_revenue) == (None, None)
    assert (lift.money_per_contacted_interval, lift.relative) == (None, None)


def test_without_a_control_group_there_is_no_lift():
    lift = read_lift(arm_of([1, 0], [500, 0]), arm_of([], []), control_share=None)

    assert (lift.verdict, lift.split) == (CONTROL_ABSENT, None)
    assert lift.extra_revenue is None
    assert lift.contacted.buyers == 1


def test_a_handful_of_buyers_is_too_short():
    contacted = arm_of([0] * 895 + [2] * 5, [0] * 895 + [1_000] * 5)

    lift = read_lift(contacted, arm_of([0] * 100, [0] * 100), control_share=0.1)

    assert lift.verdict == DATA_SHORT
    assert (lift.contacted.orders, lift.contacted.buyers) == (10, 5)


def test_an_arm_needs_both_columns():
    with pytest.raises(ValueError, match="orders and its revenue"):
        arm_of([1, 2], [100])
