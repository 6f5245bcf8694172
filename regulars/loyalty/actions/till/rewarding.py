"""What a sale gives besides points: codes for the next time, and tiers."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from regulars.kernel.errors import RegularsError
from regulars.loyalty.actions import codes, tiers
from regulars.loyalty.pure.answers import Answer

NOT_ISSUED = "code_not_issued"
NO_TIER = "tier_not_given"


def reward(
    workspace_id: int,
    purchase_id: str,
    member_id: int | None,
    customer_id: int | None,
    answer: Answer,
    now: datetime,
) -> tuple[list[str], tuple[str, ...]]:
    """Codes to print on the receipt, and flags of what could not be given.

    The sale stands whatever becomes of its rewards: codes may have run out since.
    """
    if member_id is None or customer_id is None:
        return [], ()
    shown: list[str] = []
    flags: dict[str, None] = {}
    for one in answer.issued_codes:
        for number in range(one.quantity):
            key = f"purchase:{purchase_id}:{one.promotion_id}:{number}"
            try:
                with transaction.atomic():
                    source = one.from_promotion or one.promotion_id
                    shown.append(codes.issue_code(workspace_id, source, customer_id, key))
            except RegularsError:
                flags[NOT_ISSUED] = None
    for tier in answer.tiers_set:
        until = now + timedelta(days=tier.days) if tier.days else None
        try:
            with transaction.atomic():
                tiers.give_tier(workspace_id, member_id, tier.tier, until, now)
        except RegularsError:
            flags[NO_TIER] = None
    return shown, tuple(flags)
