from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from django.utils import translation

from regulars.web import charts, styleguide
from regulars.web.charts.svg import axis_for, heat_class, meter

DRAWN = [
    (charts.bars, styleguide._revenue(), "money:UAH"),
    (charts.bars, styleguide._one_series(), "number"),
    (charts.lines, styleguide._rates(), "percent"),
    (charts.cohorts, styleguide._cohorts(), "percent"),
    (charts.interval_plot, styleguide._lift(), "percent"),
]


def well_formed(markup: str) -> ElementTree.Element:
    entities = markup.replace("&nbsp;", " ")
    return ElementTree.fromstring(f"<root>{entities}</root>")


@pytest.mark.parametrize(("draw", "data", "form"), DRAWN)
@pytest.mark.parametrize("language", ["en", "uk", "ru"])
def test_every_chart_is_well_formed_and_has_no_inline_style(draw, data, form, language) -> None:
    with translation.override(language):
        markup = draw(data, form)

    well_formed(markup)
    assert "style=" not in markup and "<script" not in markup


@pytest.mark.parametrize(("draw", "data", "form"), DRAWN)
def test_every_chart_has_its_numbers_as_a_table(draw, data, form) -> None:
    assert "<table" in draw(data, form)


def test_a_chart_escapes_what_it_is_given() -> None:
    hostile = '"><script>alert(1)</script>'
    data = {"label": hostile, "labels": [hostile], "series": [{"name": hostile, "values": [1]}]}

    for draw in (charts.bars, charts.lines):
        markup = draw(data, "number")
        assert "<script" not in markup
        well_formed(markup)


def test_the_axis_begins_at_zero_and_ends_above_the_largest_value() -> None:
    axis = axis_for([83, 955], "number")
    assert (axis.low, axis.ticks) == (0, (0, 250, 500, 750, 1000))


def test_the_axis_holds_negative_values() -> None:
    axis = axis_for([-0.06, 0.54], "percent", aim=3)
    assert (axis.low, axis.high) == (-0.2, pytest.approx(0.6))


@pytest.mark.parametrize(
    ("language", "unit"), [("en", "₴ thousand"), ("uk", "тис. ₴"), ("ru", "тыс. ₴")]
)
def test_a_money_axis_says_its_unit_once(language: str, unit: str) -> None:
    with translation.override(language):
        axis = axis_for([95_500_000], "money:UAH")
        assert (axis.unit, axis.text(axis.ticks[-1]).replace("\u00a0", " ")[-3:]) == (unit, "000")


@pytest.mark.parametrize("values", [[], [0], [None], [0, 0]])
def test_an_empty_chart_still_stands(values) -> None:
    data = {
        "label": "x",
        "labels": ["a"] * len(values),
        "series": [{"name": "s", "values": values}],
    }
    for form in ("number", "percent", "money:GBP"):
        well_formed(charts.bars(data, form))
        well_formed(charts.lines(data, form))


def test_the_unfinished_period_is_hatched_and_said_so() -> None:
    with translation.override("en"):
        markup = charts.bars(styleguide._revenue(), "money:UAH")
    assert markup.count("url(#hatch)") == 2
    assert "Nov (so far)" in markup


def test_a_funnel_gives_each_step_its_share_of_the_one_before() -> None:
    with translation.override("en"):
        markup = charts.funnel(styleguide._funnel())
    assert re.findall(r"([\d.]+)% of previous", markup) == ["97.5", "44.0", "26.8", "28.5"]


def test_a_funnel_of_nothing_has_no_rates() -> None:
    with translation.override("en"):
        markup = charts.funnel([{"name": "Sent", "count": 0}, {"name": "Opened", "count": 0}])
    assert markup.count("—") == 2


def test_heat_has_ten_classes() -> None:
    assert [heat_class(v, 100) for v in (0, 9, 10, 99, 100)] == ["h0", "h0", "h1", "h9", "h9"]
    assert heat_class(0, 0) == "h0"


def test_a_meter_stays_within_its_track() -> None:
    assert 'width="100%" height="8" rx="4"/></svg>' in meter(1.7)
    assert 'class="fill" width="0%"' in meter(-1)
