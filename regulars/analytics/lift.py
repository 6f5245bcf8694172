"""What a campaign brought: contacted customers against those held back, in people and money.

Everyone who was assigned is counted in the arm they were assigned to, whether or not the
message arrived: taking out those it could not reach would make the arms unlike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regulars.analytics.ratios import Ratio
from regulars.analytics.readings import (
    CONFIDENCE,
    Interval,
    MeanReading,
    Moments,
    Numbers,
    SampleRatio,
    ShareReading,
    compare_means,
    compare_shares,
    moments_of,
    sample_ratio,
)

# Below these the normal approximations behind the intervals are not to be trusted.
ARM_CUSTOMERS_MIN = 30
BUYERS_MIN = 10

CONTROL_ABSENT = "control_absent"
SPLIT_BROKEN = "split_broken"
DATA_SHORT = "data_short"
GAIN = "gain"
LOSS = "loss"
UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm within the window; revenue is minor units per customer, zeros included."""

    customers: int
    buyers: int
    orders: int
    revenue: Moments

    @property
    def buyer_share(self) -> Ratio:
        """Customers who bought of all in the arm."""
        return Ratio(self.buyers, self.customers)

    @property
    def revenue_minor(self) -> int:
        """All money of the arm."""
        return round(self.revenue.mean * self.revenue.n)


@dataclass(frozen=True, slots=True)
class Lift:
    """The difference that contacting made, or the reason why it cannot be told."""

    contacted: Arm
    control: Arm
    split: SampleRatio | None
    buyers: ShareReading
    revenue: MeanReading

    @property
    def verdict(self) -> str:
        """One word on the money; a broken split silences the rest."""
        if self.control.customers == 0 or self.contacted.customers == 0:
            return CONTROL_ABSENT
        if self.split is not None and self.split.is_broken:
            return SPLIT_BROKEN
        if self._is_short():
            return DATA_SHORT
        interval = self.revenue.interval
        if interval is not None and interval.low > 0:
            return GAIN
        if interval is not None and interval.high < 0:
            return LOSS
        return UNCLEAR

    @property
    def is_readable(self) -> bool:
        """True when differences may be shown at all."""
        return self.verdict not in (CONTROL_ABSENT, SPLIT_BROKEN)

    @property
    def money_per_contacted(self) -> float | None:
        """Extra money that each contacted customer brought, a mean in minor units."""
        return self.revenue.difference if self.is_readable else None

    @property
    def money_per_contacted_interval(self) -> Interval | None:
        """Where that figure lies with the stated confidence."""
        return self.revenue.interval if self.is_readable else None

    @property
    def extra_revenue(self) -> float | None:
        """Money that would not have come without the campaign, an estimate in minor units."""
        per_customer = self.money_per_contacted
        return None if per_customer is None else per_customer * self.contacted.customers

    @property
    def extra_revenue_interval(self) -> Interval | None:
        """Where that money lies with the stated confidence."""
        interval = self.money_per_contacted_interval
        return None if interval is None else interval.scaled(self.contacted.customers)

    @property
    def relative(self) -> float | None:
        """Extra money as a share of what the control group spent per customer."""
        per_customer, usual = self.money_per_contacted, self.control.revenue.mean
        return None if per_customer is None or usual <= 0 else per_customer / usual

    def _is_short(self) -> bool:
        smallest = min(self.contacted.customers, self.control.customers)
        return (
            smallest < ARM_CUSTOMERS_MIN or self.contacted.buyers + self.control.buyers < BUYERS_MIN
        )


def arm_of(orders: Numbers, revenue_minor: Numbers) -> Arm:
    """One arm from two columns: orders and minor units of each customer within the window."""
    counts = np.asarray(orders, dtype=np.int64)
    if counts.size != len(revenue_minor):
        raise ValueError("each customer of an arm needs its orders and its revenue")
    return Arm(
        customers=int(counts.size),
        buyers=int((counts > 0).sum()),
        orders=int(counts.sum()),
        revenue=moments_of(revenue_minor),
    )


def read_lift(
    contacted: Arm, control: Arm, *, control_share: float | None, confidence: float = CONFIDENCE
) -> Lift:
    """The campaign's effect with intervals and the check of its split.

    control_share  planned part of the customers that was to be held back, 0..1; without it
                   the split is not checked
    """
    split = None
    if control_share is not None and 0 < control_share < 1:
        sizes = [contacted.customers, control.customers]
        split = sample_ratio(sizes, [1 - control_share, control_share])
    return Lift(
        contacted=contacted,
        control=control,
        split=split,
        buyers=compare_shares(contacted.buyer_share, control.buyer_share, confidence=confidence),
        revenue=compare_means(contacted.revenue, control.revenue, confidence=confidence),
    )
