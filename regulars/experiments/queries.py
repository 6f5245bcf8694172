"""Reads of experiments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from regulars.experiments.records import ArmName, ArmSizes
from regulars.store.scope import cursor


def arms_of(workspace_id: int, experiment: str, customer_ids: Sequence[int]) -> dict[int, ArmName]:
    """The arm of each of these customers who has one."""
    raw = cursor()
    raw.execute(
        "SELECT customer_id, arm FROM experiments_assignment"
        " WHERE workspace_id = %s AND experiment = %s AND customer_id = ANY(%s::bigint[])",
        [workspace_id, experiment, list(customer_ids)],
    )
    return {customer_id: ArmName(arm) for customer_id, arm in raw.fetchall()}


def arm_sizes(workspace_id: int, experiment: str) -> ArmSizes:
    """How many customers were put into each arm."""
    raw = cursor()
    raw.execute(
        "SELECT arm, count(*) FROM experiments_assignment"
        " WHERE workspace_id = %s AND experiment = %s GROUP BY arm",
        [workspace_id, experiment],
    )
    counts = dict(raw.fetchall())
    return ArmSizes(
        contacted=counts.get(ArmName.CONTACTED.value, 0),
        control=counts.get(ArmName.CONTROL.value, 0),
    )


def customers_of_arm(
    workspace_id: int, experiment: str, arm: ArmName, *, after_id: int = 0, limit: int = 50
) -> list[tuple[int, int, datetime]]:
    """Customers of one arm, a page at a time: key of the row, customer, when they were assigned.

    after_id  key of the last row already seen
    """
    raw = cursor()
    raw.execute(
        "SELECT id, customer_id, at FROM experiments_assignment"
        " WHERE workspace_id = %s AND experiment = %s AND arm = %s AND id > %s"
        " ORDER BY id LIMIT %s",
        [workspace_id, experiment, arm.value, after_id, limit],
    )
    return [(key, customer_id, at) for key, customer_id, at in raw.fetchall()]


def experiments_of(workspace_id: int, customer_id: int) -> list[tuple[str, ArmName]]:
    """Experiments the customer takes part in, newest first."""
    raw = cursor()
    raw.execute(
        "SELECT experiment, arm FROM experiments_assignment"
        " WHERE workspace_id = %s AND customer_id = %s ORDER BY at DESC, id DESC",
        [workspace_id, customer_id],
    )
    return [(experiment, ArmName(arm)) for experiment, arm in raw.fetchall()]
