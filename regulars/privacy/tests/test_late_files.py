"""A file that is being written while its person is erased does not outlive them."""

from __future__ import annotations

from pathlib import Path

import pytest

from regulars.customers import batches
from regulars.customers import erasure as customers_erasure
from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.privacy import actions, files, queries
from regulars.privacy import erasure as privacy_erasure
from regulars.privacy.actions import exporting, removing
from regulars.privacy.tests import canary
from regulars.store.persons import Person
from regulars.store.scope import cursor, scope
from tests.town import town

pytestmark = pytest.mark.usefixtures("as_engine")


def person(bird: canary.Canary) -> Person:
    """Who is gone is known by id only."""
    return Person(bird.workspace.id, (bird.customer_id,), (), ())


def asked(bird: canary.Canary) -> str:
    with scope(bird.workspace.id):
        return actions.ask_export(
            bird.workspace.id, bird.customer_id, actor="user:1", key="late"
        ).public_id


def left(bird: canary.Canary) -> list[Path]:
    folder = files.path_of("x").parent / bird.workspace.public_id
    return list(folder.rglob("*"))


def test_an_export_that_ends_after_its_person_was_erased_leaves_no_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bird = canary.put(town().bakery)
    public_id = asked(bird)
    pack = exporting._pack

    def pack_late(*given: object) -> dict[str, int]:
        with scope(bird.workspace.id):
            privacy_erasure.forget_exports(person(bird))
        return pack(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(exporting, "_pack", pack_late)
    actions.build_export(bird.workspace.id, public_id)

    assert left(bird) == []
    with scope(bird.workspace.id):
        assert queries.export(bird.workspace.id, public_id).state == "expired"
        with pytest.raises(NotFound):
            actions.download(bird.workspace.id, public_id)


def test_an_export_whose_worker_died_after_the_erasure_is_found_by_the_next_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bird = canary.put(town().bakery)
    public_id = asked(bird)
    pack = exporting._pack

    class Killed(BaseException):
        """The worker died here."""

    def pack_and_die(*given: object) -> dict[str, int]:
        with scope(bird.workspace.id):
            privacy_erasure.forget_exports(person(bird))
        pack(*given)  # type: ignore[arg-type]
        raise Killed

    monkeypatch.setattr(exporting, "_pack", pack_and_die)
    with pytest.raises(Killed):
        actions.build_export(bird.workspace.id, public_id)
    assert len(left(bird)) == 1

    with scope(bird.workspace.id):
        counts = removing.files_again(person(bird))

    assert counts["export_files"] == 1
    assert left(bird) == []


def test_a_list_written_between_the_files_and_the_person_is_removed_with_the_rest() -> None:
    bird = canary.put(town().bakery)
    with scope(bird.workspace.id):
        customers_erasure.forget_lists(person(bird))
        # The customer is still there, and a member exports the list now.
        cursor().execute(
            "INSERT INTO customers_batch (workspace_id, public_id, act, owner_id, owner, query,"
            " chosen, given, state, total, done, skipped, last_id, reason, created_at, key)"
            " VALUES (%s, %s, 'export', 1, 'anna', '', '[]', '{\"format\": \"csv\"}', 'done', 1, 1,"
            " 0, 0, '', %s, 'late')",
            [bird.workspace.id, f"late{bird.mark}"[:22], clock.now()],
        )
        path = batches.folder() / f"{f'late{bird.mark}'[:22]}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(bird.email)

        counts = removing.files_again(person(bird))

        assert counts["list_files"] == 1
        assert not path.exists()
