"""One running server for the libraries of others, with a proxy before it for each test."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.faults.server import Server
from tests.peers.peers import Proxy

SHOP = "peers"


@dataclass(frozen=True, slots=True)
class Log:
    """What the running server took, read from its database."""

    server: Server
    database_url: str

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Rows of any query."""
        with psycopg.connect(self.database_url, autocommit=True, row_factory=dict_row) as link:
            return link.execute(query, values).fetchall()  # type: ignore[arg-type]

    def events(self, mark: str) -> list[dict[str, Any]]:
        """Events whose customer has an id that begins with the mark, once the inbox is empty."""
        self.server.wait_until_drained()
        return self.rows(
            "SELECT e.kind, e.time, e.props, e.source, e.customer_id FROM events_event AS e"
            " WHERE e.customer_id IN (SELECT customer_id FROM customers_identifier"
            " WHERE starts_with(value, %s)) AND e.kind NOT LIKE 'customer.c%%'"
            " AND e.kind <> 'customer.merged' ORDER BY e.id",
            mark,
        )

    def failed(self) -> list[dict[str, Any]]:
        """Failed events, oldest first."""
        self.server.wait_until_drained()
        return self.rows("SELECT reason, detail, source FROM events_failedevent ORDER BY id")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`regulars serve` in a folder of its own."""
    made = Server(tmp_path_factory.mktemp("peers") / "var")
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def key(server: Server) -> str:
    """A secret key of the intake."""
    return server.command("key", "create", "--workspace", SHOP, "--scope", "intake")


@pytest.fixture(scope="session")
def log(server: Server) -> Log:
    return Log(server, server.database_url)


@pytest.fixture(scope="session")
def site_key(log: Log, key: str) -> str:
    """The public key of a site on 127.0.0.1."""
    made = "rg_site_" + secrets.token_urlsafe(18)
    log.rows(
        "INSERT INTO intake_site (workspace_id, public_id, name, key, domains, consent_mode,"
        " created_at, event_kind, refused_origin) SELECT id, %s, 'Peers', %s, %s::jsonb, 'on',"
        " now(), '', '' FROM workspaces_workspace WHERE slug = %s RETURNING id",
        secrets.token_urlsafe(16),
        made,
        '["127.0.0.1"]',
        SHOP,
    )
    return made


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    made = Proxy(server.url)
    yield made
    made.close()
