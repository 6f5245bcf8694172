"""Writes of sites: what a marketer sets, and what was last heard of a site."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from regulars.intake.models import Site
from regulars.intake.pure import domains
from regulars.intake.sites import queries
from regulars.intake.sites.records import ConsentMode, SiteRecord
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, Refused
from regulars.kernel.ids import new_public_id
from regulars.store.scope import cursor

NAME_LENGTH_MAX = 80
KEY_PREFIX = "rg_site_"
KEY_BYTES = 18
ORIGIN_LENGTH_MAX = 300


def create_site(
    workspace_id: int,
    *,
    name: str,
    domains_text: str,
    consent_mode: str,
    promises_stock: bool = False,
) -> SiteRecord:
    """A new site with its public key.

    promises_stock  orders that only its pages tell of reserve goods, for a while

    raises  Invalid(site_name | domain_malformed | domains_missing | domains_many |
            site_consent), Refused(sites_many)
    """
    values = _checked(name, domains_text, consent_mode)
    # Two at once may end one above the limit, which guards against floods, not against two.
    if Site.objects.filter(workspace_id=workspace_id).count() >= queries.SITES_MAX:
        raise Refused("sites_many", f"A workspace has at most {queries.SITES_MAX} sites.")
    row = Site.objects.create(
        workspace_id=workspace_id,
        public_id=new_public_id(),
        key=KEY_PREFIX + secrets.token_urlsafe(KEY_BYTES),
        created_at=clock.now(),
        promises_stock=promises_stock,
        **values,
    )
    return queries.site(workspace_id, row.public_id)


def change_site(
    workspace_id: int,
    public_id: str,
    *,
    name: str,
    domains_text: str,
    consent_mode: str,
    promises_stock: bool = False,
) -> None:
    """Set what the site is called, where it lives, how it asks, and whether it promises goods.

    raises  the errors of create_site
    """
    queries.site(workspace_id, public_id)
    values = _checked(name, domains_text, consent_mode)
    Site.objects.filter(workspace_id=workspace_id, public_id=public_id).update(
        promises_stock=promises_stock, **values
    )


def close_site(workspace_id: int, public_id: str) -> None:
    """Take no more events from the site; its key opens nothing from now on."""
    queries.site(workspace_id, public_id)
    Site.objects.filter(
        workspace_id=workspace_id, public_id=public_id, closed_at__isnull=True
    ).update(closed_at=clock.now())


def note_events(workspace_id: int, newest: Mapping[int, tuple[datetime, str]]) -> None:
    """Remember when each site was last heard of, and of what: site id → (received, kind)."""
    if not newest:
        return
    rows = sorted(newest.items())
    cursor().execute(
        "UPDATE intake_site AS s SET event_at = given.at, event_kind = given.kind"
        " FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[]) AS given (id, at, kind)"
        " WHERE s.workspace_id = %s AND s.id = given.id"
        " AND (s.event_at IS NULL OR s.event_at <= given.at)",
        [
            [id_ for id_, _ in rows],
            [at for _, (at, _) in rows],
            [kind for _, (_, kind) in rows],
            workspace_id,
        ],
    )


def note_refusals(workspace_id: int, refusals: Sequence[tuple[str, datetime, str]]) -> None:
    """Remember the newest refusal of each site: (public id, received, origin)."""
    for public_id, at, origin in sorted(refusals):
        Site.objects.filter(workspace_id=workspace_id, public_id=public_id).update(
            refused_at=at, refused_origin=origin[:ORIGIN_LENGTH_MAX]
        )


def _checked(name: str, domains_text: str, consent_mode: str) -> dict[str, object]:
    if not 0 < len(name.strip()) <= NAME_LENGTH_MAX:
        raise Invalid("site_name", f"Give the site a name of at most {NAME_LENGTH_MAX} characters.")
    found = domains.read(domains_text)
    if not found:
        raise Invalid("domains_missing", "Name at least one domain the site lives on.")
    if consent_mode not in {mode.value for mode in ConsentMode}:
        raise Invalid("site_consent", "Choose when visitors begin to be known.")
    return {"name": name.strip(), "domains": list(found), "consent_mode": consent_mode}
