"""What makes a contact certain, and the rule by which a workspace tells people apart."""

from __future__ import annotations

from regulars.customers.actions.owners import FLAG
from regulars.customers.pure.resolve import identifiers_of
from regulars.customers.records import Identifier, IdentifierKind, Identity
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

FIND = """
SELECT customer_id FROM customers_identifier
WHERE workspace_id = %s AND kind = %s AND value = %s
"""
SET_RULES = """
INSERT INTO customers_identitysetting AS s (workspace_id, are_ids_people, changed_by, changed_at)
VALUES (%s, %s, %s, %s)
ON CONFLICT (workspace_id) DO UPDATE
SET are_ids_people = excluded.are_ids_people, changed_by = excluded.changed_by,
    changed_at = excluded.changed_at
WHERE s.are_ids_people <> excluded.are_ids_people
"""


def confirm_contact(
    workspace_id: int,
    customer_id: int,
    kind: IdentifierKind,
    value: str,
    *,
    has_access: bool = False,
) -> None:
    """Remember that the customer proved a contact to be theirs.

    has_access  it opens the customer's account, too
    Saying it again changes nothing. Nobody gains a contact by this: who proves one that
    another customer holds is named together with it by `identify_many(confirmed=…)`.
    raises  Invalid(contact_syntax), Conflict(contact_not_theirs)
    """
    region = workspaces.workspace(workspace_id).region
    found = identifiers_of(Identity(others=(Identifier(kind, value),)), region)
    if not found:
        raise Invalid("contact_syntax", "The contact cannot be read.")
    identifier = found[0]
    raw = cursor()
    raw.execute(FIND, [workspace_id, kind.value, identifier.value])
    row = raw.fetchone()
    root = _root(workspace_id, customer_id)
    if row is None or row[0] != root:
        raise Conflict("contact_not_theirs", "The contact is not one of this customer's.")
    raw.execute(FLAG, [[kind.value], [identifier.value], [True], [has_access], workspace_id])


def change_identity_rules(workspace_id: int, *, are_ids_people: bool, actor: str) -> None:
    """Say whether customers with different external ids are never made one by themselves.

    It counts for what comes from now on; who is merged stays merged until split off.
    """
    cursor().execute(SET_RULES, [workspace_id, are_ids_people, actor, clock.now()])


def _root(workspace_id: int, customer_id: int) -> int | None:
    raw = cursor()
    raw.execute(
        "SELECT coalesce(merged_into, id) FROM customers_customer"
        " WHERE workspace_id = %s AND id = %s",
        [workspace_id, customer_id],
    )
    row = raw.fetchone()
    return None if row is None else int(row[0])
