from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from regulars.lake import layout
from regulars.lake.manifest import LakeFile

TIMES = st.datetimes(datetime(1, 1, 2), datetime(8999, 12, 31))  # noqa: DTZ001


@given(TIMES, st.sampled_from(["year", "month"]))
def test_a_period_holds_its_time_and_ends_where_the_next_begins(
    time: datetime, unit: layout.Unit
) -> None:
    period = layout.period_of(time, unit)

    assert period.start is not None and period.end is not None
    assert period.start <= time < period.end
    assert layout.period_of(period.end - timedelta(microseconds=1), unit) == period
    assert layout.period_of(period.end, unit).start == period.end


def test_small_relations_are_whole_and_large_ones_cut_by_month() -> None:
    assert layout.unit_for(1_000_000, 24, "all") == "all"
    assert layout.unit_for(2_400_000, 24, "all") == "month"
    assert layout.unit_for(2_399_999, 24, "all") == "year"


def test_a_unit_once_chosen_stays_until_the_numbers_have_clearly_changed() -> None:
    assert layout.unit_for(2_000_000, 40, "month") == "month"
    assert layout.unit_for(2_000_000, 41, "month") == "year"
    assert layout.unit_for(2_000_000, 40, "year") == "year"


@given(st.integers(0, 10**9))
def test_buckets_hold_a_file_each_and_are_a_power_of_two(rows: int) -> None:
    buckets = layout.buckets_for(rows)

    assert buckets & (buckets - 1) == 0
    assert rows <= buckets * layout.FILE_ROWS_MAX
    assert buckets == 1 or rows > buckets // 2 * layout.FILE_ROWS_MAX


def test_files_that_end_before_the_instant_are_not_opened_and_all_others_are() -> None:
    periods = ("", layout.NO_PERIOD, "2024", "2025-10", "2025-11", "2025-12")
    files = [LakeFile(0, "events", "base", name, 1, name, 0) for name in periods]
    files.append(LakeFile(0, "events", "tail", "t", 1, "", 0))
    files.append(LakeFile(0, "orders", "base", "o", 1, "2024", 0))

    def read(at: datetime) -> list[str]:
        return [file.path for file in layout.reaching(files, {"events": at})]

    assert layout.reaching(files, {}) == files
    december = datetime(2025, 12, 1, tzinfo=UTC)
    assert read(december) == ["", layout.NO_PERIOD, "2025-12", "t", "o"]
    assert read(december - timedelta(microseconds=1)) == [
        "", layout.NO_PERIOD, "2025-11", "2025-12", "t", "o",
    ]  # fmt: skip
    assert "2024" in read(datetime(2024, 12, 31, tzinfo=UTC))
