"""How long one calculation takes: 50 lines × 300 live promotions, and 200 lines × 1,000.

Pure work in one process: no database, no HTTP. Two books are measured: a shop's usual one, where
a few promotions meet a cart, and a hostile one, where a third of all of them apply to it.

    python -m benchmarks.loyalty_calculate
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.common import Report
from regulars.loyalty.pure.calculation.calculate import calculate
from regulars.loyalty.pure.calculation.live import Live
from regulars.loyalty.pure.cart import Balance, Cart, Line, Member, base_of
from regulars.loyalty.pure.programme_reading import read_programme
from regulars.loyalty.pure.promotions.book import compile_book
from regulars.loyalty.pure.promotions.reading import read_promotion

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SEED = 5
CARTS = 200
SIZES = ((50, 300), (200, 1000))
BAR_MS = 150.0  # of the larger size
USUAL, HOSTILE = 1_500, 60  # different categories and brands in the shop
PROGRAMME = {
    "currencies": [{"slug": "points", "name": "Points", "is_main": True}],
    "earning": [{"id": "base", "points": 100, "per_minor": 100}],
}


def definition(rng: random.Random, kinds: int) -> dict[str, Any]:
    """One promotion of the kinds shops really run."""
    category = {"field": "line.category", "op": "eq", "value": f"category {rng.randrange(kinds)}"}
    brand = {"field": "line.brand", "op": "in", "value": [f"brand {rng.randrange(kinds)}"]}
    percent = {"type": "percent_off", "value": str(rng.randrange(1, 30))}
    roll = rng.random()
    if roll < 0.35:
        return {"lane": "line", "target": {"where": category}, "effects": [percent]}
    if roll < 0.55:
        third = {"where": brand, "pick": "cheapest", "n": 3}
        return {"lane": "line", "target": third, "effects": [{"type": "free_units"}]}
    if roll < 0.7:
        parts = [{"where": category, "qty": 2}, {"where": brand, "qty": 1}]
        price = {"type": "fixed_price", "value": 500}
        return {"lane": "line", "target": {"sets": parts}, "effects": [price]}
    if roll < 0.85:
        asked = [
            {"segment": f"segment-{rng.randrange(50)}"},
            {"field": "cart.amount", "op": "gte", "value": rng.randrange(1000, 900_000)},
        ]
        return {"when": {"all": asked}, "effects": [{"type": "percent_off", "value": "3"}]}
    if roll < 0.93:
        few = {"quantifier": "sum", "where": category, "value": rng.randrange(2, 6)}
        return {"when": {"lines": few}, "effects": [{"type": "amount_off", "value": 300}]}
    return {"trigger": "code", "effects": [percent]}


def book(rng: random.Random, promotions: int, kinds: int) -> Live:
    """The live rules of one shop."""
    return Live(
        version=1,
        currency="UAH",
        zone=ZoneInfo("Europe/Kyiv"),
        programme=read_programme(PROGRAMME),
        promotions=compile_book(
            read_promotion(definition(rng, kinds), slug=f"p{number}")
            for number in range(promotions)
        ),
    )


def cart(rng: random.Random, lines: int, kinds: int) -> Cart:
    """A cart of the shop's goods."""

    def line(number: int) -> Line:
        price, milli = Decimal(rng.randrange(100, 9000)).scaleb(-2), rng.randrange(1, 5) * 1000
        return Line(
            line_id=str(number),
            sku=f"sku {rng.randrange(20_000)}",
            quantity_milli=milli,
            unit_price=price,
            base_minor=base_of(milli, price, "UAH"),
            category=f"category {rng.randrange(kinds)}",
            brand=f"brand {rng.randrange(kinds)}",
        )

    return Cart(currency="UAH", lines=tuple(map(line, range(lines))), occurred_at=NOW)


def measured(work: Callable[[], object]) -> float:
    """Milliseconds of processor time."""
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000


def measure(found: Report, name: str, size: tuple[int, int], kinds: int, carts: int) -> None:
    """What one size and book takes, beside its bar when the issue names one."""
    lines, promotions = size
    rng = random.Random(SEED)
    live = book(rng, promotions, kinds)
    asked = [cart(rng, lines, kinds) for _ in range(carts)]
    buyer = Member(
        member_id=1,
        customer_id=1,
        balances={"points": Balance(100_000)},
        segments=frozenset(f"segment-{number}" for number in range(5)),
    )
    applied: list[int] = []

    def one(of: Cart) -> None:
        applied.append(len(calculate(live, of, buyer, (), (), {}, NOW).applied))

    one(asked[0])
    took = sorted(measured(partial(one, of)) for of in asked)
    p50, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
    of = f"{lines} lines × {promotions} promotions, {name} book"
    note = f"{sum(applied) / len(applied):.0f} apply; processor time"
    found.add(f"{of}, p50, ms", round(p50, 2), note=note)
    bar = BAR_MS if size == SIZES[-1] else None
    found.add(f"{of}, p99, ms", round(p99, 2), bar, is_at_most=bar is not None)


def main() -> None:
    """Measure each size with each book."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--carts", type=int, default=CARTS)
    carts = parser.parse_args().carts
    found = Report("loyalty_calculate")
    for size in SIZES:
        for name, kinds in (("usual", USUAL), ("hostile", HOSTILE)):
            measure(found, name, size, kinds, carts)
    found.print()


if __name__ == "__main__":
    main()
