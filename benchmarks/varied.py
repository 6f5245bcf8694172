"""Two hundred segments as a shop might have them, over the events of `segment_count`."""

from __future__ import annotations

from itertools import cycle, islice, product
from typing import Any

SEGMENTS = 200

CITIES = ("kyiv", "lviv", "odesa", "dnipro", "kharkiv", "łódź", "chișinău")
CATEGORIES = ("tea", "coffee", "cake", "bread", "gift")
SEEN = ("Page Viewed", "Product Viewed", "Product Added", "Searched")
WINDOWS: tuple[dict[str, Any] | None, ...] = (
    {"last": "7d"}, {"last": "30d"}, {"last": "90d"}, {"last": "365d"}, {"last": "3mo"},
    {"this": "month"}, {"previous": "month"}, {"before_last": "60d"},
    {"between_ago": ["90d", "30d"]}, None,
)  # fmt: skip

Node = dict[str, Any]


def _did(kind: str, window: Node | None, **more: Any) -> Node:
    within = {} if window is None else {"within": window}
    return {"did": kind, **more, **within}


def _shapes() -> list[list[Node]]:
    """Lists of rules, one list for each way of putting conditions together."""
    category = [{"prop": "category", "op": "eq", "value": one} for one in CATEGORIES]
    tripled = list(product(SEEN, WINDOWS, category))
    return [
        # Looked at something, some times.
        [_did(kind, window, where=[one], count={"gte": 2}) for kind, window, one in tripled],
        # Bought for so much.
        [
            _did("order.paid", window, sum={"of": "number", "gte": least})
            for least, window in product((1_000, 5_000, 20_000, 50_000), WINDOWS)
        ],
        # Looked, but did not buy; of a city.
        [
            {
                "all": [
                    {"fact": "customer.city", "op": "in", "value": [city]},
                    _did(kind, {"last": "30d"}, where=[one]),
                    {"not": _did("order.paid", {"last": "30d"})},
                ]
            }
            for city, kind, one in product(CITIES, SEEN[1:3], category)
        ],
        # Went quiet.
        [
            {
                "all": [
                    _did("order.paid", {"before_last": far}),
                    {"not": _did("order.paid", {"last": far})},
                    _did(kind, {"last": near}),
                ]
            }
            for far, kind, near in product(("60d", "90d", "180d"), SEEN, ("14d", "30d"))
        ],
        # Letters.
        [
            {
                "any": [
                    _did("message.clicked", window),
                    _did("message.opened", window, count={"gte": times}),
                ]
            }
            for times, window in product((2, 3, 5), WINDOWS)
        ],
        # A share of a city who added much to the cart.
        [
            {
                "all": [
                    {"share": {"of": 0.1 * part, "salt": "spring"}},
                    {"fact": "customer.city", "op": "eq", "value": city},
                    _did("Product Added", window, max={"of": "price", "gte": 9_000}),
                ]
            }
            for part, city, window in product((1, 3), CITIES[:4], WINDOWS[:5])
        ],
        # Time since.
        [
            {"all": [{"since_last": kind, "gte": far}, {"since_last": kind, "lt": near}]}
            for kind, (far, near) in product(
                (*SEEN, "order.paid"), (("7d", "14d"), ("30d", "60d"), ("90d", "365d"))
            )
        ],
    ]


def rules(number: int = SEGMENTS) -> list[Node]:
    """So many rules, of every shape in turn; the same ones each time."""
    shapes = [iter(shape) for shape in _shapes()]
    found: list[Node] = []
    for shape in islice(cycle(shapes), 10 * number):
        where = next(shape, None)
        if where is not None and len(found) < number:
            found.append({"version": 1, "where": where})
    assert len(found) == number, "there are not that many different rules"
    return found
