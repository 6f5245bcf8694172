"""Signs that look like digits and are no numbers are refused where they are read."""

from __future__ import annotations

import pytest

from regulars.kernel.errors import Invalid
from regulars.loyalty.pages.trying import ROWS, _rows
from regulars.loyalty.pure.programme_reading import DEFAULT_SETTINGS, read_programme
from regulars.loyalty.pure.promotions.reading import read_promotion

OFF = [{"type": "percent_off", "value": "10"}]


@pytest.mark.parametrize(
    ("terms", "path"),
    [
        ({"pending": {"kind": "period", "span": "²d"}}, "terms.slow.pending.span"),
        ({"expiry": {"kind": "calendar", "dates": ["²-01"]}}, "terms.slow.expiry.dates[0]"),
        ({"expiry": {"kind": "calendar", "dates": ["01-²"]}}, "terms.slow.expiry.dates[0]"),
    ],
)
def test_a_programme_names_where_they_stand(terms: dict[str, object], path: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_programme({**DEFAULT_SETTINGS, "terms": {"slow": terms}})

    assert refused.value.code == "programme_invalid"
    assert refused.value.details["path"] == path


@pytest.mark.parametrize("clock", ["²:00", "1²:00", "12:²0"])
def test_a_promotion_names_where_they_stand(clock: str) -> None:
    schedule = {"weekly": [{"from": clock, "to": "18:00"}]}

    with pytest.raises(Invalid) as refused:
        read_promotion({"schedule": schedule, "effects": OFF}, slug="happy")

    assert refused.value.code == "promotion_invalid"
    assert refused.value.details["path"] == "schedule.weekly[0].from"


def test_a_page_shows_as_many_rows_as_ever() -> None:
    assert len(_rows({"rows": "²"})) == ROWS
