"""Writes of the programme: settings, opening, and the version every change makes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from regulars.audit import actions as audit
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Refused
from regulars.loyalty.models.programme import Programme, ProgrammeVersion
from regulars.loyalty.pure.programme_reading import DEFAULT_SETTINGS, read_programme
from regulars.loyalty.pure.promotions.conditions import Condition
from regulars.loyalty.pure.promotions.walking import rules_in
from regulars.loyalty.queries import programme as queries
from regulars.loyalty.queries.programme import ProgrammeRecord
from regulars.segments import queries as segments
from regulars.store.scope import cursor


def save_settings(
    workspace_id: int,
    settings: Mapping[str, Any],
    *,
    actor: str = "",
    expect_version: int | None = None,
) -> ProgrammeRecord:
    """The programme with these settings; the same settings make no version.

    expect_version  the version the editor read; another one since then is refused
    raises  Invalid(programme_invalid), Conflict(programme_changed), Refused(currency_used)
    """
    programme = read_programme(dict(settings))
    for rule in programme.earning:
        check_member_rules(workspace_id, rule.when)
    row = lock(workspace_id)
    if expect_version is not None and row.version != expect_version:
        raise Conflict("programme_changed", "Somebody changed the programme since you opened it.")
    kept = {currency.slug for currency in programme.currencies}
    before = read_programme(row.settings).currencies
    _refuse_to_forget(workspace_id, sorted({one.slug for one in before} - kept))
    if row.settings != settings:
        Programme.objects.filter(id=row.id).update(settings=dict(settings))
        bump(workspace_id, what="settings", actor=actor, settings=dict(settings))
        audit.note(workspace_id, "loyalty.programme_changed", "loyalty", "programme")
    return queries.programme(workspace_id)


def _refuse_to_forget(workspace_id: int, slugs: Sequence[str]) -> None:
    """Points that members have are not taken away by taking their name away."""
    if not slugs:
        return
    with cursor() as asked:
        asked.execute(
            "SELECT currency FROM loyalty_balance WHERE workspace_id = %s AND currency = ANY(%s)"
            " AND (available <> 0 OR pending <> 0 OR held <> 0 OR debt <> 0) LIMIT 1",
            [workspace_id, list(slugs)],
        )
        found = asked.fetchone()
    if found is not None:
        raise Refused("currency_used", f"Members have points of the kind {found[0]}.")


def set_open(workspace_id: int, is_open: bool, *, actor: str = "") -> ProgrammeRecord:
    """Open or close the programme: closed, points are neither earned nor burnt."""
    row = lock(workspace_id)
    if row.is_open != is_open:
        Programme.objects.filter(id=row.id).update(is_open=is_open)
        bump(workspace_id, what="opened" if is_open else "closed", actor=actor)
        audit.note(workspace_id, "loyalty.programme_changed", "loyalty", "programme")
    return queries.programme(workspace_id)


def lock(workspace_id: int) -> Programme:
    """The programme's row, made when absent and locked: changes of rules queue here."""
    now = clock.now()
    with cursor() as asked:
        asked.execute(
            """
            INSERT INTO loyalty_programme
                (workspace_id, settings, version, is_open, created_at, updated_at)
            VALUES (%s, %s::jsonb, 0, false, %s, %s)
            ON CONFLICT (workspace_id) DO NOTHING
            """,
            [workspace_id, json.dumps(DEFAULT_SETTINGS), now, now],
        )
        made = asked.rowcount == 1
    row = Programme.objects.select_for_update().get(workspace_id=workspace_id)
    if made:
        row.version = bump(workspace_id, what="settings", actor="", settings=row.settings)
    return row


def bump(
    workspace_id: int, *, what: str, actor: str, settings: Mapping[str, Any] | None = None
) -> int:
    """The next version, in the transaction of what changed; the row must be locked."""
    now = clock.now()
    with cursor() as asked:
        asked.execute(
            "UPDATE loyalty_programme SET version = version + 1, updated_at = %s"
            " WHERE workspace_id = %s RETURNING version, is_open",
            [now, workspace_id],
        )
        row = asked.fetchone()
    assert row is not None, "the programme's row is made by lock"
    ProgrammeVersion.objects.create(
        workspace_id=workspace_id,
        version=row[0],
        settings=settings,
        is_open=row[1],
        what=what,
        actor=actor,
        at=now,
    )
    return int(row[0])


def check_member_rules(workspace_id: int, condition: Condition) -> None:
    """Refuse a member rule that this workspace's data cannot answer.

    raises   Invalid(rule_invalid)
    """
    for found in rules_in(condition):
        segments.check(workspace_id, json.loads(found.rule))
