"""The way of an order: forward only, each place told of once, the same end in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.errors import Refused
from regulars.orders.pure.payments import check_payment, state_of
from regulars.orders.pure.stages import (
    OVER,
    RANK,
    Progress,
    advance,
    ahead,
    books_status,
    check_step,
)
from regulars.orders.records import PAID_STATUSES, OrderStatus, PaymentState, Stage
from regulars.orders.tests.strategies import news, shuffled_with_repeats, stages


def walk(told: Sequence[Stage]) -> tuple[Progress, Counter[Stage]]:
    progress, announced = Progress(), Counter[Stage]()
    for stage in told:
        after = advance(progress, stage)
        if after is not None:
            progress = after
            announced[stage] += 1
    return progress, announced


@given(shuffled_with_repeats())
def test_any_order_with_any_repeats_ends_in_the_same_place(
    told: tuple[list[Stage], list[Stage]],
) -> None:
    one, other = told

    assert walk(one)[0] == walk(other)[0]


@given(news)
def test_each_status_is_announced_at_most_once(told: list[Stage]) -> None:
    _, announced = walk(told)

    assert all(count == 1 for count in announced.values())


@given(news)
def test_an_order_never_goes_back(told: list[Stage]) -> None:
    ranks = [RANK[walk(told[:n])[0].stage] for n in range(len(told) + 1)]

    assert ranks == sorted(ranks)


@given(news)
def test_nobody_waits_for_what_has_arrived_or_is_closed(told: list[Stage]) -> None:
    progress, _ = walk(told)

    assert not (progress.is_delayed and progress.stage in OVER)


@given(news, stages)
def test_a_person_is_refused_exactly_what_would_change_nothing(
    told: list[Stage], asked: Stage
) -> None:
    progress, _ = walk(told)
    is_closed = progress.stage in (Stage.CANCELLED, Stage.RETURNED)
    if advance(progress, asked) is not None and not is_closed:
        check_step(progress, asked)
        assert asked in ahead(progress) or asked is Stage.RETURNED
    else:
        with pytest.raises(Refused):
            check_step(progress, asked)
        assert asked not in ahead(progress)


@given(st.sampled_from([s for s in Stage if s is not Stage.DELAYED]),
       st.sampled_from(list(PaymentState)))  # fmt: skip
def test_the_books_count_only_what_was_paid_in_full(stage: Stage, payment: PaymentState) -> None:
    is_bought = books_status(stage, payment) in PAID_STATUSES

    is_paid = payment in (PaymentState.PAID, PaymentState.PART_REFUNDED)
    assert is_bought == (is_paid and stage not in (Stage.CANCELLED, Stage.RETURNED))


def test_the_books_of_a_paid_order_follow_its_goods() -> None:
    told = [books_status(stage, PaymentState.PAID) for stage in list(Stage)[:8]]

    assert told == [
        OrderStatus.PAID, *[OrderStatus.PROCESSING] * 3, *[OrderStatus.SHIPPED] * 3,
        OrderStatus.DELIVERED,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("paid", "refunded", "asked", "state"),
    [(0, 0, False, "unpaid"), (0, 0, True, "pending"), (40, 0, True, "part_paid"),
     (100, 0, False, "paid"), (100, 30, False, "part_refunded"), (100, 100, False, "refunded"),
     (40, 40, False, "refunded")],
)  # fmt: skip
def test_what_was_paid_is_told_by_its_sums(
    paid: int, refunded: int, asked: bool, state: str
) -> None:
    assert state_of(100, paid, refunded, is_asked=asked) == state


@given(st.lists(st.integers(-150, 150)))
def test_no_more_comes_in_than_the_order_costs_and_no_more_goes_back(amounts: list[int]) -> None:
    paid = refunded = 0
    for amount in amounts:
        try:
            check_payment(100, paid, refunded, amount)
        except Exception:
            continue
        paid, refunded = paid + max(amount, 0), refunded + max(-amount, 0)

    assert 0 <= paid - refunded <= 100
