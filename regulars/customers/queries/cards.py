"""What is known about one customer, and about many at once for those who write to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regulars.customers.pure.addresses import keyed_hash
from regulars.customers.records import (
    ADDRESS_COLUMNS,
    Card,
    ConsentEntry,
    ConsentState,
    Identifier,
    IdentifierKind,
    Profile,
)
from regulars.kernel.errors import NotFound
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

HISTORY_ROWS_MAX = 200
IDENTIFIERS_MAX = 100
COLUMNS = (
    "id, public_id, external_id, name, first_name, last_name, email, phone, city, country,"
    " language, gender, birth_on, attrs, first_seen_at, created_at"
)
TRUST = tuple(IdentifierKind)


def profile_of(row: Sequence[Any]) -> Profile:
    """The record of a row of COLUMNS."""
    return Profile(*row)


def profiles(workspace_id: int, customer_ids: Sequence[int]) -> dict[int, Profile]:
    """The profiles of these customers, by id; merged and unknown ones are absent."""
    raw = cursor()
    raw.execute(
        f"SELECT {COLUMNS} FROM customers_customer"
        " WHERE workspace_id = %s AND id = ANY(%s) AND merged_into IS NULL",
        [workspace_id, list(customer_ids)],
    )
    return {row[0]: profile_of(row) for row in raw.fetchall()}


def customer_id_of(workspace_id: int, public_id: str) -> int:
    """The customer of this public id, after merges. raises NotFound(customer_unknown)"""
    raw = cursor()
    raw.execute(
        "SELECT coalesce(merged_into, id) FROM customers_customer"
        " WHERE workspace_id = %s AND public_id = %s",
        [workspace_id, public_id],
    )
    row = raw.fetchone()
    if row is None:
        raise NotFound("customer_unknown", "There is no such customer.")
    return int(row[0])


def card(workspace_id: int, customer_id: int, *, is_whole: bool = False) -> Card:
    """What this room knows about the customer. raises NotFound(customer_unknown)

    is_whole  every identifier and every word of consent, not only as many as a page shows
    """
    profile = profiles(workspace_id, [customer_id]).get(customer_id)
    if profile is None:
        raise NotFound("customer_unknown", "There is no such customer.")
    merged = _merged(workspace_id, customer_id)
    history = _history(workspace_id, [customer_id, *merged], None if is_whole else HISTORY_ROWS_MAX)
    return Card(
        profile=profile,
        identifiers=_identifiers(workspace_id, customer_id, None if is_whole else IDENTIFIERS_MAX),
        consents=_states(workspace_id, customer_id, history),
        history=tuple(history),
        suppressed_channels=_suppressed(workspace_id, profile),
        merged_ids=merged,
    )


def _merged(workspace_id: int, customer_id: int) -> tuple[int, ...]:
    raw = cursor()
    raw.execute(
        "SELECT loser_id FROM customers_merge WHERE workspace_id = %s AND root_id = %s"
        " AND NOT is_gone ORDER BY loser_id",
        [workspace_id, customer_id],
    )
    return tuple(row[0] for row in raw.fetchall())


def _identifiers(workspace_id: int, customer_id: int, limit: int | None) -> tuple[Identifier, ...]:
    raw = cursor()
    raw.execute(
        "SELECT kind, value FROM customers_identifier WHERE workspace_id = %s AND customer_id = %s"
        " ORDER BY id LIMIT %s",
        [workspace_id, customer_id, limit],
    )
    found = [Identifier(IdentifierKind(kind), value) for kind, value in raw.fetchall()]
    return tuple(sorted(found, key=lambda identifier: TRUST.index(identifier.kind)))


def _history(
    workspace_id: int, customer_ids: Sequence[int], limit: int | None
) -> list[ConsentEntry]:
    raw = cursor()
    raw.execute(
        "SELECT channel, purpose, state, at, source, actor, text_version, basis"
        " FROM customers_consent"
        " WHERE workspace_id = %s AND customer_id = ANY(%s) ORDER BY at DESC, id DESC LIMIT %s",
        [workspace_id, list(customer_ids), limit],
    )
    return [
        ConsentEntry(channel, purpose, ConsentState(state), at, source, actor, text, basis)
        for channel, purpose, state, at, source, actor, text, basis in raw.fetchall()
    ]


def _states(
    workspace_id: int, customer_id: int, history: Sequence[ConsentEntry]
) -> tuple[ConsentEntry, ...]:
    """The states, each with the line of the ledger it came from."""
    raw = cursor()
    raw.execute(
        "SELECT channel, purpose, state, changed_at FROM customers_consentstate"
        " WHERE workspace_id = %s AND customer_id = %s AND NOT is_gone ORDER BY channel, purpose",
        [workspace_id, customer_id],
    )
    lines: Mapping[tuple[Any, ...], ConsentEntry] = {
        (line.channel, line.purpose, line.state.value, line.at): line for line in reversed(history)
    }
    return tuple(
        lines.get(row) or ConsentEntry(row[0], row[1], ConsentState(row[2]), row[3], "", "", "")
        for row in raw.fetchall()
    )


def _suppressed(workspace_id: int, profile: Profile) -> frozenset[str]:
    secret = workspaces.workspace(workspace_id).secret
    hashes = {
        keyed_hash(secret, channel, address): channel
        for channel, column in ADDRESS_COLUMNS.items()
        if (address := getattr(profile, column))
    }
    raw = cursor()
    raw.execute(
        "SELECT address_hash FROM customers_suppression"
        " WHERE workspace_id = %s AND address_hash = ANY(%s) AND lifted_at IS NULL",
        [workspace_id, list(hashes)],
    )
    return frozenset(hashes[bytes(row[0])] for row in raw.fetchall())


def sources_of(workspace_id: int, customer_id: int) -> dict[str, tuple[str, str]]:
    """Who told each column and own attribute (attr.<name>), and when as ISO text or ""."""
    raw = cursor()
    raw.execute(
        "SELECT sources FROM customers_customer WHERE workspace_id = %s AND id = %s",
        [workspace_id, customer_id],
    )
    row = raw.fetchone()
    told = row[0] if row and isinstance(row[0], dict) else {}
    return {name: _told(value) for name, value in told.items()}


def _told(value: Any) -> tuple[str, str]:
    if isinstance(value, list):
        return str(value[0]), str(value[1]) if len(value) > 1 else ""
    if isinstance(value, dict):
        return str(value.get("source", "")), str(value.get("at", ""))
    return str(value), ""
