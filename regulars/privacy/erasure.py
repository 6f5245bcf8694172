"""What this room's tables hold of a person, and tables that belong to no room."""

from __future__ import annotations

from collections.abc import Mapping

from regulars.privacy import files
from regulars.store.persons import Person, Traces
from regulars.store.scope import cursor


def forget_exports(person: Person) -> Mapping[str, int]:
    """Remove files that were made for the person."""
    raw = cursor()
    raw.execute(
        "SELECT stored_as FROM privacy_export WHERE workspace_id = %(workspace)s"
        " AND customer_id = ANY(%(ids)s) AND stored_as <> ''",
        person.values,
    )
    names = [str(row[0]) for row in raw.fetchall()]
    for name in names:
        files.forget(name)
    raw.execute(
        "UPDATE privacy_export SET stored_as = '', state = 'expired'"
        " WHERE workspace_id = %(workspace)s AND customer_id = ANY(%(ids)s)",
        person.values,
    )
    return {"export_files": len(names)}


TRACES = Traces(
    before=(forget_exports,),
    files=(forget_exports,),
    none={
        "privacy_erasure": "The report of an erasure: ids and counts.",
        "privacy_tombstone": "Ids of those who were erased.",
        "privacy_proof": "Keyed hashes of addresses.",
        "privacy_export": "When a file was made; the file goes with the person.",
        "lake_file": "Names of files.",
        "lake_cursor": "How far the lake is fed.",
        "lake_tombstone": "Ids of those who were erased.",
        "store_cache": "Counts of tries to sign in.",
        "django_session": "People who work here, signed in.",
        "django_content_type": "Names of tables.",
        "django_migrations": "Names of migrations.",
        "auth_permission": "Not used.",
        "auth_group": "Not used.",
        "auth_group_permissions": "Not used.",
        "account_emailaddress": "People who work here.",
        "account_emailconfirmation": "People who work here.",
    },
)
