"""A rule while somebody is building it: everything as typed, perhaps not complete yet."""

from __future__ import annotations

from dataclasses import dataclass

ANY_FAMILIES = ("text", "number", "bool", "moment", "list")


@dataclass(frozen=True, slots=True)
class TestDraft:
    """An operator and what stands beside it.

    op  family and operator: "number.gte", "any.set"
    a   the value; the lower one; one value a line; or the amount of a duration
    b   the higher value, or the unit of a duration
    """

    __test__ = False  # pytest must not collect it

    op: str = ""
    a: str = ""
    b: str = ""

    @property
    def family(self) -> str:
        """What kind of value it speaks about."""
        return self.op.partition(".")[0]

    @property
    def operator(self) -> str:
        """The operator as the language writes it."""
        return self.op.partition(".")[2]


@dataclass(frozen=True, slots=True)
class WindowDraft:
    """kind is "" for all time, else last, before_last, this, previous, between_ago, from_to."""

    kind: str = ""
    a: str = ""
    a_unit: str = "d"
    b: str = ""
    b_unit: str = "d"


@dataclass(frozen=True, slots=True)
class FilterDraft:
    """A test of one property."""

    prop: str = ""
    test: TestDraft = TestDraft()


@dataclass(frozen=True, slots=True)
class LineDraft:
    """Tests that one line of the order passes together."""

    filters: tuple[FilterDraft, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupDraft:
    """op is "all" or "any"."""

    op: str = "all"
    parts: tuple[NodeDraft, ...] = ()
    is_not: bool = False


@dataclass(frozen=True, slots=True)
class FactDraft:
    """Who they are."""

    fact: str = ""
    test: TestDraft = TestDraft()
    is_not: bool = False


@dataclass(frozen=True, slots=True)
class DidDraft:
    """What they did; measure is "" (at least once), "count" or a figure: "sum", "avg" …"""

    event: str = ""
    where: tuple[FilterDraft | LineDraft, ...] = ()
    measure: str = ""
    of: str = ""
    test: TestDraft = TestDraft()
    window: WindowDraft = WindowDraft()
    is_not: bool = False


@dataclass(frozen=True, slots=True)
class EdgeDraft:
    """A property of the last or the first time they did something."""

    which: str = "last"
    event: str = ""
    prop: str = ""
    test: TestDraft = TestDraft()
    where: tuple[FilterDraft | LineDraft, ...] = ()
    window: WindowDraft = WindowDraft()
    is_not: bool = False


@dataclass(frozen=True, slots=True)
class GapDraft:
    """How long ago the last or the first time was."""

    which: str = "last"
    event: str = ""
    op: str = "gte"
    amount: str = ""
    unit: str = "d"
    is_not: bool = False


@dataclass(frozen=True, slots=True)
class OverdueDraft:
    """Longer ago than so many of the customer's own usual gaps."""

    event: str = ""
    times: str = ""
    is_not: bool = False


@dataclass(frozen=True, slots=True)
class StepDraft:
    """One step of a funnel."""

    event: str = ""
    where: tuple[FilterDraft | LineDraft, ...] = ()


@dataclass(frozen=True, slots=True)
class FunnelDraft:
    """Steps one after another; reached is "" (all of them), "eq" or "gte" so many."""

    steps: tuple[StepDraft, ...] = ()
    amount: str = ""
    unit: str = "d"
    window: WindowDraft = WindowDraft()
    reached: str = ""
    reached_steps: str = ""
    is_not: bool = False


@dataclass(frozen=True, slots=True)
class ListDraft:
    """In a static list, by its slug, perhaps added to it in a window."""

    list: str = ""
    window: WindowDraft = WindowDraft()
    is_not: bool = False


@dataclass(frozen=True, slots=True)
class NearDraft:
    """Within so many kilometres of a point."""

    lat: str = ""
    lon: str = ""
    km: str = ""
    is_not: bool = False


@dataclass(frozen=True, slots=True)
class ConsentDraft:
    """What they agreed to."""

    channel: str = "email"
    purpose: str = "marketing"
    state: str = "given"
    window: WindowDraft = WindowDraft()
    is_not: bool = False


@dataclass(frozen=True, slots=True)
class ReachableDraft:
    """Whom a message of the channel may reach."""

    channel: str = "email"
    is_not: bool = False


@dataclass(frozen=True, slots=True)
class SegmentDraft:
    """Another segment, by its slug."""

    segment: str = ""
    is_not: bool = False


@dataclass(frozen=True, slots=True)
class ShareDraft:
    """A stable part of everyone, in percent; is_of: from the beginning."""

    salt: str = ""
    start: str = "0"
    end: str = ""
    is_of: bool = True
    is_not: bool = False


@dataclass(frozen=True, slots=True)
class RawDraft:
    """A condition or a group that no controls can show, in the text form or as JSON."""

    text: str = ""
    is_not: bool = False


LeafDraft = (
    FactDraft
    | DidDraft
    | EdgeDraft
    | GapDraft
    | OverdueDraft
    | FunnelDraft
    | ConsentDraft
    | ReachableDraft
    | SegmentDraft
    | ListDraft
    | NearDraft
    | ShareDraft
    | RawDraft
)
NodeDraft = GroupDraft | LeafDraft
