"""Customers of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from regulars.customers import actions as customers
from regulars.customers import queries
from regulars.customers.records import Identity
from regulars.intake.importers.tests.files import (
    asked,
    bring,
    contents,
    csv_file,
    reasons,
)
from regulars.kernel.errors import Invalid
from regulars.store.scope import scope
from regulars.workspaces.records import WorkspaceRecord
from tests.town import workspace

HEAD = "id,email,phone,first name,city,birthday,consent email,consent at"


@pytest.fixture
def shop(as_engine: None, db: None) -> WorkspaceRecord:
    return workspace()


def take(shop: WorkspaceRecord, folder: Path, *lines: str, head: str = HEAD, **options: object):  # type: ignore[no-untyped-def]
    options.setdefault("basis", "consent")
    return bring(shop, csv_file(folder, *lines, head=head), "customers", **options)


def test_people_come_in_with_what_they_agreed_to(shop: WorkspaceRecord, tmp_path: Path) -> None:
    outcome = take(
        shop,
        tmp_path,
        "1, Mira@Example.COM ,067 123 45 67,Мира,Київ,28.02.1990,так,2025-05-01",
        "2,oleg@example.com,,Oleg,,,no,",
        "3,zoe@example.com,,Zoe,,,withdrawn,2025-06-01",
    )

    assert (outcome.taken, dict(outcome.counts)) == (
        3, {"customers": 3, "new_customers": 3, "consents": 2},
    )  # fmt: skip
    found = contents(shop)
    assert found["customers"][0][:5] == ("1", "mira@example.com", "+380671234567", "Мира", "Київ")
    assert [c[:3] for c in found["consents"]] == [
        ("email", "marketing", "given"), ("email", "marketing", "withdrawn"),
    ]  # fmt: skip


def test_the_same_file_twice_changes_nothing(shop: WorkspaceRecord, tmp_path: Path) -> None:
    lines = ("1,a@example.com,,A,Lviv,,yes,2025-05-01", "2,b@example.com,,B,,,yes,")
    take(shop, tmp_path, *lines)
    before = contents(shop)

    again = take(shop, tmp_path, *lines)

    assert (again.rejected, again.counts["new_customers"], again.counts["consents"]) == (0, 0, 0)
    assert contents(shop) == before


def test_the_same_file_again_does_not_undo_what_was_put_right_by_hand(
    shop: WorkspaceRecord, tmp_path: Path
) -> None:
    lines = ("1,a@example.com,,A,Lviv,,yes,", "2,b@example.com,,B,,,,")
    take(shop, tmp_path, *lines)
    with scope(shop.id):
        (mira,) = customers.identify_many(shop.id, [Identity(external_id="1")])
        customers.change_profile(shop.id, mira, {"city": "Kyiv"}, actor="anna")
        customers.withdraw_consent(
            shop.id, mira, channel="email", purpose="marketing", source="card"
        )
    before = contents(shop)

    again = take(shop, tmp_path, *lines)

    assert (again.taken, again.repeated, again.rejected) == (0, 2, 0)
    assert contents(shop) == before
    assert before["customers"][0][4] == "Kyiv"


def test_a_row_that_says_something_new_is_taken(shop: WorkspaceRecord, tmp_path: Path) -> None:
    take(shop, tmp_path, "1,a@example.com,,A,Lviv,,,", "2,b@example.com,,B,,,,")

    again = take(shop, tmp_path, "1,a@example.com,,A,Odesa,,,", "2,b@example.com,,B,,,,")

    assert (again.taken, again.repeated) == (1, 1)
    assert [c[4] for c in contents(shop)["customers"]] == ["Odesa", None]


def test_the_same_row_is_new_to_another_shop(shop: WorkspaceRecord, tmp_path: Path) -> None:
    florist = workspace("florist")
    take(shop, tmp_path, "1,a@example.com,,A,Lviv,,,")

    assert take(florist, tmp_path, "1,a@example.com,,A,Lviv,,,").taken == 1


def test_an_old_file_does_not_bring_a_withdrawn_consent_back(
    shop: WorkspaceRecord, tmp_path: Path
) -> None:
    take(shop, tmp_path, "1,a@example.com,,A,,,unsubscribed,2026-01-01")

    take(shop, tmp_path, "1,a@example.com,,A,,,yes,")
    take(shop, tmp_path, "1,a@example.com,,A,,,yes,2025-01-01")

    assert asked(
        shop, "SELECT state FROM customers_consentstate WHERE workspace_id = %s"
    ) == [("withdrawn",)]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (",,,Nobody,,,,", "identity_missing"),
        ("9,no address,,A,,,,", "email_syntax"),
        ('9,"a@example.com\r\nBcc: b@example.com",,A,,,,', "email_line_break"),
        ("9,,12,A,,,,", "phone_syntax"),
        ("9,,,A,,yesterday,,", "customer_birthday"),
        ("9,,,A,,,perhaps,", "consent_word"),
        ("9,,,A,,,yes,some day", "consent_time"),
        ("1,,,Again,,,,", "customer_repeated"),
        (f"9,,,{'A' * 3000},,,,", "row_length"),
    ],
)
def test_a_bad_row_is_told_and_its_neighbours_come_in(
    shop: WorkspaceRecord, tmp_path: Path, line: str, reason: str
) -> None:
    outcome = take(shop, tmp_path, "1,a@example.com,,A,,,,", line, "2,b@example.com,,B,,,,")

    assert reasons(shop, outcome) == [(2, reason)]
    assert [c[0] for c in contents(shop)["customers"]] == ["1", "2"]


def test_a_dry_run_tells_who_is_new(shop: WorkspaceRecord, tmp_path: Path) -> None:
    take(shop, tmp_path, "1,a@example.com,,A,,,,")

    outcome = take(shop, tmp_path, "1,a@example.com,,A,,,,", "2,b@example.com,,B,,,,", dry_run=True)

    assert dict(outcome.counts) == {"customers": 2, "new_customers": 1}
    assert len(contents(shop)["customers"]) == 1


def test_other_columns_may_be_kept_as_attributes(shop: WorkspaceRecord, tmp_path: Path) -> None:
    outcome = take(
        shop,
        tmp_path,
        "1,green",
        head="id,favourite tea",
        mapping={"columns": {"id": "external_id", "favourite tea": "attr.tea"}},
    )

    assert outcome.taken == 1
    assert [c[5] for c in contents(shop)["customers"]] == ['{"tea": "green"}']


def test_imported_people_start_nothing(shop: WorkspaceRecord, tmp_path: Path) -> None:
    take(shop, tmp_path, "1,a@example.com,,A,Lviv,,yes,2025-05-01")

    assert {e[2] for e in contents(shop)["events"]} == {"import"}


def test_consents_come_in_only_on_a_declared_legal_ground(
    shop: WorkspaceRecord, tmp_path: Path
) -> None:
    line = "1,a@example.com,,A,,,yes,2025-05-01"
    with pytest.raises(Invalid) as told:
        take(shop, tmp_path, line, basis="")
    assert told.value.code == "consent_basis"
    assert contents(shop)["customers"] == []

    take(shop, tmp_path, line, basis="existing_customer")
    take(shop, tmp_path, "2,b@example.com,,B,,", head="id,email,phone,first name,city,x", basis="")

    assert asked(shop, "SELECT state, basis FROM customers_consent WHERE workspace_id = %s") == [
        ("given", "existing_customer")
    ]


def test_a_suppressed_address_stays_suppressed_whatever_a_file_says(
    shop: WorkspaceRecord, tmp_path: Path
) -> None:
    with scope(shop.id):
        customers.suppress(shop.id, channel="email", address="a@example.com", reason="complaint")

    take(shop, tmp_path, "1,a@example.com,,A,,,yes,2026-05-01")

    with scope(shop.id):
        (anna,) = customers.identify_many(shop.id, [Identity(external_id="1")])
        assert queries.may_contact(shop.id, [anna], "email", "marketing") == {anna: "suppressed"}
