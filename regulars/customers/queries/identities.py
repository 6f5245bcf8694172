"""Questions about who is who."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.customers.pure import normalise
from regulars.customers.pure.resolve import identifiers_of
from regulars.customers.records import IdentifierKind, Identity
from regulars.kernel.errors import Invalid
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces


def identity_faults(workspace_id: int, identities: Sequence[Identity]) -> list[str | None]:
    """For each identity why it cannot be read as it stands, else None.

    Codes: email_line_break, email_syntax, phone_syntax, identifier_empty, identifier_syntax,
    identity_missing.
    """
    region = workspaces.workspace(workspace_id).region
    return [_fault(identity, region) for identity in identities]


def _fault(identity: Identity, region: str) -> str | None:
    try:
        if identity.external_id:
            normalise.identifier(identity.external_id)
        if identity.email:
            normalise.email(identity.email)
        if identity.phone:
            normalise.phone(identity.phone, region)
        if identity.anonymous_id:
            normalise.identifier(identity.anonymous_id)
        for kind, value in identity.others:
            if kind not in (IdentifierKind.EMAIL, IdentifierKind.PHONE):
                normalise.identifier(value)
    except Invalid as error:
        return error.code
    if identity.external_id or identity.email or identity.phone or identity.anonymous_id:
        return None
    return None if identifiers_of(identity, region) else "identity_missing"


def find(workspace_id: int, identity: Identity) -> int | None:
    """The customer the identity points at, its strongest known identifier deciding; else None."""
    # A till names its member by a card or a number of its own: only phones need the country.
    has_phone = identity.phone or any(i.kind is IdentifierKind.PHONE for i in identity.others)
    region = workspaces.workspace(workspace_id).region if has_phone else ""
    named = identifiers_of(identity, region)
    raw = cursor()
    if len(named) == 1:
        raw.execute(
            "SELECT customer_id FROM customers_identifier"
            " WHERE workspace_id = %s AND kind = %s AND value = %s",
            [workspace_id, named[0].kind.value, named[0].value],
        )
        row = raw.fetchone()
        return None if row is None else int(row[0])
    raw.execute(
        "SELECT i.customer_id FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY"
        " AS asked (kind, value, place) JOIN customers_identifier i ON i.workspace_id = %s"
        " AND i.kind = asked.kind AND i.value = asked.value ORDER BY asked.place LIMIT 1",
        [[i.kind.value for i in named], [i.value for i in named], workspace_id],
    )
    row = raw.fetchone()
    return None if row is None else int(row[0])


def find_many(workspace_id: int, identities: Sequence[Identity]) -> list[int | None]:
    """For each identity the customer it points at as `find` tells, or None."""
    region = workspaces.workspace(workspace_id).region
    named = [identifiers_of(identity, region) for identity in identities]
    asked = list({identifier for identifiers in named for identifier in identifiers})
    raw = cursor()
    raw.execute(
        "SELECT i.kind, i.value, i.customer_id FROM unnest(%s::text[], %s::text[])"
        " AS asked (kind, value) JOIN customers_identifier i ON i.workspace_id = %s"
        " AND i.kind = asked.kind AND i.value = asked.value",
        [[i.kind.value for i in asked], [i.value for i in asked], workspace_id],
    )
    owners = {(kind, value): customer_id for kind, value, customer_id in raw.fetchall()}
    keys = [[(i.kind.value, i.value) for i in identifiers] for identifiers in named]
    return [next((owners[key] for key in own if key in owners), None) for own in keys]


def roots_of(workspace_id: int, customer_ids: Sequence[int]) -> dict[int, int]:
    """Who each of these customers is now: themselves, or whom they were merged into."""
    raw = cursor()
    raw.execute(
        "SELECT id, coalesce(merged_into, id) FROM customers_customer"
        " WHERE workspace_id = %s AND id = ANY(%s)",
        [workspace_id, list(customer_ids)],
    )
    return {row[0]: row[1] for row in raw.fetchall()}


def persons_of(workspace_id: int, customer_ids: Sequence[int]) -> dict[int, int]:
    """Every id that these people have or had, and who each of them is now.

    Ids that nobody has are left out.
    """
    roots = set(roots_of(workspace_id, customer_ids).values())
    raw = cursor()
    raw.execute(
        "SELECT loser_id, root_id FROM customers_merge"
        " WHERE workspace_id = %s AND root_id = ANY(%s) AND NOT is_gone",
        [workspace_id, list(roots)],
    )
    return {root: root for root in roots} | dict(raw.fetchall())


def known(workspace_id: int, identities: Sequence[Identity]) -> list[bool]:
    """For each identity whether any of its identifiers belongs to a customer."""
    region = workspaces.workspace(workspace_id).region
    named = [identifiers_of(identity, region) for identity in identities]
    asked = list({identifier for identifiers in named for identifier in identifiers})
    raw = cursor()
    raw.execute(
        "SELECT i.kind, i.value FROM unnest(%s::text[], %s::text[]) AS asked (kind, value)"
        " JOIN customers_identifier i ON i.workspace_id = %s"
        " AND i.kind = asked.kind AND i.value = asked.value",
        [[i.kind.value for i in asked], [i.value for i in asked], workspace_id],
    )
    found = set(raw.fetchall())
    return [any((i.kind.value, i.value) in found for i in identifiers) for identifiers in named]


def identities(workspace_id: int, customer_ids: Sequence[int]) -> dict[int, Identity]:
    """One identifier of each kind for these customers, the first each was known by."""
    raw = cursor()
    raw.execute(
        "SELECT DISTINCT ON (customer_id, kind) customer_id, kind, value FROM customers_identifier"
        " WHERE workspace_id = %s AND customer_id = ANY(%s) ORDER BY customer_id, kind, id",
        [workspace_id, list(customer_ids)],
    )
    named: dict[int, dict[str, str]] = {}
    for customer_id, kind, value in raw.fetchall():
        named.setdefault(customer_id, {})[kind] = value
    return {
        customer_id: Identity(
            external_id=found.get("external"),
            email=found.get("email"),
            phone=found.get("phone"),
            anonymous_id=found.get("anonymous"),
        )
        for customer_id, found in named.items()
    }
