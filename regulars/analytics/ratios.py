"""A rate that remembers what it is a rate of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ratio:
    """A numerator and a denominator of the same report, kept so that rates can be added up."""

    numerator: float
    denominator: float

    @property
    def value(self) -> float | None:
        """The quotient; nothing over nothing is unknown, never zero."""
        return self.numerator / self.denominator if self.denominator else None

    def __add__(self, other: Ratio) -> Ratio:
        """The rate of both groups together."""
        return Ratio(self.numerator + other.numerator, self.denominator + other.denominator)
