"""What the list of customers may be narrowed by, as the programme knows it."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from regulars.customers.records import ListCondition
from regulars.loyalty.queries import programme as programmes

Part = tuple[str, list[Any]]
Choices = list[tuple[str, str]]
NO_TIER = "none"
STANDS: dict[str, tuple[str | Promise, str]] = {
    "member": (_("Take part"), "s.is_member"),
    "points": (_("Have points to spend"), "s.balance > 0"),
    "burning": (_("Have points that burn"), "s.next_expiry_on IS NOT NULL"),
    "debt": (_("Owe points"), "s.debt > 0"),
    "code": (_("Have a code to use"), "s.has_code"),
}
RIGHT = "loyalty.view"


def _where(workspace_id: int, condition: str, values: list[Any]) -> Part:
    # Independent of the outer row, so that it is read once and hashed.
    sql = (
        "c.id IN (SELECT s.customer_id FROM loyalty_standing s"
        f" WHERE s.workspace_id = {int(workspace_id)} AND NOT s.is_gone AND {condition})"
    )
    return sql, values


def _tier(workspace_id: int, given: str) -> Part:
    if given == NO_TIER:
        return _where(workspace_id, "s.is_member AND s.tier IS NULL", [])
    return _where(workspace_id, "s.tier = %s", [given])


def _stands(workspace_id: int, given: str) -> Part | None:
    known = STANDS.get(given)
    return _where(workspace_id, known[1], []) if known else None


def _tiers(workspace_id: int) -> Choices:
    tiers = programmes.programme(workspace_id).programme.tiers.tiers
    named = [(tier.slug, tier.name) for tier in tiers]
    return [*named, (NO_TIER, str(_("No tier")))] if named else []


def _standings(_workspace_id: int) -> Choices:
    return [(name, str(text)) for name, (text, _sql) in STANDS.items()]


CONDITIONS: dict[str, ListCondition] = {
    "loyalty": ListCondition(_("Loyalty"), "choice", _stands, _standings, RIGHT),
    "loyalty_tier": ListCondition(_("Tier"), "choice", _tier, _tiers, RIGHT),
}
