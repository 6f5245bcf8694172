"""How two or three segments lie across one another: every region with its rule and its number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SEGMENTS_MIN, SEGMENTS_MAX = 2, 3


@dataclass(frozen=True, slots=True)
class Region:
    """Customers who are in some of the segments and in none of the others.

    inside  for each segment, in the order asked, whether they are in it
    """

    inside: tuple[bool, ...]
    customers: int
    rule: Mapping[str, Any]


def counting(asked: str, columns: Sequence[str]) -> str:
    """The one question: how many customers each combination of answers has."""
    names = ", ".join(columns)
    return (
        f"SELECT {names}, COUNT(*) AS customers FROM ({asked})"
        f" WHERE {' OR '.join(columns)} GROUP BY {names}"
    )


def regions_of(slugs: Sequence[str], found: Mapping[tuple[bool, ...], int]) -> list[Region]:
    """Every region, the empty ones too: first whoever is in all, last whoever is in one."""
    masks = [
        tuple(bool(number >> at & 1) for at in range(len(slugs)))
        for number in range(1, 1 << len(slugs))
    ]
    masks.sort(key=lambda inside: (-sum(inside), [not one for one in inside]))
    return [Region(inside, found.get(inside, 0), _rule(slugs, inside)) for inside in masks]


def _rule(slugs: Sequence[str], inside: Sequence[bool]) -> dict[str, Any]:
    parts = [
        {"segment": slug} if is_in else {"not": {"segment": slug}}
        for slug, is_in in zip(slugs, inside, strict=True)
    ]
    return {"version": 1, "where": {"all": parts}}
