"""Addresses that take no more letters, as letters found out."""

from __future__ import annotations

from datetime import datetime

from regulars.customers import actions as customers
from regulars.customers import queries as customer_queries

CHANNEL = "email"


def suppress_receiver(
    workspace_id: int, customer_id: int, address_hash: bytes | None, *, reason: str, at: datetime
) -> None:
    """Suppress the address a letter was written to, which may not be the customer's any more.

    address_hash  None for letters that did not keep it; then the address of today is meant
    """
    profile = customer_queries.profiles(workspace_id, [customer_id]).get(customer_id)
    own_hash = None
    if profile is not None and profile.email:
        (own_hash,) = customer_queries.address_hashes(
            workspace_id, [profile.email], channel=CHANNEL
        )
    written_to = address_hash or own_hash
    if written_to is None:
        return
    customers.suppress(
        workspace_id,
        channel=CHANNEL,
        address_hash=written_to,
        customer_id=customer_id if written_to == own_hash else None,
        past_owner_id=customer_id,
        reason=reason,
        at=at,
    )
