"""What a room says about each of its tables that may hold something of a person.

From these lines follow the export of one person and their erasure; a test walks all tables and
fails when one is neither traced nor named with a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class Fate(StrEnum):
    """What erasing does with the rows of a person."""

    DELETE = "delete"
    EMPTY = "empty"
    KEEP = "keep"


@dataclass(frozen=True)
class Person:
    """Somebody with all ids they have or had, and everything they are known by.

    ids          of the customer and of everybody merged into them; the root is the first
    public_ids   in the order of ids
    identifiers  (kind, value), also those that only stand in the profile
    """

    workspace_id: int
    ids: tuple[int, ...]
    public_ids: tuple[str, ...]
    identifiers: tuple[tuple[str, str], ...]

    def known_by(self, *kinds: str) -> tuple[str, ...]:
        """The values of these kinds."""
        return tuple(value for kind, value in self.identifiers if kind in kinds)

    @cached_property
    def values(self) -> dict[str, object]:
        """What conditions of traces may name."""
        return {
            "workspace": self.workspace_id,
            "ids": list(self.ids),
            "public_ids": list(self.public_ids),
            "emails": list(self.known_by("email")),
            "visitors": list(self.known_by("anonymous", "device")),
        }


@dataclass(frozen=True, slots=True)
class Trace:
    """Rows of one table that are about a person.

    mine    SQL condition over the table with %(ids)s, %(public_ids)s, %(emails)s, %(visitors)s,
            %(workspace)s; the workspace itself is asked for in any case
    text    instead of `mine`: an SQL expression of a row's text (text or bytea), which is looked
            through for identifiers; for what came from outside and belongs to nobody yet
    file    name of the file in the export; empty when the rows are not given, with `reason`
    hidden  columns that are not given: ours alone, or of other people
    fate    what erasing does; EMPTY writes `sets`, KEEP needs `reason`
    select  instead of the plain row: a select of one jsonb column `row` under the same names
    key     the number by which rows are given page by page; empty where a person has few and
            none has a number, they are given at once
    """

    table: str
    mine: str = ""
    text: str = ""
    file: str = ""
    hidden: tuple[str, ...] = ()
    fate: Fate = Fate.DELETE
    sets: str = ""
    select: str = ""
    key: str = "id"
    reason: str = ""

    def __post_init__(self) -> None:
        assert bool(self.mine) != bool(self.text), f"{self.table}: either mine or text"
        assert (self.fate is Fate.EMPTY) == bool(self.sets), f"{self.table}: sets go with EMPTY"
        assert self.file or self.reason or self.text, f"{self.table}: say why it is not given"


# Work that no statement does: files, cancelling, keeping a proof. It is given the person and
# answers with counts by name; doing it again finds nothing left to do.
Step = Callable[[Person], Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Traces:
    """Everything one room says.

    before  steps at the moment the erasure is asked for, in its transaction
    rows    traces in the order in which they are erased
    files   steps after the rows that belong to nobody yet, before those of the customer
    late    steps once more when the customer is gone: for files that were being written meanwhile
    last    traces that everything else is found by, erased together at the end
    none    tables of the room that hold nothing of a customer, each with its reason
    """

    rows: tuple[Trace, ...] = ()
    last: tuple[Trace, ...] = ()
    before: tuple[Step, ...] = ()
    files: tuple[Step, ...] = ()
    late: tuple[Step, ...] = ()
    none: Mapping[str, str] | None = None
