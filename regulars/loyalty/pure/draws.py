"""Draws that anybody can repeat: the seed's hash is shown before, the seed itself afterwards.

Before the first ticket the shop publishes SHA-256 of a secret seed, and, if it likes, which public
number of a later day (a lottery's, an exchange's) will be mixed in: with it not even the shop
can know the outcome while tickets are still taken. When tickets are closed it publishes their
list's hash, the seed and the winners. To check, with nothing but SHA-256:

1. SHA-256 of the seed is the hash shown before.
2. SHA-256 of all ticket names, sorted, joined by line feeds, is the list's hash.
3. The rank of a ticket is SHA-256 of "seed:list hash:public number:ticket"; the lowest win, and
   nobody wins twice.

A worked example, which anybody with a shell can repeat (`printf '%s' … | sha256sum`):

>>> seed_hash("00ff")
'8909cde2f411a84e86e7a39c8a3916b7cda6a9d977778030b6f6a491401400bc'
>>> tickets = {"anna": "anna", "boris": "boris", "clara-1": "clara", "clara-2": "clara"}
>>> list_hash(tickets)
'18eceeb3629b246be68371c93061d9151c0d6117181956d7f9e904b9bd14b39d'
>>> winners("00ff", tickets, 2)
('clara-1', 'anna')
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

TICKETS_MAX = 1_000_000
PRIZES_MAX = 10_000
SEED_BYTES = 32


def seed_hash(seed: str) -> str:
    """What is shown before the draw."""
    return _sha(seed)


def list_hash(tickets: Iterable[str]) -> str:
    """What stands for the whole list of tickets, whatever order they are given in."""
    return _sha("\n".join(sorted(tickets)))


def rank(seed: str, tickets_hash: str, ticket: str, public_number: str = "") -> str:
    """Where a ticket stands: the lower, the earlier."""
    return _sha(f"{seed}:{tickets_hash}:{public_number}:{ticket}")


def winners(
    seed: str, holders: Mapping[str, str], prizes: int, public_number: str = ""
) -> tuple[str, ...]:
    """The winning tickets, first prize first; fewer than prizes when there are fewer people.

    holders  by ticket, whose it is
    """
    assert 0 <= prizes <= PRIZES_MAX and len(holders) <= TICKETS_MAX
    said = list_hash(holders)
    ranked = sorted(holders, key=lambda ticket: (rank(seed, said, ticket, public_number), ticket))
    won: list[str] = []
    seen: set[str] = set()
    for ticket in ranked:
        if len(won) == prizes:
            break
        if holders[ticket] not in seen:
            seen.add(holders[ticket])
            won.append(ticket)
    return tuple(won)


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
