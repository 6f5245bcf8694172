"""Scales, ticks, number writing and small marks that several charts share."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from babel.numbers import format_compact_decimal
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from regulars.kernel.money import minor_digits
from regulars.web import format as written

TICKS_AIM = 4
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
SCALE_FROM = 10_000
Write = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Axis:
    """Ticks of a value axis, how they are written, and the unit they are all in."""

    low: float
    high: float
    ticks: tuple[float, ...]
    unit: str
    divisor: float
    is_share: bool

    def text(self, tick: float) -> str:
        """A tick as written beside the axis, in the unit of the axis."""
        step = self.ticks[1] - self.ticks[0] if len(self.ticks) > 1 else 1
        if self.is_share:
            return written.percent(tick, 0 if step * 100 >= 1 else 1)
        digits = 0 if step / self.divisor >= 1 else (1 if step / self.divisor >= 0.1 else 2)
        return written.decimal(tick / self.divisor, digits)

    def place(self, value: float) -> float:
        """Where the value lies between the ends of the axis: 0 low, 1 high."""
        span = self.high - self.low
        return (value - self.low) / span if span else 0.0


def axis_for(values: Iterable[float], form: str, *, aim: int = TICKS_AIM) -> Axis:
    """An axis from zero (or below it) that holds all the values on round ticks."""
    known = [value for value in values if value is not None]
    low, high = min([0.0, *known]), max([0.0, *known])
    if low == high:
        high = 1.0 if form == "percent" else 10.0 ** _minor_digits(form) * aim
    step = _round_step((high - low) / aim)
    first, last = math.floor(low / step), math.ceil(high / step)
    ticks = tuple(index * step for index in range(first, last + 1))
    unit, divisor = _unit(max(abs(ticks[0]), abs(ticks[-1])), form)
    return Axis(ticks[0], ticks[-1], ticks, unit, divisor, form == "percent")


def writer(form: str) -> Write:
    """How the chart's format writes one value: number, decimal, percent, money:GBP."""
    if form.startswith("money:"):
        currency = form.partition(":")[2]
        return lambda value: written.money_whole(value, currency)
    plain: dict[str, Write] = {
        "number": written.number,
        "decimal": written.decimal,
        "percent": written.percent,
    }
    return plain[form]


def px(value: float) -> str:
    """A pixel or per cent number for an attribute, without a useless tail."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def joined(pieces: Iterable[SafeString]) -> SafeString:
    """Pieces of markup one after another."""
    return mark_safe("".join(pieces))  # noqa: S308 - every piece is safe already


def path_points(values: Sequence[float | None], axis: Axis, height: float) -> str:
    """An SVG path over bands of equal width in a drawing 100 wide; gaps where None."""
    band = 100 / max(len(values), 1)
    commands, is_down = [], False
    for index, value in enumerate(values):
        if value is None:
            is_down = False
            continue
        x, y = band * (index + 0.5), height * (1 - axis.place(value))
        commands.append(f"{'L' if is_down else 'M'}{px(x)} {px(y)}")
        is_down = True
    return "".join(commands)


def meter(share: float, tone: str = "") -> SafeString:
    """A thin bar filled to a share 0..1."""
    width = px(100 * min(max(share or 0, 0), 1))
    return format_html(
        '<svg class="meter {}" width="100%" height="8" aria-hidden="true">'
        '<rect class="track" width="100%" height="8" rx="4"/>'
        '<rect class="fill" width="{}%" height="8" rx="4"/></svg>',
        tone, width,
    )  # fmt: skip


def heat_class(value: float, top: float) -> str:
    """One of ten classes of colour, h0 for nothing and h9 for the top."""
    return f"h{min(9, int(10 * value / top))}" if top > 0 else "h0"


def _round_step(rough: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(rough))
    return magnitude * next(step for step in STEPS if step * magnitude >= rough * 0.999)


def _minor_digits(form: str) -> int:
    return minor_digits(form.partition(":")[2]) if form.startswith("money:") else 0


def _unit(top: float, form: str) -> tuple[str, float]:
    """The unit written once above the axis, and what a value is divided by."""
    if form == "percent":
        return "", 1.0
    coin = 10.0 ** _minor_digits(form)
    sign = written.sign(form.partition(":")[2]) if form.startswith("money:") else ""
    amount, scale = top / coin, 1.0
    while amount / scale >= SCALE_FROM:
        scale *= 1000
    word = _scale_word(scale) if scale > 1 else ""
    is_sign_first = written.locale().currency_formats["standard"].pattern.startswith("¤")
    parts = (sign, word) if is_sign_first else (word, sign)
    return " ".join(part for part in parts if part), coin * scale


def _scale_word(scale: float) -> str:
    """The locale's own word for thousand, million …, without its number."""
    kind: Literal["short", "long"] = "long" if written.locale().language == "en" else "short"
    text = format_compact_decimal(5 * scale, format_type=kind, locale=written.locale())
    return text.lstrip("0123456789.,\u00a0\u202f ")
