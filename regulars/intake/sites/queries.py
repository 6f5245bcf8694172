"""Reads of sites."""

from __future__ import annotations

from regulars.intake.models import Site
from regulars.intake.sites.records import ConsentMode, SiteRecord
from regulars.kernel.errors import NotFound

SITES_MAX = 50


def sites(workspace_id: int) -> list[SiteRecord]:
    """Sites of the workspace, open ones first, by name."""
    rows = Site.objects.filter(workspace_id=workspace_id).order_by("name", "id")
    return sorted((_record(row) for row in rows), key=lambda site: site.closed_at is not None)


def site(workspace_id: int, public_id: str) -> SiteRecord:
    """The site. raises NotFound(site_unknown)"""
    row = Site.objects.filter(workspace_id=workspace_id, public_id=public_id).first()
    if row is None:
        raise NotFound("site_unknown", "There is no such site.")
    return _record(row)


def sites_by_public_id(workspace_id: int, public_ids: set[str]) -> dict[str, SiteRecord]:
    """Those of the sites that exist."""
    rows = Site.objects.filter(workspace_id=workspace_id, public_id__in=public_ids)
    return {row.public_id: _record(row) for row in rows}


def _record(row: Site) -> SiteRecord:
    return SiteRecord(
        id=row.id,
        public_id=row.public_id,
        name=row.name,
        key=row.key,
        domains=tuple(row.domains),
        consent_mode=ConsentMode(row.consent_mode),
        promises_stock=row.promises_stock,
        created_at=row.created_at,
        closed_at=row.closed_at,
        loaded_at=row.loaded_at,
        event_at=row.event_at,
        event_kind=row.event_kind,
        refused_at=row.refused_at,
        refused_origin=row.refused_origin,
    )
