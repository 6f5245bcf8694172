"""Reads of webhooks and their deliveries, and of files of audiences."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from regulars.customers import queries as customers
from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.outside.vault import SecretUnreadable, open_secret
from regulars.segments.models import AudienceFile, Delivery, Hook
from regulars.segments.records import (
    AUDIENCES_SHOWN_MAX,
    DELIVERIES_SHOWN_MAX,
    AudienceFileRecord,
    DeliveryRecord,
    HookRecord,
    Use,
    Used,
)


def hook_row(workspace_id: int, public_id: str) -> Hook:
    """The row of this public id. raises NotFound(hook_unknown)"""
    row = Hook.objects.filter(workspace_id=workspace_id, public_id=public_id).first()
    if row is None:
        raise NotFound("hook_unknown", "There is no such webhook.")
    return row


def hook_of(row: Hook, waiting: int = 0) -> HookRecord:
    """What leaves the room of a hook: all but its secret."""
    return HookRecord(
        id=row.id,
        public_id=row.public_id,
        segment_id=row.segment_id,
        url=row.url,
        on_entry=row.on_entry,
        on_exit=row.on_exit,
        state=row.state,
        reason=row.reason,
        created_by=row.created_by,
        created_at=row.created_at,
        waiting=waiting,
        former_until=_former_until(row),
    )


def _former_until(row: Hook) -> datetime | None:
    until: datetime | None = row.former_until
    return until if row.former_secret and until is not None and until > clock.now() else None


def hook(workspace_id: int, public_id: str) -> HookRecord:
    """One webhook. raises NotFound(hook_unknown)"""
    row = hook_row(workspace_id, public_id)
    return hook_of(row, _waiting(workspace_id, row.id))


def hook_by_id(workspace_id: int, hook_id: int) -> HookRecord | None:
    """The webhook of this id, None when it was removed meanwhile."""
    row = Hook.objects.filter(workspace_id=workspace_id, id=hook_id).first()
    return hook_of(row) if row is not None else None


def secret_of_hook(workspace_id: int, public_id: str) -> str:
    """The secret in the clear, for signing and for who may see it. raises Invalid, NotFound"""
    return open_secret(hook_row(workspace_id, public_id).secret)


def signing_secrets(workspace_id: int, public_id: str) -> list[str]:
    """The secrets that sign now: the present one, and for a while the one before.

    raises  Invalid when the present one cannot be read, NotFound
    """
    row = hook_row(workspace_id, public_id)
    found = [open_secret(row.secret)]
    if _former_until(row) is not None:
        # The present one is enough where the key of the installation was changed in between.
        with suppress(SecretUnreadable):
            found.append(open_secret(row.former_secret))
    return [one for one in found if one]


def hooks(workspace_id: int, segment_id: int) -> list[HookRecord]:
    """The webhooks of a segment, oldest first."""
    rows = Hook.objects.filter(workspace_id=workspace_id, segment_id=segment_id).order_by("id")
    return [hook_of(row, _waiting(workspace_id, row.id)) for row in rows]


def deliveries(workspace_id: int, public_id: str) -> list[DeliveryRecord]:
    """The newest messages to the hook. raises NotFound(hook_unknown)"""
    row = hook_row(workspace_id, public_id)
    rows = Delivery.objects.filter(workspace_id=workspace_id, hook_id=row.id).order_by("-id")
    return [_delivery(one) for one in rows[:DELIVERIES_SHOWN_MAX]]


def next_delivery(workspace_id: int, hook_id: int) -> tuple[DeliveryRecord, list[int]] | None:
    """The oldest message that waits, with whom it is about: nothing overtakes it."""
    row = (
        Delivery.objects.filter(workspace_id=workspace_id, hook_id=hook_id, state="waiting")
        .order_by("id")
        .first()
    )
    return (_delivery(row), list(row.customer_ids)) if row is not None else None


def told_of(workspace_id: int, delivery_id: int) -> dict[str, object]:
    """What the message says besides whom it is about."""
    row = Delivery.objects.filter(workspace_id=workspace_id, id=delivery_id).first()
    return dict(row.more) if row is not None else {}


def people_told(workspace_id: int, customer_ids: list[int]) -> list[dict[str, str | None]]:
    """Customers as a webhook names them: by ids alone, no contacts; erased ones are left out."""
    found = customers.profiles(workspace_id, customer_ids)
    return [
        {"id": found[one].public_id, "external_id": found[one].external_id}
        for one in customer_ids
        if one in found
    ]


def due_hooks(now: datetime, most: int) -> list[tuple[int, int]]:
    """(workspace id, hook id) of hooks with messages that are due. Engine only."""
    rows = (
        Delivery.objects.filter(state="waiting", next_at__lte=now)
        .order_by("hook_id")
        .values_list("workspace_id", "hook_id")
        .distinct()[:most]
    )
    return list(rows)


def audience_files(workspace_id: int, segment_id: int) -> list[AudienceFileRecord]:
    """The newest files of hashed contacts of the segment."""
    rows = AudienceFile.objects.filter(workspace_id=workspace_id, segment_id=segment_id)
    return [audience_of(row) for row in rows.order_by("-id")[:AUDIENCES_SHOWN_MAX]]


def audience_file(workspace_id: int, name: str | int) -> AudienceFileRecord:
    """The file of this public id or id. raises NotFound(file_gone)"""
    field = "public_id" if isinstance(name, str) else "id"
    row = AudienceFile.objects.filter(workspace_id=workspace_id, **{field: name}).first()
    if row is None:
        raise NotFound("file_gone", "There is no such file.")
    return audience_of(row)


def audience_of(row: AudienceFile) -> AudienceFileRecord:
    """What leaves the room of a file."""
    names = AudienceFileRecord.__dataclass_fields__
    return AudienceFileRecord(**{name: getattr(row, name) for name in names})


def uses_of_hooks(workspace_id: int, used: Used) -> list[Use]:
    """Webhooks that tell of the segment."""
    if used.kind != "segment":
        return []
    return [Use("webhook", one.public_id, one.url) for one in hooks(workspace_id, used.id)]


def _waiting(workspace_id: int, hook_id: int) -> int:
    rows = Delivery.objects.filter(workspace_id=workspace_id, hook_id=hook_id, state="waiting")
    return rows.count()


def _delivery(row: Delivery) -> DeliveryRecord:
    return DeliveryRecord(
        id=row.id,
        message_id=row.message_id,
        kind=row.kind,
        at=row.at,
        customers=len(row.customer_ids),
        state=row.state,
        attempts=row.attempts,
        next_at=row.next_at,
        status=row.status,
        error=row.error,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
