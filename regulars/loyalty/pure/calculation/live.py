"""What a calculation knows of the workspace: one version of its rules, ready to be asked."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from regulars.loyalty.pure.calculation.asks import NOTHING, Asks
from regulars.loyalty.pure.programme import Programme
from regulars.loyalty.pure.promotions.book import EMPTY, Book


@dataclass(frozen=True, slots=True)
class Live:
    """The programme and its live promotions at one version.

    version   the programme's version, answered as rules_version
    asks      what the member's snapshot must hold
    zone      the workspace's zone; programme.shop_zones may name others by shop
    """

    version: int
    currency: str
    zone: ZoneInfo
    programme: Programme
    promotions: Book = EMPTY
    is_open: bool = True
    asks: Asks = NOTHING
