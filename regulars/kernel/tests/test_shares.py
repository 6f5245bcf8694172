from __future__ import annotations

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.ids import message_hash, new_public_id
from regulars.kernel.shares import share_of

DUCKDB = "SELECT ('0x' || substr(md5($salt || ':' || $id), 1, 13))::BIGINT / 4503599627370496.0"


@given(st.integers(1, 2**63 - 1), st.text(max_size=30))
def test_a_share_is_in_the_unit_interval_and_stays(customer_id: int, salt: str) -> None:
    share = share_of(customer_id, salt)

    assert 0 <= share < 1
    assert share_of(customer_id, salt) == share


def test_duckdb_gives_the_same_shares() -> None:
    for customer_id in (1, 2, 10**12):
        row = duckdb.execute(DUCKDB, {"salt": "спасибі", "id": customer_id}).fetchone()
        assert row is not None
        assert row[0] == share_of(customer_id, "спасибі")


def test_a_tenth_is_a_tenth_and_two_salts_are_independent() -> None:
    people = range(100_000)
    first = {c for c in people if share_of(c, "spring") < 0.1}
    second = {c for c in people if share_of(c, "autumn") < 0.1}

    # Five standard deviations of a binomial: 10,000 ± 475 and 1,000 ± 157.
    assert abs(len(first) - 10_000) < 475
    assert abs(len(first & second) - 1_000) < 157


def test_a_message_is_known_by_source_and_id_together() -> None:
    assert message_hash("shop", "a1") == message_hash("shop", "a1")
    assert message_hash("shop", "a1") != message_hash("shopa", "1")


def test_public_ids_are_short_and_safe_in_addresses() -> None:
    made = {new_public_id() for _ in range(1000)}

    assert len(made) == 1000
    assert all(
        len(name) == 22 and name.replace("-", "").replace("_", "").isalnum() for name in made
    )
    # A dash would begin an option where an id is typed as a word of a command.
    assert not any(name.startswith("-") for name in made)
