"""Reading an experiment: is the difference real, how large may it be, was the split fair.

Arm a is the one that was treated, arm b the one it is compared with; a difference is a - b.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import special

from regulars.analytics.ratios import Ratio

Numbers = NDArray[np.float64] | Sequence[float] | Sequence[int]

CONFIDENCE = 0.95
# So rare by chance that the split itself must be broken.
SAMPLE_RATIO_ALARM_P = 0.001
BOOTSTRAP_ROUNDS = 2_000


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the true difference lies with the stated confidence."""

    low: float
    high: float

    def scaled(self, factor: float) -> Interval:
        """The same interval of something that is a positive multiple."""
        assert factor >= 0
        return Interval(self.low * factor, self.high * factor)


@dataclass(frozen=True, slots=True)
class ShareReading:
    """Two shares compared; statistic is z, and nothing is known of an empty arm."""

    a: Ratio
    b: Ratio
    difference: float | None
    statistic: float | None
    p_value: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Moments:
    """What the comparison of means needs of one arm; variance divides by n - 1.

    Everyone of the arm is counted, those who spent nothing with zero.
    """

    n: int
    mean: float
    variance: float


@dataclass(frozen=True, slots=True)
class MeanReading:
    """Two means compared; statistic is t with `degrees` degrees of freedom."""

    a: Moments
    b: Moments
    difference: float | None
    statistic: float | None
    degrees: float | None
    p_value: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """Whether the arms have the sizes they were planned to have."""

    chi_square: float
    p_value: float

    @property
    def is_broken(self) -> bool:
        """True when the report must not be trusted, whatever it says."""
        return self.p_value < SAMPLE_RATIO_ALARM_P


def compare_shares(a: Ratio, b: Ratio, *, confidence: float = CONFIDENCE) -> ShareReading:
    """Pooled z test of two shares with Newcombe's interval of their difference.

    source  Newcombe, R. G. (1998), Interval estimation for the difference between independent
            proportions, Statistics in Medicine 17:873-890, method 10 (Wilson, no correction)
    assumes customers independent of each other; numerators are customers, not events
    """
    if a.value is None or b.value is None:
        return ShareReading(a, b, None, None, None, None)
    difference = a.value - b.value
    pooled = (a.numerator + b.numerator) / (a.denominator + b.denominator)
    error = sqrt(pooled * (1 - pooled) * (1 / a.denominator + 1 / b.denominator))
    # When nobody or everybody did it, the arms are alike and there is nothing to test.
    z = difference / error if error else 0.0
    return ShareReading(
        a,
        b,
        difference=difference,
        statistic=z,
        p_value=2 * float(special.ndtr(-abs(z))),
        interval=_newcombe(a, b, confidence),
    )


def compare_means(a: Moments, b: Moments, *, confidence: float = CONFIDENCE) -> MeanReading:
    """Welch's t test of two means with its interval.

    source  Welch, B. L. (1947), The generalization of "Student's" problem, Biometrika 34:28-35
    assumes customers independent; arms large enough for the mean of skewed money to be normal
    """
    if a.n < 2 or b.n < 2:
        return MeanReading(a, b, None, None, None, None, None)
    difference = a.mean - b.mean
    part_a, part_b = a.variance / a.n, b.variance / b.n
    squared_error = part_a + part_b
    if squared_error == 0:
        # Everyone spent the same: the difference is exact, and there is no test of it.
        return MeanReading(a, b, difference, None, None, None, Interval(difference, difference))
    degrees = squared_error**2 / (part_a**2 / (a.n - 1) + part_b**2 / (b.n - 1))
    t = difference / sqrt(squared_error)
    reach = float(special.stdtrit(degrees, (1 + confidence) / 2)) * sqrt(squared_error)
    return MeanReading(
        a,
        b,
        difference=difference,
        statistic=t,
        degrees=degrees,
        p_value=2 * float(special.stdtr(degrees, -abs(t))),
        interval=Interval(difference - reach, difference + reach),
    )


def moments_of(values: Numbers) -> Moments:
    """Count, mean and variance of one value per customer; of one customer the variance is 0."""
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        return Moments(0, 0.0, 0.0)
    variance = float(array.var(ddof=1)) if array.size > 1 else 0.0
    return Moments(int(array.size), float(array.mean()), variance)


def sample_ratio(counts: Sequence[int], shares: Sequence[float]) -> SampleRatio:
    """Chi-square test of the arms' sizes against the planned shares.

    shares  planned parts of the whole, in the order of the counts; they need not sum to 1
    """
    if len(counts) != len(shares) or len(counts) < 2 or min(shares) <= 0:
        raise ValueError("each arm needs a count and a planned share above zero")
    everyone, whole = sum(counts), sum(shares)
    if everyone == 0:
        return SampleRatio(0.0, 1.0)
    expected = [everyone * share / whole for share in shares]
    chi_square = sum((n - e) ** 2 / e for n, e in zip(counts, expected, strict=True))
    return SampleRatio(chi_square, float(special.chdtrc(len(counts) - 1, chi_square)))


def bootstrap_difference(
    a: Numbers,
    b: Numbers,
    *,
    rng: np.random.Generator,
    rounds: int = BOOTSTRAP_ROUNDS,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Percentile interval of the difference of means, customers drawn with return.

    rng     the caller's generator: the same seed gives the same interval
    source  Efron, B. (1979), Bootstrap methods: another look at the jackknife
    """
    arm_a, arm_b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if arm_a.size == 0 or arm_b.size == 0:
        raise ValueError("an empty arm cannot be drawn from")
    means = np.empty(rounds)
    for i in range(rounds):
        drawn_a = arm_a[rng.integers(0, arm_a.size, arm_a.size)]
        drawn_b = arm_b[rng.integers(0, arm_b.size, arm_b.size)]
        means[i] = drawn_a.mean() - drawn_b.mean()
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))


def _newcombe(a: Ratio, b: Ratio, confidence: float) -> Interval:
    share_a, share_b = a.numerator / a.denominator, b.numerator / b.denominator
    wilson_a, wilson_b = _wilson(a, confidence), _wilson(b, confidence)
    difference = share_a - share_b
    low = sqrt((share_a - wilson_a.low) ** 2 + (wilson_b.high - share_b) ** 2)
    high = sqrt((wilson_a.high - share_a) ** 2 + (share_b - wilson_b.low) ** 2)
    return Interval(difference - low, difference + high)


def _wilson(share: Ratio, confidence: float) -> Interval:
    z = float(special.ndtri((1 + confidence) / 2))
    n, p = share.denominator, share.numerator / share.denominator
    centre = p + z * z / (2 * n)
    reach = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return Interval((centre - reach) / (1 + z * z / n), (centre + reach) / (1 + z * z / n))
