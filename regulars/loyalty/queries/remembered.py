"""What tills ask again within seconds, remembered by each process for a short while.

Names of goods may be a minute old: promotions by category see a change of the catalogue then.
Who a card belongs to may be some seconds old: a member merged in between has no points any more,
so the worst is a quote without points.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

from regulars.kernel import clock
from regulars.orders import queries as orders

GOODS_KEPT_S = 60.0
GOODS_KEPT_MAX = 50_000
MEMBERS_KEPT_S = 10.0
MEMBERS_KEPT_MAX = 20_000

K = TypeVar("K")
V = TypeVar("V")


class Goods(NamedTuple):
    """What the catalogue says of goods, as far as promotions ask."""

    name: str
    category: str
    brand: str


class Kept(Generic[K, V]):
    """Values by key, each for a while; the oldest give way."""

    def __init__(self, seconds: float, most: int) -> None:
        self._seconds, self._most = seconds, most
        self._values: OrderedDict[K, tuple[V, float]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: K) -> V | None:
        """The value while it is kept."""
        found = self._values.get(key)
        return found[0] if found is not None and found[1] > clock.monotonic_s() else None

    def put(self, key: K, value: V) -> None:
        """Keep a value from now on."""
        with self._lock:
            self._values[key] = (value, clock.monotonic_s() + self._seconds)
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)


_goods: Kept[tuple[int, str], Goods] = Kept(GOODS_KEPT_S, GOODS_KEPT_MAX)
_members: Kept[tuple[int, str, str], int] = Kept(MEMBERS_KEPT_S, MEMBERS_KEPT_MAX)


def goods(workspace_id: int, skus: Collection[str]) -> dict[str, Goods]:
    """What the catalogue says of these goods; unknown ones are absent and asked for each time."""
    found: dict[str, Goods] = {}
    missing: list[str] = []
    for sku in skus:
        known = _goods.get((workspace_id, sku))
        if known is None:
            missing.append(sku)
        else:
            found[sku] = known
    if missing:
        for sku, one in orders.products_by_sku(workspace_id, missing).items():
            found[sku] = Goods(one.name or "", one.category or "", one.brand or "")
            _goods.put((workspace_id, sku), found[sku])
    return found


def member_id(workspace_id: int, kind: str, value: str) -> int | None:
    """The member this was found to name a moment ago."""
    return _members.get((workspace_id, kind, value))


def remember_member(workspace_id: int, kind: str, value: str, found: int) -> None:
    """This names that member."""
    _members.put((workspace_id, kind, value), found)
