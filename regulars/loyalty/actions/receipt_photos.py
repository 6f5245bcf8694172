"""Photos of receipts that members send themselves: each is one entrance, and kept only as one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from django.db import transaction

from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid
from regulars.loyalty import photos
from regulars.loyalty.actions import activities as actions
from regulars.loyalty.models.rewards import Entrance
from regulars.loyalty.pure.terms import midnight
from regulars.loyalty.queries import activities as queries
from regulars.loyalty.queries import members
from regulars.loyalty.reward_records import PHOTOS_A_DAY_MAX, EntranceRecord, LimitReached
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces


def send_photo(workspace_id: int, public_id: str, member_id: int, raw: bytes) -> EntranceRecord:
    """The member takes part with a photo, which waits for a person; the same photo is one entrance.

    raises  NotFound(activity_unknown), Conflict(receipt_taken | photo_rejected),
            Invalid(entry_invalid | photo_invalid | photo_too_large),
            LimitReached(photos_too_many), and what taking part raises
    """
    one = queries.activity(workspace_id, public_id)
    if one.kind != "receipts":
        raise Invalid("entry_invalid", "Photos are sent of receipts only.")
    # The photos of one member come in one after another, so none is looked up too early.
    actions.lock(workspace_id, f"photos:{member_id}")
    own = members.with_merged(workspace_id, member_id)
    digest = hashlib.sha256(raw).hexdigest()
    before = Entrance.objects.filter(
        workspace_id=workspace_id, key__in=[queries.photo_key(mine, digest) for mine in own]
    ).first()
    if before is not None:
        return _as_before(before, one.id)
    _check_day(workspace_id, own)
    name = photos.keep(workspace_id, raw)
    try:
        with transaction.atomic():
            key = queries.photo_key(member_id, digest)
            return actions.take_part(workspace_id, public_id, member_id, {"photo": name}, key=key)
    except BaseException:
        photos.drop(workspace_id, name)
        raise


def _as_before(before: Entrance, activity_id: int) -> EntranceRecord:
    if before.activity_id != activity_id:
        raise Conflict("receipt_taken", "This came in before.")
    if before.state == "rejected":
        raise Conflict("photo_rejected", "This photo was rejected.")
    return queries.entrance_record_of(before)


def _check_day(workspace_id: int, own: Sequence[int]) -> None:
    """Each photo is work for a person, so there are only so many a day, whatever came of them."""
    zone = workspaces.workspace(workspace_id).zone
    today = midnight(clock.now().astimezone(zone).date(), zone)
    raw = cursor()
    raw.execute(
        "SELECT count(*) FROM loyalty_entrance"
        " WHERE workspace_id = %s AND member_id = ANY(%s) AND at >= %s AND said ? 'photo'",
        [workspace_id, list(own), today],
    )
    row = raw.fetchone()
    assert row is not None
    if row[0] >= PHOTOS_A_DAY_MAX:
        raise LimitReached("photos_too_many", f"A day takes at most {PHOTOS_A_DAY_MAX} photos.")
