"""Changing a customer by hand: what is written replaces what was known, emptiness too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regulars.audit import actions as audit
from regulars.customers.actions import present
from regulars.customers.actions.owners import TAKE_IDENTIFIERS
from regulars.customers.actions.profiles import COLUMNS, write_one
from regulars.customers.pure import normalise
from regulars.customers.pure.precedence import Source
from regulars.customers.pure.traits import birth_on
from regulars.customers.records import TEXT_TRAITS, IdentifierKind
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, NotFound
from regulars.kernel.ids import new_public_id
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

KIND_OF_COLUMN = {
    "external_id": IdentifierKind.EXTERNAL,
    "email": IdentifierKind.EMAIL,
    "phone": IdentifierKind.PHONE,
}
LOCK = """
SELECT 1 FROM customers_customer
WHERE workspace_id = %s AND id = %s AND merged_into IS NULL FOR UPDATE
"""
FIND_OWNER = """
SELECT c.public_id FROM customers_identifier i JOIN customers_customer c ON c.id = i.customer_id
WHERE i.workspace_id = %s AND i.kind = %s AND i.value = %s AND i.customer_id <> %s
"""


def change_profile(
    workspace_id: int,
    customer_id: int,
    given: Mapping[str, Any],
    *,
    actor: str,
    source: str = Source.HAND,
) -> bool:
    """Set these columns of the customer; false when nothing differs.

    given   columns by name; None or an empty text says that it is not known
    source  a word of pure/precedence.py; what a more believed source told stays
    An address that was there before stays among the identifiers: old messages come back to it.
    raises  NotFound(customer_unknown), Conflict(identifier_taken), and Invalid of the identifier
            (email_syntax, email_line_break, phone_syntax, …), each with `field`
    """
    raw = cursor()
    raw.execute(LOCK, [workspace_id, customer_id])
    if raw.fetchone() is None:
        raise NotFound("customer_unknown", "There is no such customer.")
    region = workspaces.workspace(workspace_id).region
    columns = {name: _column(name, value, region) for name, value in given.items()}
    _take(workspace_id, customer_id, columns)
    now = clock.now()
    changed = write_one(workspace_id, customer_id, columns, now, source=Source(source))
    if changed:
        news = NewEvent(
            kind="customer.changed",
            time=now,
            key=f"customer:{customer_id}:changed:{new_public_id()}",
            customer_id=customer_id,
            props={
                "changes": {k: {"old": old, "new": new} for k, (old, new) in changed.items()},
                "actor": actor,
            },
        )
        events.record_many(workspace_id, [news])
        audit.note(
            workspace_id, "customer.changed", "customer",
            present.public_id(workspace_id, customer_id), fields=sorted(changed),
        )  # fmt: skip
    return bool(changed)


def _column(name: str, value: Any, region: str) -> Any:
    if name not in COLUMNS:
        raise Invalid("customer_column", f"A customer has no {name}.", field=name)
    if value is None or value == "":
        return None
    if name == "birth_on":
        return birth_on(value)
    if name in TEXT_TRAITS:
        return normalise.name(str(value))
    try:
        if name == "email":
            return normalise.email(value)
        return normalise.phone(value, region) if name == "phone" else normalise.identifier(value)
    except Invalid as error:
        raise Invalid(error.code, error.message, field=name) from error


def _take(workspace_id: int, customer_id: int, columns: Mapping[str, Any]) -> None:
    """Let the customer be known by the identifiers among the columns."""
    raw = cursor()
    for name, kind in KIND_OF_COLUMN.items():
        value = columns.get(name)
        if value is None:
            continue
        raw.execute(
            TAKE_IDENTIFIERS, [workspace_id, [kind.value], [value], [customer_id], [customer_id]]
        )
        raw.execute(FIND_OWNER, [workspace_id, kind.value, value, customer_id])
        owner = raw.fetchone()
        if owner is not None:
            raise Conflict(
                "identifier_taken",
                "Another customer is known by this; merge the two or leave it there.",
                field=name,
                owner=owner[0],
            )
