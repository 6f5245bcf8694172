"""What rooms declare at the start: facts that rules may ask about, and who uses segments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from regulars.rules.facts import Fact, Facts
from regulars.segments.records import Use, Used

Users = Callable[[int, Used], Sequence[Use]]

_facts: dict[str, Fact] = {}
_users: dict[str, Users] = {}


def declare(facts: Mapping[str, Fact]) -> None:
    """Add a room's facts; declaring the same ones again changes nothing."""
    for name, fact in facts.items():
        known = _facts.setdefault(name, fact)
        assert known == fact, f"two rooms declare {name}"


def facts() -> Facts:
    """Every declared fact by name, in the order of declaration."""
    return _facts


def declare_users(name: str, users: Users) -> None:
    """Add somebody who may refer to segments and lists; asked (workspace_id, what is used)."""
    known = _users.setdefault(name, users)
    assert known is users, f"two functions are called {name}"


def users() -> Sequence[Users]:
    """Everybody who may refer to segments and lists, in the order of declaration."""
    return tuple(_users.values())
