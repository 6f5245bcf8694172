"""Files that name an erased person are found however they are written."""

from __future__ import annotations

import pytest

from regulars.intake import erasure, uploads
from regulars.store.persons import Person
from regulars.store.scope import scope
from regulars.workspaces.records import WorkspaceRecord
from tests import town


@pytest.fixture
def shop(as_engine: object) -> WorkspaceRecord:
    return town.workspace("bakery")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "cp1251"])
@pytest.mark.parametrize("known_by", [("email", "mira@example.com"), ("phone", "+380671234567")])
def test_a_file_that_names_them_goes_and_another_stays(
    shop: WorkspaceRecord, encoding: str, known_by: tuple[str, str]
) -> None:
    rows = "Ім’я,Пошта,Телефон\nМіра,mira@example.com,380671234567\n{},380501112233\n"
    others = "Ім’я,Пошта,Телефон\nОлег,oleg@example.com,380509998877\n380501112233\n"
    named = uploads.keep(shop.public_id, [rows.encode(encoding)])
    other = uploads.keep(shop.public_id, [others.encode(encoding)])
    person = Person(shop.id, (1,), ("x",), (known_by,))

    with scope(shop.id):
        assert erasure.forget_uploads(person) == {"upload_files": 1}

    assert not uploads.path_of(named).exists()
    assert uploads.path_of(other).exists()
