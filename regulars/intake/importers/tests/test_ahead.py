from __future__ import annotations

import pytest

from regulars.intake.importers.ahead import CHUNKS_AHEAD, chunks_ahead


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_chunks_come_in_their_order_whatever_their_number(count: int) -> None:
    assert list(chunks_ahead(lambda number: number * 10, count)) == [
        number * 10 for number in range(count)
    ]


def test_no_more_chunks_are_made_than_may_wait() -> None:
    made: list[int] = []

    def make(number: int) -> int:
        made.append(number)
        return number

    for number in chunks_ahead(make, 20):
        assert len(made) <= number + 1 + CHUNKS_AHEAD


def test_what_goes_wrong_in_a_chunk_is_told_when_its_turn_comes() -> None:
    def make(number: int) -> int:
        return 10 // (2 - number)

    chunks = chunks_ahead(make, 5)

    assert [next(chunks), next(chunks)] == [5, 10]
    with pytest.raises(ZeroDivisionError):
        next(chunks)
