"""What other rooms may know about experiments."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ArmName(StrEnum):
    """The two sides of an experiment."""

    CONTACTED = "contacted"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Arms:
    """Customers by the arm they are in, each in the order they were asked for."""

    contacted: tuple[int, ...]
    control: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ArmSizes:
    """How many customers stand in each arm."""

    contacted: int
    control: int


def experiment_of_campaign(campaign_id: int) -> str:
    """The name under which a campaign's control group is kept."""
    return f"campaign:{campaign_id}"
