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
    count = 0
    for (name,) in raw.fetchall():
        count += files.path_of(name).exists()
        files.forget(name)
    # The name stays until its time is over: a file that is being written now is found by it.
    raw.execute(
        "UPDATE privacy_export SET state = 'expired', counts = '{}'"
        " WHERE workspace_id = %(workspace)s AND customer_id = ANY(%(ids)s) AND state <> 'expired'",
        person.values,
    )
    return {"export_files": count}


TRACES = Traces(
    before=(forget_exports,),
    files=(forget_exports,),
    late=(forget_exports,),
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
