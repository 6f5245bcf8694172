"""Draws and shares of cost, without a database."""

from __future__ import annotations

import doctest
import hashlib
import itertools

from hypothesis import given
from hypothesis import strategies as st

from regulars.loyalty.pure import draws, settling

names = st.text("abcdefghij-", min_size=1, max_size=8)
holders = st.dictionaries(names, st.sampled_from(["anna", "boris", "clara", "dina"]), max_size=30)


def test_the_examples_in_the_words_are_true() -> None:
    for module in (draws, settling):
        told = doctest.testmod(module)
        assert told.failed == 0 and told.attempted > 0


def test_anybody_can_repeat_a_draw_with_sha_256_alone() -> None:
    seed, tickets = "00ff", {"anna": "a", "boris": "b", "clara-1": "c", "clara-2": "c"}
    said = hashlib.sha256("\n".join(sorted(tickets)).encode()).hexdigest()
    ranked = sorted(
        tickets, key=lambda t: hashlib.sha256(f"{seed}:{said}::{t}".encode()).hexdigest()
    )

    assert draws.winners(seed, tickets, 1) == (ranked[0],)
    assert draws.seed_hash(seed) == hashlib.sha256(b"00ff").hexdigest()


@given(holders, st.integers(0, 6), st.text(max_size=8))
def test_as_many_win_as_there_are_prizes_or_people_and_nobody_twice(
    tickets: dict[str, str], prizes: int, seed: str
) -> None:
    won = draws.winners(seed, tickets, prizes)

    people = [tickets[ticket] for ticket in won]
    assert len(won) == min(prizes, len(set(tickets.values())))
    assert len(set(people)) == len(people)
    reversed_list = dict(reversed(tickets.items()))
    assert draws.winners(seed, reversed_list, prizes) == won


@given(holders, names)
def test_one_more_ticket_changes_the_hash_of_the_list(tickets: dict[str, str], more: str) -> None:
    if more not in tickets:
        assert draws.list_hash([*tickets, more]) != draws.list_hash(tickets)


def test_every_ticket_has_the_same_chance() -> None:
    tickets = {str(n): str(n) for n in range(4)}
    wins = dict.fromkeys(tickets, 0)
    for seed in range(4_000):
        wins[draws.winners(str(seed), tickets, 1)[0]] += 1

    # Three standard deviations of 4,000 throws at a quarter each are 82.
    assert all(abs(count - 1_000) < 110 for count in wins.values())


@given(st.integers(0, 10**9), st.lists(st.integers(1, 1000), min_size=1, max_size=12))
def test_however_a_lot_is_cut_its_parts_sum_to_its_cost(cost: int, cuts: list[int]) -> None:
    whole = sum(cuts)
    marks = [sum(cuts[:n]) for n in range(len(cuts) + 1)]

    parts = [settling.share(cost, whole, a, b) for a, b in itertools.pairwise(marks)]

    assert sum(parts) == cost and min(parts) >= 0
    back = [settling.share(cost, whole, b, a) for a, b in itertools.pairwise(marks)]
    assert sum(back) == -cost


kinds = st.sampled_from(["issued", "revoked", "redeemed", "returned"])


@given(st.lists(st.tuples(kinds, st.integers(1, 3), st.integers(1, 3), st.integers(0, 10**6))))
def test_settlements_sum_to_issued_cost_less_redeemed_cost(
    made: list[tuple[str, int, int, int]],
) -> None:
    lines = []
    for kind, partner, issuer, cost in made:
        if kind in ("issued", "revoked"):
            act = settling.issued if kind == "issued" else settling.revoked
            lines.append(act(issuer, cost, cost))
        else:
            act2 = settling.redeemed if kind == "redeemed" else settling.returned
            lines.append(act2(partner, issuer, cost, cost))

    sums = {name: sum(row[3] for row in made if row[0] == name) for name in set(kinds_of(made))}
    issued = sums.get("issued", 0) - sums.get("revoked", 0)
    redeemed = sums.get("redeemed", 0) - sums.get("returned", 0)
    assert sum(settling.totals(lines).values()) == issued - redeemed


def kinds_of(made: list[tuple[str, int, int, int]]) -> list[str]:
    return [row[0] for row in made]


def test_points_cost_halves_up() -> None:
    assert [settling.cost_of(n, 150) for n in (0, 10_000, 100, 33, 34)] == [0, 150, 2, 0, 1]
