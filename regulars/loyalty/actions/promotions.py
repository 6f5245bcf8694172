"""Writes of promotions. What tills reckon with changes only together with the rules' version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.text import slugify

from regulars.audit import actions as audit
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, Refused
from regulars.loyalty.actions import programme
from regulars.loyalty.models.promotions import Promotion as Row
from regulars.loyalty.models.promotions import PromotionVersion
from regulars.loyalty.promotion_records import (
    LIVE_MAX,
    NAME_CHARS_MAX,
    NOTE_CHARS_MAX,
    OFFERED_AT_ONCE_MAX,
    PROMOTIONS_MAX,
    PromotionRecord,
)
from regulars.loyalty.pure.promotions.model import Promotion, State
from regulars.loyalty.pure.promotions.reading import read_promotion
from regulars.loyalty.pure.promotions.walking import segments_in
from regulars.loyalty.queries import programme as programmes
from regulars.loyalty.queries.promotions import record_of, row_of
from regulars.segments import queries as segments
from regulars.store.scope import cursor

SLUG_CHARS_MAX = 60
RESERVED = {"new"}  # an address of its own
MOVES: Mapping[str, tuple[State, ...]] = {
    "draft": ("live", "ended"),
    "live": ("paused", "ended"),
    "paused": ("live", "ended"),
    "ended": ("draft",),
}


def create_promotion(
    workspace_id: int,
    *,
    name: str,
    definition: Mapping[str, Any],
    slug: str = "",
    note: str = "",
    key: str | None = None,
    actor: str = "",
) -> PromotionRecord:
    """A new draft; asked again with the same key and content, the one there is.

    raises   Invalid, Conflict(idempotency_mismatch | promotion_exists), Refused
    """
    programme.lock(workspace_id)
    name, note = _named(name, note)
    digest = _digest(name, note, slug, definition)
    mine = Row.objects.filter(workspace_id=workspace_id)
    before = mine.filter(create_key=key).first() if key else None
    if before is not None:
        if before.create_hash != digest:
            raise Conflict("idempotency_mismatch", "This key made another promotion.")
        return record_of(before)
    if slug in RESERVED:
        raise Invalid("slug_invalid", f"“{slug}” is no name for a promotion.", path="slug")
    if slug and mine.filter(slug=slug).exists():
        raise Conflict("promotion_exists", f"There is a promotion “{slug}” already.")
    if mine.count() >= PROMOTIONS_MAX:
        raise Refused("promotions_too_many", f"At most {PROMOTIONS_MAX} promotions.")
    slug = slug or _free_slug(workspace_id, name)
    promotion = checked(workspace_id, definition, slug, name)
    now = clock.now()
    row = Row.objects.create(
        workspace_id=workspace_id,
        slug=slug,
        name=name,
        note=note,
        definition=dict(definition),
        create_key=key or None,
        create_hash=digest,
        created_by=actor,
        created_at=now,
        updated_at=now,
        **_columns(promotion),
    )
    audit.note(workspace_id, "loyalty.promotion_created", "loyalty", slug)
    return record_of(row)


def change_promotion(
    workspace_id: int,
    slug: str,
    *,
    name: str,
    definition: Mapping[str, Any],
    note: str = "",
    actor: str = "",
    expect_version: int | None = None,
) -> PromotionRecord:
    """The promotion with other words or rules; a live one makes a version of the programme.

    raises   Invalid, NotFound, Conflict(promotion_changed), Refused(promotion_ended)
    """
    programme.lock(workspace_id)
    row = row_of(workspace_id, slug)
    if expect_version is not None and row.version != expect_version:
        raise Conflict("promotion_changed", "Somebody changed the promotion since you opened it.")
    if row.state == "ended":
        raise Refused("promotion_ended", "An ended promotion is not changed: make it a draft.")
    name, note = _named(name, note)
    promotion = checked(workspace_id, definition, slug, name)
    is_same = row.definition == dict(definition) and row.name == name
    if is_same and row.note == note:
        return record_of(row)
    row.name, row.note, row.definition = name, note, dict(definition)
    for column, value in _columns(promotion).items():
        setattr(row, column, value)
    row.version += 1
    row.updated_at = clock.now()
    row.save()
    if row.state == "live" and not is_same:
        _publish(row, actor)
    audit.note(workspace_id, "loyalty.promotion_changed", "loyalty", slug)
    return record_of(row)


def set_state(workspace_id: int, slug: str, state: State, *, actor: str = "") -> PromotionRecord:
    """Start, pause, end or reopen a promotion; asked for the state it has, nothing happens.

    raises   NotFound, Refused(state_impossible | promotions_too_many), Invalid
    """
    programme.lock(workspace_id)
    row = row_of(workspace_id, slug)
    if row.state == state:
        return record_of(row)
    if state not in MOVES[row.state]:
        raise Refused("state_impossible", f"A promotion cannot go from {row.state} to {state}.")
    if state == "live":
        checked(workspace_id, row.definition, slug, row.name)
        alive = Row.objects.filter(workspace_id=workspace_id, state="live").count()
        if alive >= LIVE_MAX:
            raise Refused("promotions_too_many", f"At most {LIVE_MAX} promotions are live at once.")
    was_live = row.state == "live"
    row.state = state
    row.updated_at = clock.now()
    row.save(update_fields=["state", "updated_at"])
    if was_live or state == "live":
        _publish(row, actor)
    audit.note(workspace_id, f"loyalty.promotion_{state}", "loyalty", slug)
    return record_of(row)


def offer(
    workspace_id: int,
    slug: str,
    member_ids: Sequence[int],
    *,
    key: str,
    until: datetime | None = None,
) -> int:
    """Offer a promotion to members in person; how many did not have it open before.

    An offer repeated by its key changes nothing; by another key it renews the date.
    """
    if len(member_ids) > OFFERED_AT_ONCE_MAX:
        raise Invalid("members_too_many", f"At most {OFFERED_AT_ONCE_MAX} members at once.")
    row = row_of(workspace_id, slug)
    with cursor() as asked:
        asked.execute(
            """
            INSERT INTO loyalty_offer AS o
                (workspace_id, promotion_id, slug, member_id, key, until, created_at)
            SELECT %s, %s, %s, m, %s, %s, %s FROM unnest(%s::bigint[]) AS m ORDER BY m
            ON CONFLICT (workspace_id, member_id, promotion_id) DO UPDATE
               SET key = excluded.key, until = excluded.until, withdrawn_at = NULL,
                   created_at = excluded.created_at
             WHERE o.key <> excluded.key
            """,
            [workspace_id, row.id, slug, key, until, clock.now(), sorted(set(member_ids))],
        )
        return asked.rowcount


def withdraw_offer(workspace_id: int, slug: str, member_ids: Sequence[int]) -> int:
    """Take offers back; how many were open."""
    row = row_of(workspace_id, slug)
    with cursor() as asked:
        asked.execute(
            "UPDATE loyalty_offer SET withdrawn_at = %s WHERE workspace_id = %s"
            " AND promotion_id = %s AND member_id = ANY(%s) AND withdrawn_at IS NULL",
            [clock.now(), workspace_id, row.id, list(member_ids)],
        )
        return asked.rowcount


def checked(
    workspace_id: int, definition: Mapping[str, Any], slug: str, name: str = ""
) -> Promotion:
    """The promotion, once everything it names is known in this workspace.

    raises   Invalid(promotion_invalid | rule_invalid | segment_unknown | tier_unknown …)
    """
    promotion = read_promotion(dict(definition), slug=slug, name=name)
    programme.check_member_rules(workspace_id, promotion.when)
    wanted = set(segments_in(promotion.when))
    unknown = wanted - set(segments.names_by_slug(workspace_id)) if wanted else set()
    if unknown:
        raise Invalid("segment_unknown", f"There is no segment {sorted(unknown)[0]}.", path="when")
    settled = programmes.programme(workspace_id).programme
    for number, effect in enumerate(promotion.effects):
        path = f"effects[{number}]"
        if settled.currency(effect.currency) is None:
            raise Invalid("currency_unknown", "There are no such points.", path=f"{path}.currency")
        if effect.terms and effect.terms not in settled.terms:
            raise Invalid("terms_unknown", "There are no such terms.", path=f"{path}.terms")
        if effect.tier and settled.tier(effect.tier) is None:
            raise Invalid("tier_unknown", "There is no such tier.", path=f"{path}.tier")
    return promotion


def _publish(row: Row, actor: str) -> None:
    """What tills reckon with has changed: a version of the programme, with what it brought."""
    number = programme.bump(row.workspace_id, what=f"promotion:{row.slug}", actor=actor)
    PromotionVersion.objects.create(
        workspace_id=row.workspace_id,
        promotion_id=row.id,
        slug=row.slug,
        version=row.version,
        programme_version=number,
        state=row.state,
        name=row.name,
        definition=row.definition,
        actor=actor,
        at=clock.now(),
    )


def _columns(promotion: Promotion) -> dict[str, Any]:
    return {
        "lane": promotion.lane,
        "priority": promotion.priority,
        "starts_at": promotion.schedule.starts_at,
        "ends_at": promotion.schedule.ends_at,
    }


def _named(name: str, note: str) -> tuple[str, str]:
    name, note = name.strip(), note.strip()
    if not 1 <= len(name) <= NAME_CHARS_MAX:
        raise Invalid("name_invalid", f"A name has 1 to {NAME_CHARS_MAX} characters.", path="name")
    if len(note) > NOTE_CHARS_MAX:
        raise Invalid("note_invalid", f"A note has at most {NOTE_CHARS_MAX} characters.")
    return name, note


def _digest(name: str, note: str, slug: str, definition: Mapping[str, Any]) -> str:
    said = json.dumps([name, note, slug, definition], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()


def _free_slug(workspace_id: int, name: str) -> str:
    stem = slugify(name)[: SLUG_CHARS_MAX - 6].strip("-_") or "promotion"
    taken = set(
        Row.objects.filter(workspace_id=workspace_id, slug__startswith=stem).values_list(
            "slug", flat=True
        )
    )
    if stem not in taken | RESERVED:
        return stem
    return next(
        slug for number in range(2, len(taken) + 3) if (slug := f"{stem}-{number}") not in taken
    )
