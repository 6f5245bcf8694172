"""What people say about fields."""

from __future__ import annotations

from regulars.fields.pure import types
from regulars.fields.records import CUSTOMER, FieldChange
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, NotFound
from regulars.store.scope import cursor

NAME_LENGTH_MAX = 100
LABEL_LENGTH_MAX = 100
DESCRIPTION_LENGTH_MAX = 1_000
ATTRIBUTES_MADE_MAX = 500
RESERVED = frozenset(
    {
        "id", "external_id", "email", "phone", "name", "first_name", "last_name", "city",
        "country", "language", "gender", "birth_on",
    }
)  # fmt: skip


def add_attribute(workspace_id: int, name: str, change: FieldChange) -> None:
    """Make an attribute of customers before any value of it comes.

    raises  Invalid(field_name | field_label | field_type | field_description | field_limit),
            Conflict(field_exists)
    """
    name = name.strip()
    if not 0 < len(name) <= NAME_LENGTH_MAX or not name.isprintable():
        raise Invalid(
            "field_name", f"A name has 1 to {NAME_LENGTH_MAX} printable characters.", field="name"
        )
    if name in RESERVED:
        raise Invalid(
            "field_name", "Every customer has this already; take another name.", field="name"
        )
    _check(change)
    raw = cursor()
    raw.execute(
        "INSERT INTO fields_field (workspace_id, kind, name, label, description, is_hidden,"
        " is_made, declared_type, updated_at)"
        " SELECT %s, %s, %s, %s, %s, %s, true, %s, %s WHERE (SELECT count(*) FROM fields_field"
        " WHERE workspace_id = %s AND kind = %s AND is_made) < %s"
        " ON CONFLICT (workspace_id, kind, name) DO NOTHING RETURNING id",
        [
            workspace_id, CUSTOMER, name, change.label.strip(), change.description.strip(),
            change.is_hidden, change.declared_type, clock.now(),
            workspace_id, CUSTOMER, ATTRIBUTES_MADE_MAX,
        ],
    )  # fmt: skip
    if raw.fetchone() is None:
        _refuse(workspace_id, name)


def change_field(workspace_id: int, kind: str, name: str, change: FieldChange) -> None:
    """Give a field its label, description and type, or hide it; its values stay as they are.

    Rules name fields by their own name, so renaming breaks none of them.
    raises  NotFound(field_unknown), Invalid(field_label | field_type | field_description)
    """
    _check(change)
    raw = cursor()
    raw.execute(
        "UPDATE fields_field SET label = %s, description = %s, is_hidden = %s, declared_type = %s,"
        " updated_at = %s WHERE workspace_id = %s AND kind = %s AND name = %s",
        [
            change.label.strip(), change.description.strip(), change.is_hidden,
            change.declared_type if name else "", clock.now(), workspace_id, kind, name,
        ],
    )  # fmt: skip
    if not raw.rowcount:
        raise NotFound("field_unknown", "There is no such field.")


def _check(change: FieldChange) -> None:
    if len(change.label) > LABEL_LENGTH_MAX or not change.label.isprintable():
        raise Invalid(
            "field_label", f"A label has at most {LABEL_LENGTH_MAX} characters.", field="label"
        )
    if len(change.description) > DESCRIPTION_LENGTH_MAX or "\x00" in change.description:
        raise Invalid(
            "field_description",
            f"A description has at most {DESCRIPTION_LENGTH_MAX} characters.",
            field="description",
        )
    if change.declared_type and change.declared_type not in types.DECLARABLE:
        raise Invalid(
            "field_type", f"A type is one of {', '.join(types.DECLARABLE)}.", field="declared_type"
        )


def _refuse(workspace_id: int, name: str) -> None:
    raw = cursor()
    raw.execute(
        "SELECT 1 FROM fields_field WHERE workspace_id = %s AND kind = %s AND name = %s",
        [workspace_id, CUSTOMER, name],
    )
    if raw.fetchone():
        raise Conflict("field_exists", "There is an attribute of this name.", field="name")
    raise Invalid(
        "field_limit", f"A workspace makes at most {ATTRIBUTES_MADE_MAX} attributes.", field="name"
    )
