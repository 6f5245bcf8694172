"""The published table of the Hillstrom e-mail test comes out to its digits."""

from __future__ import annotations

import csv
import gzip

import numpy as np
import pytest

from regulars.analytics.lift import GAIN, arm_of, read_lift
from regulars.analytics.ratios import Ratio
from regulars.analytics.readings import (
    bootstrap_difference,
    compare_means,
    compare_shares,
    moments_of,
    sample_ratio,
)
from regulars.analytics.tests.lake_shape import dataset

pytestmark = pytest.mark.real_data

MENS, WOMENS, CONTROL = "Mens E-Mail", "Womens E-Mail", "No E-Mail"
VISIT, CONVERSION, SPEND = range(3)


@pytest.fixture(scope="module")
def arms():
    with gzip.open(dataset("hillstrom", "hillstrom_email.csv.gz"), "rt") as lines:
        rows = list(csv.DictReader(lines))
    found = {MENS: [], WOMENS: [], CONTROL: []}
    for row in rows:
        found[row["segment"]].append(
            (int(row["visit"]), int(row["conversion"]), float(row["spend"]))
        )
    return {name: np.array(values) for name, values in found.items()}


def share(arm, column):
    return Ratio(int(arm[:, column].sum()), len(arm))


@pytest.mark.parametrize(
    ("name", "column", "hits", "difference", "z", "p", "low", "high"),
    [
        (MENS, VISIT, 3894, 0.076590, 22.4860, "5.685e-112", 0.069953, 0.083227),
        (MENS, CONVERSION, 267, 0.006805, 7.3851, "1.523e-13", 0.005014, 0.008641),
        (WOMENS, VISIT, 3238, 0.045233, 13.9492, "3.182e-44", 0.038894, 0.051574),
        (WOMENS, CONVERSION, 189, 0.003111, 3.7796, "1.571e-04", 0.001502, 0.004745),
    ],
)
def test_shares_against_control(arms, name, column, hits, difference, z, p, low, high):
    reading = compare_shares(share(arms[name], column), share(arms[CONTROL], column))

    assert reading.a.numerator == hits
    assert round(reading.difference, 6) == difference
    assert round(reading.statistic, 4) == z
    assert f"{reading.p_value:.3e}" == p
    assert (round(reading.interval.low, 6), round(reading.interval.high, 6)) == (low, high)


def test_shares_of_any_mail_against_control(arms):
    mailed = np.vstack([arms[MENS], arms[WOMENS]])

    visit = compare_shares(share(mailed, VISIT), share(arms[CONTROL], VISIT))
    conversion = compare_shares(share(mailed, CONVERSION), share(arms[CONTROL], CONVERSION))

    assert (visit.a.numerator, visit.a.denominator) == (7_132, 42_694)
    assert (round(visit.difference, 6), round(visit.statistic, 4)) == (0.060882, 20.5101)
    assert (f"{visit.p_value:.3e}", f"{conversion.p_value:.3e}") == ("1.750e-93", "4.272e-10")
    assert (round(visit.interval.low, 6), round(visit.interval.high, 6)) == (0.055404, 0.066291)
    assert (round(conversion.difference, 6), round(conversion.statistic, 4)) == (0.004955, 6.2438)
    assert round(conversion.interval.low, 6) == 0.003508
    assert round(conversion.interval.high, 6) == 0.006333


@pytest.mark.parametrize(
    ("first", "second", "difference", "t", "p", "low", "high"),
    [
        (MENS, CONTROL, 0.769827, 5.3001, "1.164e-07", 0.4851, 1.0545),
        (WOMENS, CONTROL, 0.424412, 3.2564, "1.129e-03", 0.1690, 0.6799),
        (MENS, WOMENS, 0.345415, 2.1640, "3.047e-02", 0.0326, 0.6583),
    ],
)
def test_spend_between_arms(arms, first, second, difference, t, p, low, high):
    reading = compare_means(moments_of(arms[first][:, SPEND]), moments_of(arms[second][:, SPEND]))

    assert round(reading.difference, 6) == difference
    assert round(reading.statistic, 4) == t
    assert f"{reading.p_value:.3e}" == p
    assert (round(reading.interval.low, 4), round(reading.interval.high, 4)) == (low, high)


def test_degrees_of_freedom_of_the_spend(arms):
    control = moments_of(arms[CONTROL][:, SPEND])

    mens = compare_means(moments_of(arms[MENS][:, SPEND]), control)
    womens = compare_means(moments_of(arms[WOMENS][:, SPEND]), control)

    assert (round(mens.degrees, 1), round(womens.degrees, 1)) == (36_671.2, 40_064.9)
    assert (round(mens.a.mean, 6), round(control.mean, 6)) == (1.422617, 0.652789)


def test_bootstrap_of_the_spend_with_the_published_seed(arms):
    interval = bootstrap_difference(
        arms[MENS][:, SPEND], arms[CONTROL][:, SPEND], rng=np.random.default_rng(42)
    )

    assert (round(interval.low, 4), round(interval.high, 4)) == (0.4840, 1.0517)


def test_the_arms_have_their_planned_sizes(arms):
    reading = sample_ratio([len(arm) for arm in arms.values()], [1, 1, 1])

    assert (round(reading.chi_square, 4), round(reading.p_value, 4)) == (0.2025, 0.9037)
    assert not reading.is_broken


def test_the_mens_mail_reads_as_a_gain_in_money(arms):
    contacted = arm_of(arms[MENS][:, CONVERSION], arms[MENS][:, SPEND] * 100)
    control = arm_of(arms[CONTROL][:, CONVERSION], arms[CONTROL][:, SPEND] * 100)

    lift = read_lift(contacted, control, control_share=0.5)

    assert lift.verdict == GAIN
    assert round(lift.money_per_contacted, 4) == 76.9827
    assert round(lift.money_per_contacted_interval.low, 2) == 48.51
    assert round(lift.extra_revenue) == 1_640_271
    assert round(lift.relative, 4) == 1.1793
