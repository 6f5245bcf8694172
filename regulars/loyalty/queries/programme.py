"""The programme as settled, its versions, and the live rules ready to be asked."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

from regulars.kernel import clock
from regulars.loyalty.models.programme import Programme as Row
from regulars.loyalty.models.programme import ProgrammeVersion
from regulars.loyalty.pure.calculation.asks import asks_of
from regulars.loyalty.pure.calculation.live import Live
from regulars.loyalty.pure.programme import DEFAULT, Programme
from regulars.loyalty.pure.programme_reading import read_programme
from regulars.loyalty.pure.promotions.book import compile_book
from regulars.loyalty.pure.promotions.model import Promotion
from regulars.loyalty.pure.promotions.reading import read_promotion
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

LIVE_MAX = 200  # workspaces whose live rules a process keeps at hand
# The zone and the currency are the workspace's and make no version of the rules.
KEPT_S = 60
VERSIONS_MAX = 200

_lock = Lock()
_live: OrderedDict[int, tuple[Live, datetime]] = OrderedDict()


@dataclass(frozen=True, slots=True)
class ProgrammeRecord:
    """The settings of a workspace and their version; version 0 is one nobody has settled."""

    version: int
    is_open: bool
    programme: Programme
    settings: Mapping[str, Any]
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """What changed with one version."""

    version: int
    what: str
    actor: str
    at: datetime


def programme(workspace_id: int) -> ProgrammeRecord:
    """The settings as saved last; a programme nobody has settled is the default, closed."""
    row = Row.objects.filter(workspace_id=workspace_id).first()
    if row is None:
        return ProgrammeRecord(0, False, DEFAULT, {})
    return ProgrammeRecord(
        row.version, row.is_open, read_programme(row.settings), row.settings, row.updated_at
    )


def version(workspace_id: int) -> int:
    """The version of the rules in force now; 0 before anything was settled."""
    with cursor() as asked:
        asked.execute(
            "SELECT version FROM loyalty_programme WHERE workspace_id = %s", [workspace_id]
        )
        row = asked.fetchone()
    return row[0] if row else 0


def live(workspace_id: int) -> Live:
    """The rules in force, read and compiled once for each version in each process."""
    number, now = version(workspace_id), clock.now()
    with _lock:
        held = _live.get(workspace_id)
        if held is not None and held[0].version == number and now < held[1]:
            _live.move_to_end(workspace_id)
            return held[0]
    found = _read(workspace_id)
    with _lock:
        _live[workspace_id] = (found, now + timedelta(seconds=KEPT_S))
        _live.move_to_end(workspace_id)
        while len(_live) > LIVE_MAX:
            _live.popitem(last=False)
    return found


_LIVE_SQL = """
SELECT p.version, p.is_open, p.settings,
       (SELECT coalesce(jsonb_agg(
                   jsonb_build_array(o.slug, o.name, o.version, o.definition) ORDER BY o.slug
               ), '[]'::jsonb)
          FROM loyalty_promotion o WHERE o.workspace_id = p.workspace_id AND o.state = 'live')
  FROM loyalty_programme p WHERE p.workspace_id = %s
"""
# One statement is one snapshot: a version never comes with another version's promotions.

_PAST_SQL = """
SELECT v.version,
       coalesce((SELECT s.settings FROM loyalty_programmeversion s
                  WHERE s.workspace_id = v.workspace_id AND s.version <= v.version
                    AND s.settings IS NOT NULL ORDER BY s.version DESC LIMIT 1), '{}'::jsonb),
       v.is_open,
       (SELECT coalesce(jsonb_agg(
                   jsonb_build_array(o.slug, o.name, o.version, o.definition) ORDER BY o.slug
               ), '[]'::jsonb)
          FROM (SELECT DISTINCT ON (h.slug) h.* FROM loyalty_promotionversion h
                 WHERE h.workspace_id = v.workspace_id AND h.programme_version <= v.version
                 ORDER BY h.slug, h.programme_version DESC) o
         WHERE o.state = 'live')
  FROM loyalty_programmeversion v
 WHERE v.workspace_id = %s AND {which}
 ORDER BY v.version DESC LIMIT 1
"""


def _read(workspace_id: int) -> Live:
    with cursor() as asked:
        asked.execute(_LIVE_SQL, [workspace_id])
        row = asked.fetchone()
    if row is None:
        return live_of(workspace_id, 0, False, DEFAULT, ())
    number, is_open, settings, promotions = row
    return live_of(workspace_id, number, is_open, read_programme(settings), _promotions(promotions))


def live_at(workspace_id: int, at: datetime) -> Live:
    """The rules as they were in force at a moment: for receipts that come late."""
    return _past(workspace_id, "v.at <= %s", at)


def live_version(workspace_id: int, number: int) -> Live:
    """The rules of one version: for what was held by it."""
    held = _live.get(workspace_id)
    if held is not None and held[0].version == number:
        return held[0]
    return _past(workspace_id, "v.version <= %s", number)


def _past(workspace_id: int, which: str, value: object) -> Live:
    with cursor() as asked:
        asked.execute(_PAST_SQL.replace("{which}", which), [workspace_id, value])
        row = asked.fetchone()
    if row is None:
        return live_of(workspace_id, 0, False, DEFAULT, ())
    number, settings, is_open, promotions = row
    return live_of(workspace_id, number, is_open, read_programme(settings), _promotions(promotions))


def _promotions(rows: Sequence[Sequence[Any]]) -> tuple[Promotion, ...]:
    return tuple(
        read_promotion(definition, slug=slug, name=name, version=number)
        for slug, name, number, definition in rows
    )


def live_of(
    workspace_id: int,
    number: int,
    is_open: bool,
    settled: Programme,
    promotions: Sequence[Promotion],
) -> Live:
    """Rules put together for this workspace, as `calculate` takes them."""
    workspace = workspaces.workspace(workspace_id)
    return Live(
        version=number,
        currency=workspace.currency,
        zone=ZoneInfo(workspace.time_zone),
        programme=settled,
        promotions=compile_book(promotions),
        is_open=is_open,
        asks=asks_of(settled, promotions),
    )


def versions(workspace_id: int, *, before: int | None = None) -> list[VersionRecord]:
    """What was changed and by whom, newest first, at most 200."""
    rows = ProgrammeVersion.objects.filter(workspace_id=workspace_id).order_by("-version")
    if before is not None:
        rows = rows.filter(version__lt=before)
    return [VersionRecord(row.version, row.what, row.actor, row.at) for row in rows[:VERSIONS_MAX]]
