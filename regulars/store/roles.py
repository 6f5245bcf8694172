"""Three roles: owner (migrations), app (fenced), engine (inbox, consumers, lake, leases).

On a server of our own, or one whose user may create roles, app and engine are real roles that
the login user puts on at connect. On a server where only one user exists, policies are FORCEd
and the engine says who it is by a setting; docs/decisions/0003 tells how strong each fence is.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo


class Role(StrEnum):
    """Who a connection is."""

    OWNER = "owner"
    APP = "app"
    ENGINE = "engine"


APPLICATION_NAME = "regulars"


def role_name(role: Role, database: str) -> str:
    """Roles belong to the whole server, so their names carry the database."""
    return f"{database}_{role.value}"


def conninfo(url: str, role: Role, *, has_roles: bool) -> str:
    """The connection string that arrives as this role, with the session's fixed settings."""
    database = str(conninfo_to_dict(url).get("dbname") or "postgres")
    options = ["-c timezone=UTC", "-c idle_in_transaction_session_timeout=60s"]
    if role is not Role.OWNER:
        options.append(f"-c regulars.role={role.value}")
    if has_roles and role is not Role.OWNER:
        options.append(f"-c role={role_name(role, database)}")
    return make_conninfo(url, options=" ".join(options), application_name=APPLICATION_NAME)


def has_roles(url: str) -> bool:
    """Whether both roles exist and the login user may put them on."""
    with psycopg.connect(url, autocommit=True) as connection:
        names = [role_name(r, connection.info.dbname) for r in (Role.APP, Role.ENGINE)]
        row = connection.execute(
            "SELECT count(*) FROM pg_roles"
            " WHERE rolname = ANY(%s) AND pg_has_role(current_user, oid, 'MEMBER')",
            [names],
        ).fetchone()
    return row is not None and row[0] == len(names)


def ensure_roles(url: str) -> bool:
    """Create the roles where the login user may; returns whether they exist afterwards."""
    with psycopg.connect(url, autocommit=True) as connection:
        database = connection.info.dbname
        # Until version 16 only a superuser makes a role that bypasses row-level security.
        may = connection.execute(
            "SELECT rolsuper OR (rolcreaterole AND rolbypassrls"
            " AND current_setting('server_version_num')::int >= 160000)"
            " FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        if not may or not may[0]:
            return has_roles(url)
        _create(connection, role_name(Role.APP, database), "NOBYPASSRLS")
        _create(connection, role_name(Role.ENGINE, database), "BYPASSRLS")
    return True


def _create(connection: psycopg.Connection[tuple[object, ...]], name: str, bypass: str) -> None:
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone() is None:
        connection.execute(
            sql.SQL("CREATE ROLE {} NOLOGIN NOSUPERUSER " + bypass).format(sql.Identifier(name))
        )
    connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(name)))


# What the app may not do to tables of which lines are only added, and the engine neither.
KEPT_FROM_APP = {
    "audit_entry": "UPDATE, DELETE, TRUNCATE",
    "audit_waiting": "UPDATE, DELETE, TRUNCATE",
    "audit_link": "INSERT, UPDATE, DELETE, TRUNCATE",
    "audit_head": "INSERT, UPDATE, DELETE, TRUNCATE",
    "audit_checkpoint": "INSERT, UPDATE, DELETE, TRUNCATE",
    "loyalty_txn": "UPDATE, DELETE, TRUNCATE",
    "loyalty_entry": "UPDATE, DELETE, TRUNCATE",
    "loyalty_tierchange": "UPDATE, DELETE, TRUNCATE",
    "loyalty_unsealed": "UPDATE, DELETE, TRUNCATE",
    "loyalty_seal": "INSERT, UPDATE, DELETE, TRUNCATE",
    "loyalty_sealhead": "INSERT, UPDATE, DELETE, TRUNCATE",
}
# Where a restored database gives rows new versions a trigger guards the rest of the row.
KEPT_FROM_ENGINE = {
    "audit_entry": "UPDATE, TRUNCATE",
    "audit_link": "UPDATE, TRUNCATE",
    "loyalty_txn": "DELETE, TRUNCATE",
    "loyalty_entry": "DELETE, TRUNCATE",
    "loyalty_seal": "UPDATE, DELETE, TRUNCATE",
}


def grant_tables(url: str) -> None:
    """Let app and engine use every table of ours; run after each migration."""
    with psycopg.connect(url, autocommit=True) as connection:
        database = connection.info.dbname
        for role in (Role.APP, Role.ENGINE):
            name = sql.Identifier(role_name(role, database))
            for what in (
                "USAGE ON SCHEMA public",
                "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public",
                "USAGE ON ALL SEQUENCES IN SCHEMA public",
            ):
                connection.execute(sql.SQL("GRANT " + what + " TO {}").format(name))
        for role, kept in ((Role.APP, KEPT_FROM_APP), (Role.ENGINE, KEPT_FROM_ENGINE)):
            _revoke(connection, role_name(role, database), kept)
        # A partition read by its own name would pass the fence of its parent.
        app = sql.Identifier(role_name(Role.APP, database))
        partitions = connection.execute(
            "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'"
        )
        for (name,) in partitions.fetchall():
            connection.execute(
                sql.SQL("REVOKE ALL ON {} FROM {}").format(sql.Identifier(str(name)), app)
            )


def _revoke(
    connection: psycopg.Connection[tuple[object, ...]], name: str, kept: Mapping[str, str]
) -> None:
    for table, what in kept.items():
        # A database of an older release has no such table until its migration has run.
        there = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [table]).fetchone()
        if there and there[0]:
            connection.execute(
                sql.SQL("REVOKE " + what + " ON {} FROM {}").format(
                    sql.Identifier(table), sql.Identifier(name)
                )
            )
