"""Writes of experiments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from regulars.experiments import queries
from regulars.experiments.records import ArmName, Arms
from regulars.kernel.errors import Invalid
from regulars.kernel.shares import share_of
from regulars.store.scope import cursor

# About a second of one transaction; larger audiences come in batches.
ASSIGN_CUSTOMERS_MAX = 50_000


def assign(
    workspace_id: int,
    experiment: str,
    customer_ids: Sequence[int],
    *,
    share: float,
    salt: str,
    at: datetime,
) -> Arms:
    """Put each customer into an arm, once for ever; asking again gives the first answer.

    share   part to hold back as the control arm, 0 ≤ share < 1
    salt    decides who is held back: the same salt holds back the same customers
    at      when the experiment began for them; the reading's window opens here
    raises  Invalid
    """
    _check(customer_ids, share)
    arms = [
        ArmName.CONTROL.value if share_of(customer_id, salt) < share else ArmName.CONTACTED.value
        for customer_id in customer_ids
    ]
    # Sorted, so that two writers of the same customers wait for each other instead of locking up.
    rows = sorted(dict(zip(customer_ids, arms, strict=True)).items())
    cursor().execute(
        "INSERT INTO experiments_assignment (workspace_id, experiment, customer_id, arm, at)"
        " SELECT %s, %s, customer_id, arm, %s"
        " FROM unnest(%s::bigint[], %s::text[]) AS given (customer_id, arm)"
        " ON CONFLICT (workspace_id, experiment, customer_id) DO NOTHING",
        [
            workspace_id,
            experiment,
            at,
            [customer_id for customer_id, _ in rows],
            [arm for _, arm in rows],
        ],
    )
    kept = queries.arms_of(workspace_id, experiment, customer_ids)
    return _split(customer_ids, kept)


def _check(customer_ids: Sequence[int], share: float) -> None:
    if not 0 <= share < 1:
        raise Invalid(
            "control_share_invalid", "The control group is a share from 0 to below 1.", share=share
        )
    if len(customer_ids) > ASSIGN_CUSTOMERS_MAX:
        raise Invalid(
            "assignment_too_large",
            f"Assign at most {ASSIGN_CUSTOMERS_MAX} customers at a time.",
            customers=len(customer_ids),
        )


def _split(customer_ids: Sequence[int], kept: dict[int, ArmName]) -> Arms:
    once = dict.fromkeys(customer_ids)
    return Arms(
        contacted=tuple(i for i in once if kept[i] is ArmName.CONTACTED),
        control=tuple(i for i in once if kept[i] is ArmName.CONTROL),
    )
