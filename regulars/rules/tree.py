"""A rule as data: one frozen class per kind of node, joined in unions.

Values stay as they were written (a duration is the text "90d"), so that a rule
goes back to JSON without loss; `windows` and the executors give them meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ConsentState = Literal["given", "withdrawn", "never"]
FigureFunction = Literal["sum", "avg", "min", "max", "distinct"]
Which = Literal["last", "first"]
Scalar = str | int | float | bool
Value = Scalar | tuple[Scalar, ...] | None


@dataclass(frozen=True, slots=True)
class Test:
    """An operator and what it compares with: gte 2, in ("Kyiv", "Lviv"), set."""

    __test__ = False  # pytest must not collect it

    op: str
    value: Value = None


@dataclass(frozen=True, slots=True)
class Last:
    """(now - duration, now]"""

    duration: str


@dataclass(frozen=True, slots=True)
class FromTo:
    """[start, end) of days in the workspace's zone, or of instants; one side may be open."""

    start: str | None
    end: str | None


@dataclass(frozen=True, slots=True)
class BeforeLast:
    """Up to and including now - duration."""

    duration: str


@dataclass(frozen=True, slots=True)
class This:
    """The calendar unit that now falls in, as far as it has passed."""

    unit: str


@dataclass(frozen=True, slots=True)
class Previous:
    """The whole calendar unit before this one."""

    unit: str


@dataclass(frozen=True, slots=True)
class BetweenAgo:
    """(now - far, now - near]"""

    far: str
    near: str


Window = Last | FromTo | BeforeLast | This | Previous | BetweenAgo


@dataclass(frozen=True, slots=True)
class PropFilter:
    """A test of one property of the event, or of one column of an order line."""

    prop: str
    test: Test


@dataclass(frozen=True, slots=True)
class LineFilter:
    """Holds when one line of the event's order satisfies all of the filters."""

    filters: tuple[PropFilter, ...]


Filter = PropFilter | LineFilter


@dataclass(frozen=True, slots=True)
class Count:
    """How many events."""

    test: Test


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure over one property of the events; distinct counts different values."""

    function: FigureFunction
    prop: str
    test: Test


Measure = Count | Figure


@dataclass(frozen=True, slots=True)
class Everyone:
    """All of the parts hold; no parts: everyone."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Any of the parts holds; no parts: nobody."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Exactly everyone else."""

    part: Node


@dataclass(frozen=True, slots=True)
class FactIs:
    """A declared fact, or a customer.attr.NAME, passes a test."""

    fact: str
    test: Test


@dataclass(frozen=True, slots=True)
class Did:
    """Events of one kind, counted or summed; without a measure: at least one."""

    kind: str
    where: tuple[Filter, ...] = ()
    measure: Measure | None = None
    within: Window | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """A property of the last or the first of the events passes; no such event: false."""

    which: Which
    kind: str
    prop: str
    test: Test
    where: tuple[Filter, ...] = ()
    within: Window | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """How long ago the last or the first of the events was; no such event: false."""

    which: Which
    kind: str
    op: str
    duration: str


@dataclass(frozen=True, slots=True)
class Overdue:
    """The last event is longer ago than so many of the customer's own median gaps."""

    kind: str
    times: int | float


@dataclass(frozen=True, slots=True)
class Funnel:
    """Steps one strictly after another, all within a duration from the first.

    steps    bare conditions on events: kind and filters
    within   when the first step may have happened
    reached  a test of how many steps the best attempt reached; None: all of them
    """

    steps: tuple[Did, ...]
    duration: str
    within: Window | None = None
    reached: Test | None = None


@dataclass(frozen=True, slots=True)
class ConsentIs:
    """What the customer said about one channel and purpose, and when."""

    channel: str
    purpose: str
    state: ConsentState
    within: Window | None = None


@dataclass(frozen=True, slots=True)
class Reachable:
    """Consent for marketing, no pause, an address that is not suppressed."""

    channel: str


@dataclass(frozen=True, slots=True)
class InSegment:
    """The customer is in another saved segment at the same instant."""

    segment: str


@dataclass(frozen=True, slots=True)
class InList:
    """The customer stands in an uploaded list, perhaps added to it in a window."""

    name: str
    within: Window | None = None


@dataclass(frozen=True, slots=True)
class Near:
    """The customer's place is at most so many kilometres from a point; unknown: false."""

    lat: int | float
    lon: int | float
    km: int | float


@dataclass(frozen=True, slots=True)
class Share:
    """The customer's stable place in [0, 1) for the salt falls in [start, end)."""

    salt: str
    start: float
    end: float
    # True when the rule was written as {"of": end}, so that it is written back so.
    is_of: bool = False


Leaf = (
    FactIs
    | Did
    | Edge
    | Gap
    | Overdue
    | Funnel
    | ConsentIs
    | Reachable
    | InSegment
    | InList
    | Near
    | Share
)
Node = Everyone | Either | Not | Leaf


@dataclass(frozen=True, slots=True)
class Rule:
    """Version 1 of the language: one tree."""

    where: Node
