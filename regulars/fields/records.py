"""The shapes of the dictionary that other rooms see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from regulars.fields.pure.types import Settled, settle

# The kind of a field that is an attribute of customers.
CUSTOMER = ""


@dataclass(frozen=True, slots=True)
class FieldRecord:
    """An attribute, a kind of events or one of its properties.

    kind           "" for attributes of customers, else the kind of the events
    name           "" for the kind itself
    declared_type  what a person decided, "" when nobody did
    types          seen type → how many values had it
    """

    kind: str
    name: str
    label: str
    description: str
    is_hidden: bool
    is_made: bool
    declared_type: str
    types: Mapping[str, int]
    first_at: datetime | None
    last_at: datetime | None

    @property
    def title(self) -> str:
        """What people read: the label, else the name it comes with."""
        return self.label or self.name or self.kind

    @property
    def settled(self) -> Settled:
        """What rules and screens take its values for."""
        return settle(self.types, self.declared_type)

    @property
    def seen(self) -> int:
        """How many values came."""
        return sum(self.types.values())


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What a person says about a field; the type "" leaves it to the data."""

    label: str = ""
    description: str = ""
    is_hidden: bool = False
    declared_type: str = ""
