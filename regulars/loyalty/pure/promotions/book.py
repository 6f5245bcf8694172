"""The live promotions of a workspace, read once and indexed."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.loyalty.pure.promotions.model import Promotion


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """Live promotions in the order they are tried."""

    promotions: tuple[Promotion, ...] = ()


EMPTY = Book()
