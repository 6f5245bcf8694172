"""Bringing the database to this release, and proving that its fences stand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg

from regulars.kernel.errors import RegularsError
from regulars.store import place, roles
from regulars.store.roles import Role


class FenceDownError(RegularsError):
    """Rows of another workspace could be read."""


def migrate() -> None:
    """Create roles where possible, run migrations as owner, grant the tables."""
    url = place.database_url()
    has_roles = roles.ensure_roles(url)
    place.forget()
    # Django fixes its connection at set-up, so the owner's work is a process of its own.
    environment = {**os.environ, "REGULARS_ROLE": Role.OWNER.value, "DATABASE_URL": url}
    subprocess.run([sys.executable, "-m", "regulars.project.database"], env=environment, check=True)
    if has_roles:
        roles.grant_tables(url)


def migrate_if_needed() -> None:
    """Migrate unless every migration of this release is in the database already."""
    with psycopg.connect(place.database_url(), autocommit=True) as connection:
        row = connection.execute("SELECT to_regclass('django_migrations') IS NOT NULL").fetchone()
        known = set()
        if row and row[0]:
            known = {
                (str(app), str(name))
                for app, name in connection.execute("SELECT app, name FROM django_migrations")
            }
    if not _migrations_of_release() <= known:
        migrate()


def _migrations_of_release() -> set[tuple[str, str]]:
    rooms = Path(__file__).parents[1]
    return {(path.parent.parent.name, path.stem) for path in rooms.glob("*/migrations/[0-9]*.py")}


def _migrate_here() -> None:
    import django
    from django.core.management import call_command

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.project.settings")
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)


def check_fences() -> None:
    """Nothing when a row of one workspace cannot be seen from another, nor from none.

    A canary is committed by the engine under a number no workspace can have, looked for by the
    app from its own number and from another, and removed.
    raises  FenceDownError(fence_down)
    """
    key = f"canary-{os.getpid()}"
    with psycopg.connect(place.conninfo_for(Role.ENGINE), autocommit=True) as engine:
        engine.execute(
            "INSERT INTO workspaces_apikey (workspace_id, name, scope, hint, key_hash, created_at)"
            " VALUES (-1, 'canary', 'none', '', %s, now())",
            [key],
        )
        try:
            _probe(key)
        finally:
            engine.execute("DELETE FROM workspaces_apikey WHERE key_hash = %s", [key])


def _probe(key: str) -> None:
    question = "SELECT count(*) FROM workspaces_apikey WHERE key_hash = %s"
    with psycopg.connect(place.conninfo_for(Role.APP)) as app:
        for workspace, expected in (("-2", 0), ("-1", 1)):
            app.execute("SELECT set_config('regulars.workspace', %s, true)", [workspace])
            row = app.execute(question, [key]).fetchone()
            app.rollback()
            if row is None or row[0] != expected:
                raise FenceDownError(
                    "fence_down",
                    "Rows of another workspace can be read: the database user has rights it must"
                    " not have (superuser or BYPASSRLS). Read docs/operations/database.md.",
                )


if __name__ == "__main__":
    _migrate_here()
