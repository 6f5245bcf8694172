"""A database restored on another server, whose transactions have other numbers."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from regulars.intake.connectors.tests.test_onec import connect, order, query
from regulars.project import restored
from regulars.store import place
from regulars.store.roles import Role
from regulars.workspaces.records import WorkspaceRecord
from tests.town import workspace

LATER = 10**9


@pytest.fixture
def shop(as_engine: None, db: None) -> WorkspaceRecord:
    return workspace()


def dumped_elsewhere(shop: WorkspaceRecord) -> None:
    """As if all this had been written on a server that is far ahead of this one."""
    with psycopg.connect(place.conninfo_for(Role.OWNER)) as owner:
        owner.execute("ALTER TABLE orders_order DISABLE TRIGGER USER")
        owner.execute(
            "UPDATE orders_order SET xid = (xid::text::bigint + %s)::text::xid8"
            " WHERE workspace_id = %s",
            [LATER, shop.id],
        )
        owner.execute("ALTER TABLE orders_order ENABLE TRIGGER USER")
        owner.execute(
            "UPDATE intake_subject SET target = (split_part(target, ':', 1)::bigint + %s)::text"
            " || ':' || split_part(target, ':', 2) WHERE workspace_id = %s AND kind = 'handed'",
            [LATER, shop.id],
        )


def handed(document: Any) -> list[str]:
    return [str(one.findtext("Ид")) for one in document.findall("Документ")]


def test_1c_is_given_what_it_had_not_taken_and_what_comes_after(
    shop: WorkspaceRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restored, "OTHERS_CONNECTED", "SELECT 0")
    connection = connect(shop)
    taken = order(shop, "A-1")
    onec, first, _ = query(connection)
    onec.ask("success")
    waiting = order(shop, "A-2")
    query(connection)
    dumped_elsewhere(shop)

    restored.settle()
    later = order(shop, "A-3")
    onec, after, _ = query(connection)
    onec.ask("success")
    _, again, _ = query(connection)

    assert handed(first) == [taken]
    assert sorted(handed(after)) == sorted([waiting, later])
    assert handed(again) == []
