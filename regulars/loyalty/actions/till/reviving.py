"""A confirmation that comes after its hold ran out: take again what can still be had."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from regulars.kernel.errors import Conflict, RegularsError
from regulars.loyalty.actions import budgets, codes, gift_cards
from regulars.loyalty.actions.ledger import lock_members
from regulars.loyalty.actions.till import moving
from regulars.loyalty.pure import late
from regulars.loyalty.pure.answers import Answer
from regulars.loyalty.pure.states import State
from regulars.loyalty.queries.members import now_of
from regulars.loyalty.till_records import PurchaseRecord

# A space stands in no id, so that no other purchase has this key.
LATE = " late"


def revive(
    workspace_id: int, there: PurchaseRecord, now: datetime
) -> tuple[Answer, str | None, tuple[str, ...]]:
    """The answer as far as it can be kept, the hold of its points, and flags of what was lost.

    Until the job has seen to it the points and limits are still kept; codes and gift money may
    have gone to somebody else. What cannot be had is left, and the sale stands.
    """
    answer = there.answer
    assert answer is not None
    is_kept = there.state is State.HELD
    # Whoever was merged since: points and codes are looked for where they stand now.
    member_id = None if there.member_id is None else now_of(workspace_id, there.member_id)
    if member_id is not None:
        lock_members(workspace_id, [member_id], now)
    lost: dict[str, bool] = {}
    hold_key: str | None = moving.hold_key(there.purchase_id)
    if answer.uses:
        take = budgets.settle if is_kept else budgets.take
        lost["limits"] = not _can(lambda: take(workspace_id, answer.uses))
    if answer.burn is not None and answer.burn.points and not is_kept:
        hold_key = moving.hold_key(there.purchase_id) + LATE
        lost["points"] = not _can(
            lambda: moving.hold_points(
                workspace_id, there.purchase_id, member_id, answer, now=now, suffix=LATE
            )
        )
    used = moving.codes_of(answer)
    if used:
        lost["codes"] = not _can(lambda: _codes(workspace_id, there, member_id, used, now))
    if answer.gifts:
        lost["gifts"] = not _can(lambda: _gifts(workspace_id, there, answer, now))
        if lost["gifts"]:
            gift_cards.release_gift(workspace_id, there.purchase_id)
    flags = ("late", *_flags(lost))
    if not any(lost.values()):
        return answer, hold_key, flags
    found = late.without(answer, **{name: is_lost for name, is_lost in lost.items() if is_lost})
    return found, hold_key if found.burn else None, flags


def _can(take: Callable[[], object]) -> bool:
    """Whether it could be taken; else nothing of it was."""
    try:
        with transaction.atomic():
            take()
    except RegularsError as error:
        if isinstance(error, Conflict) and error.code == "idempotency_mismatch":
            raise
        return False
    return True


def _codes(
    workspace_id: int,
    there: PurchaseRecord,
    member_id: int | None,
    used: list[str],
    now: datetime,
) -> None:
    codes.reserve_codes(workspace_id, used, there.purchase_id, member_id, now)
    codes.settle_codes(workspace_id, there.purchase_id)


def _gifts(workspace_id: int, there: PurchaseRecord, answer: Answer, now: datetime) -> None:
    """Money still kept is taken as it was promised, whatever the certificate's day; else anew."""
    parts = [(one.code, one.amount_minor) for one in answer.gifts]
    if gift_cards.settle_gift(workspace_id, there.purchase_id) < sum(n for _, n in parts):
        gift_cards.reserve_gift(workspace_id, parts, there.purchase_id, now)
        gift_cards.settle_gift(workspace_id, there.purchase_id)


def _flags(lost: dict[str, bool]) -> tuple[str, ...]:
    flags: list[str] = []
    if lost.get("points") or lost.get("gifts"):
        flags.append(late.LOST)
    if lost.get("codes"):
        flags.append("code_lost")
    if lost.get("limits"):
        flags.append("limit_lost")
    return tuple(flags)
