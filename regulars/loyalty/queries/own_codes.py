"""Personal codes a customer can still use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from regulars.customers import queries as customers
from regulars.loyalty.pure import codes as pure
from regulars.store.scope import cursor

CODES_MAX = 20
_OWN = """
SELECT coalesce(r.merged_into, r.id), c.code, c.shown, s.slug, s.name, s.promotion_slug,
       least(c.ends_at, s.ends_at)
FROM customers_customer r
JOIN loyalty_code c ON c.workspace_id = r.workspace_id AND c.customer_id = r.id
JOIN loyalty_codeseries s ON s.id = c.series_id
WHERE r.workspace_id = %(workspace)s AND r.id = ANY(%(ids)s)
  AND c.state = 'active' AND s.state = 'active'
  AND (c.uses_max IS NULL OR c.used < c.uses_max)
  AND (s.starts_at IS NULL OR s.starts_at <= %(now)s)
  AND (least(c.ends_at, s.ends_at) IS NULL OR least(c.ends_at, s.ends_at) > %(now)s)
ORDER BY c.issued_at DESC NULLS LAST, c.id DESC
"""
_GIVEN = """
SELECT c.issue_key, c.code, c.shown, s.slug, s.name, s.promotion_slug, least(c.ends_at, s.ends_at)
FROM loyalty_code c JOIN loyalty_codeseries s ON s.id = c.series_id
WHERE c.workspace_id = %(workspace)s AND c.issue_key = ANY(%(keys)s)
"""

_CERTIFICATES = """
SELECT g.code, g.shown, g.available_minor, g.currency, g.ends_at
FROM customers_customer r
JOIN loyalty_giftcard g ON g.workspace_id = r.workspace_id AND g.customer_id = r.id
WHERE r.workspace_id = %(workspace)s AND r.id = ANY(%(ids)s)
  AND g.state = 'active' AND g.available_minor > 0
  AND (g.starts_at IS NULL OR g.starts_at <= %(now)s)
  AND (g.ends_at IS NULL OR g.ends_at > %(now)s)
ORDER BY g.ends_at NULLS LAST, g.id LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class OwnCertificate:
    """A gift certificate of the customer's own, and what is left of it."""

    shown: str
    available_minor: int
    currency: str
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnCode:
    """A code of the customer's own, as it is printed."""

    shown: str
    series_slug: str
    series_name: str
    promotion_slug: str
    ends_at: datetime | None


def usable(
    workspace_id: int, customer_ids: Sequence[int], now: datetime
) -> dict[int, list[OwnCode]]:
    """The codes of each of these customers that a till would take now, the newest first."""
    ids = list(customers.persons_of(workspace_id, customer_ids))
    raw = cursor()
    raw.execute(_OWN, {"workspace": workspace_id, "ids": ids, "now": now})
    found: dict[int, list[OwnCode]] = {}
    for customer_id, code, shown, *rest in raw.fetchall():
        own = found.setdefault(customer_id, [])
        if len(own) < CODES_MAX:
            own.append(OwnCode(_printed(code, shown), *rest))
    return found


def given(workspace_id: int, keys: Sequence[str]) -> dict[str, OwnCode]:
    """The code that each of these keys gave out, for the keys that did."""
    if not keys:
        return {}
    raw = cursor()
    raw.execute(_GIVEN, {"workspace": workspace_id, "keys": list(keys)})
    return {
        key: OwnCode(_printed(code, shown), *rest) for key, code, shown, *rest in raw.fetchall()
    }


def _printed(code: str, shown: str | None) -> str:
    if shown:
        return shown
    return pure.grouped(code) if pure.is_well_formed(code) else code


def certificates(workspace_id: int, customer_id: int, now: datetime) -> list[OwnCertificate]:
    """Certificates of the customer that a till would take now, the one that ends first first."""
    ids = list(customers.persons_of(workspace_id, [customer_id]))
    raw = cursor()
    raw.execute(
        _CERTIFICATES,
        {"workspace": workspace_id, "ids": ids, "now": now, "most": CODES_MAX},
    )
    return [OwnCertificate(_printed(row[0], row[1]), *row[2:]) for row in raw.fetchall()]
