"""Whether the customer somebody wants to write about is there."""

from __future__ import annotations

from regulars.kernel.errors import NotFound
from regulars.store.scope import cursor


def customer_there(workspace_id: int, customer_id: int) -> None:
    """Nothing when the customer lives in the workspace. raises NotFound(customer_unknown)"""
    raw = cursor()
    raw.execute(
        "SELECT 1 FROM customers_customer WHERE workspace_id = %s AND id = %s",
        [workspace_id, customer_id],
    )
    if raw.fetchone() is None:
        raise NotFound("customer_unknown", "There is no such customer.")


def public_id(workspace_id: int, customer_id: int) -> str:
    """How others know the customer; empty when there is none."""
    raw = cursor()
    raw.execute(
        "SELECT public_id FROM customers_customer WHERE workspace_id = %s AND id = %s",
        [workspace_id, customer_id],
    )
    row = raw.fetchone()
    return "" if row is None else str(row[0])
