from __future__ import annotations

from datetime import UTC, datetime

from regulars.events.claims import CLAIM_ROWS, CLAIM_ROWS_MAX, InboxRow, Pace

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def rows(count: int, size: int) -> list[InboxRow]:
    return [InboxRow(n, 1, "segment", "track", NOW, b"x" * size) for n in range(count)]


def test_full_batches_of_single_events_grow_up_to_a_limit() -> None:
    pace = Pace()

    for _ in range(10):
        pace.learn(rows(pace.rows_max, 300))

    assert pace.rows_max == CLAIM_ROWS_MAX


def test_a_batch_that_is_not_full_changes_nothing() -> None:
    pace = Pace(rows_max=256)

    pace.learn(rows(255, 300))

    assert pace.rows_max == 256


def test_large_requests_shrink_the_next_batch_down_to_the_least() -> None:
    pace = Pace(rows_max=CLAIM_ROWS_MAX)

    for _ in range(10):
        pace.learn(rows(64, 25_000))

    assert pace.rows_max == CLAIM_ROWS
