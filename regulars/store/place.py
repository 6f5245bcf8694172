"""Where this process finds its database and its files; read once from the environment."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from regulars.store import roles
from regulars.store.roles import Role


def data_folder() -> Path:
    """The folder that holds everything the product keeps (REGULARS_DATA, else ./var)."""
    return Path(os.environ.get("REGULARS_DATA") or "var").resolve()


def lake_folder() -> Path:
    """Where the lake's files are."""
    return data_folder() / "lake"


@cache
def database_url() -> str:
    """DATABASE_URL, or the address of our own server, which is started when it is not running."""
    given = os.environ.get("DATABASE_URL")
    if given:
        return given
    from regulars.store import embedded

    # Child processes of `serve` inherit the address and do not hold the server themselves.
    url = embedded.start(data_folder()).url
    os.environ["DATABASE_URL"] = url
    os.environ["REGULARS_EMBEDDED"] = "1"
    return url


def is_own_server() -> bool:
    """Whether the database is the one we start ourselves, on this machine."""
    return bool(os.environ.get("REGULARS_EMBEDDED"))


@cache
def _has_roles(url: str) -> bool:
    given = os.environ.get("REGULARS_HAS_ROLES")
    return roles.has_roles(url) if given is None else given == "1"


def process_role() -> Role:
    """The role of this process's Django connection: app unless it says otherwise."""
    return Role(os.environ.get("REGULARS_ROLE") or Role.APP.value)


def conninfo_for(role: Role) -> str:
    """A psycopg connection string for the role."""
    url = database_url()
    return roles.conninfo(url, role, has_roles=role is not Role.OWNER and _has_roles(url))


def django_database(role: Role) -> dict[str, Any]:
    """Django's description of the connection of this role."""
    parts: dict[str, Any] = conninfo_to_dict(conninfo_for(role))
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host"}
    described = {ours: parts.pop(theirs, "") for ours, theirs in names.items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **described,
        "PORT": parts.pop("port", ""),
        "OPTIONS": parts,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }


def forget() -> None:
    """Read the environment again (after migrations created the roles, and in tests)."""
    database_url.cache_clear()
    _has_roles.cache_clear()
