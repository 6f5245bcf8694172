"""Imports by the browser, from the file to the rows that were not taken."""

from __future__ import annotations

import csv
import io
import itertools
import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from regulars.audit import queries as trail
from regulars.audit.records import Chosen
from regulars.customers import queries as customers
from regulars.customers.records import ListFilter
from regulars.intake import queries, uploads
from regulars.intake.importers.tasks import run_import_job
from regulars.jobs.records import JobRecord
from regulars.kernel import clock
from regulars.orders import queries as orders
from regulars.store.scope import cursor, scope
from regulars.workspaces import actions as workspaces
from regulars.workspaces.models import User
from regulars.workspaces.records import Role, WorkspaceRecord
from tests.town import workspace

_numbers = itertools.count(1)
HEAD = "Order no;When;Item;Pieces;Each;Mail"
GOOD = [
    HEAD,
    "1;05.01.2026;TEA;2;10,50;a@example.com",
    "2;06.01.2026;CAKE;1;20,00;b@example.com",
]
BAD = ["3;never;TEA;1;1,00;=cmd|' /C calc'!A0"]


@pytest.fixture
def shop(db: None) -> WorkspaceRecord:
    return workspace()


def member_of(shop: WorkspaceRecord, role: Role = Role.OWNER) -> Client:
    user_id = workspaces.ensure_user(f"i-{shop.id}-{next(_numbers)}@example.com", "long enough")
    with scope(shop.id):
        workspaces.add_member(shop.id, user_id, role)
    client = Client()
    client.force_login(User.objects.get(id=user_id))
    return client


def send(client: Client, lines: list[str], kind: str = "orders", name: str = "shop.csv") -> str:
    file = SimpleUploadedFile(name, "\n".join([*lines, ""]).encode())
    response = client.post(reverse("intake:upload"), {"kind": kind, "file": file})
    assert response.status_code == 302, response.content.decode()
    return str(response["Location"])


MAP = {"column-0": "number", "column-1": "placed_at", "column-2": "sku", "column-3": "quantity",
       "column-4": "unit_price", "column-5": "email"}  # fmt: skip


def work(shop: WorkspaceRecord) -> int:
    """Do the jobs of the shop as the worker would; how many there were."""
    with scope(shop.id):
        raw = cursor()
        raw.execute(
            "UPDATE jobs_job SET state = 'running', token = 1, attempts = 1 WHERE workspace_id = %s"
            " AND state = 'waiting' RETURNING id, kind, key, payload",
            [shop.id],
        )
        rows = raw.fetchall()
    for job_id, kind, key, payload in rows:
        run_import_job(
            JobRecord(job_id, shop.id, kind, key, payload, "running", clock.now(), 1, 1, {}, "")
        )
        with scope(shop.id):
            cursor().execute("UPDATE jobs_job SET state = 'done' WHERE id = %s", [job_id])
    return len(rows)


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, response.content.decode()[:500]
    return response.content.decode()


def files_of(shop: WorkspaceRecord) -> list[Path]:
    return list(uploads.path_of(shop.public_id).glob("*"))


def test_a_file_is_sent_mapped_checked_and_brought_in(shop: WorkspaceRecord) -> None:
    client = member_of(shop)
    address = send(client, GOOD + BAD)
    page = text_of(client, address)
    assert "Each" in page
    assert "10,50" in page
    # Not every heading could be known.
    assert client.post(address + "try", {}).status_code == 422

    client.post(address + "try", MAP)
    assert 'hx-trigger="every 1s"' in text_of(client, address)
    assert work(shop) == 1
    checked = text_of(client, address)
    assert "Nothing is written yet." in checked
    assert "The time of the order cannot be read." in checked
    with scope(shop.id):
        assert orders.count(shop.id) == 0

    client.post(address + "run")
    assert work(shop) == 1
    done = text_of(client, address)
    assert "What came in" in done
    with scope(shop.id):
        assert orders.count(shop.id) == 2
        assert {o.origin for o in orders.page(shop.id)} == {"import"}
    assert files_of(shop) == []
    assert "shop.csv" in text_of(client, reverse("intake:imports"))


@pytest.mark.parametrize("mark", [";;", "ab", '"', "\n"])
def test_a_mark_that_parts_no_cells_is_told(shop: WorkspaceRecord, mark: str) -> None:
    client = member_of(shop)
    address = send(client, GOOD)

    response = client.post(address + "try", {**MAP, "delimiter": mark})

    assert response.status_code == 422
    assert "The mark between the cells cannot be that." in response.content.decode()
    assert work(shop) == 0


def test_rejected_rows_come_as_a_file_that_runs_nothing(shop: WorkspaceRecord) -> None:
    client = member_of(shop)
    address = send(client, GOOD + BAD)
    client.post(address + "try", MAP)
    work(shop)

    response = client.get(address + "rejected.csv")
    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))

    assert rows[0] == [*HEAD.split(";"), "Row", "Reason", "What is wrong"]
    assert rows[1][:6] == ["3", "never", "TEA", "1", "1,00", "'=cmd|' /C calc'!A0"]
    assert rows[1][6:8] == ["3", "order_time"]
    assert len(rows) == 2


def test_who_looked_at_rejected_rows_and_took_their_file_stands_in_the_trail(
    shop: WorkspaceRecord,
) -> None:
    client = member_of(shop)
    address = send(client, GOOD + BAD)
    client.get(address)
    client.post(address + "try", MAP)
    work(shop)
    public_id = address.rstrip("/").rpartition("/")[2]

    client.get(address)
    client.get(address + "rejected.csv")

    with scope(shop.id):
        lines = trail.page(shop.id, Chosen(object_id=public_id)).rows
    told = [(one.act, one.object_kind, one.number) for one in reversed(lines)]
    assert [one for one in told if one[0].startswith("rejects.")] == [
        ("rejects.viewed", "import", None),
        ("rejects.taken", "import", 1),
    ]


def test_a_mended_file_of_rejected_rows_comes_in(shop: WorkspaceRecord) -> None:
    client = member_of(shop)
    address = send(client, [*GOOD, "3;never;TEA;1;1,00;c@example.com"])
    client.post(address + "try", MAP)
    work(shop)
    client.post(address + "run")
    work(shop)
    response = client.get(address + "rejected.csv")
    mended = b"".join(response.streaming_content).decode("utf-8-sig").replace("never", "07.01.2026")

    again = send(client, mended.splitlines())
    client.post(again + "try", MAP)
    work(shop)
    client.post(again + "run")
    work(shop)

    with scope(shop.id):
        assert sorted(o.number for o in orders.page(shop.id)) == ["1", "2", "3"]


def test_the_same_file_sent_twice_brings_nothing_new(shop: WorkspaceRecord) -> None:
    client = member_of(shop)
    for _ in range(2):
        address = send(client, GOOD)
        client.post(address + "try", MAP)
        work(shop)
        client.post(address + "run")
        work(shop)

    with scope(shop.id):
        assert orders.count(shop.id) == 2
        records = queries.imports(shop.id)
        # With nothing new to bring in, the second needs no run but may have one.
        assert [r.counts["repeated"] for r in records] == [2, 0]


def test_customers_and_events_come_in_by_the_page_too(shop: WorkspaceRecord) -> None:
    client = member_of(shop)
    people = send(client, ["email,first name,tea", "mira@example.com,Mira,green"], "customers")
    client.post(people + "try", {"column-0": "email", "column-1": "first_name", "column-2": "keep"})
    work(shop)
    client.post(people + "run")
    work(shop)
    happened = send(client, ["event,time,email,sku", "Tea,2026-01-05,mira@example.com,7"], "events")
    client.post(happened + "try", {"column-0": "event", "column-1": "time", "column-2": "email",
                                   "column-3": "keep"})  # fmt: skip
    work(shop)
    client.post(happened + "run")
    work(shop)

    with scope(shop.id):
        (mira,) = customers.page(shop.id, ListFilter()).rows
    assert (mira.first_name, dict(mira.attrs)) == ("Mira", {"tea": "green"})
    assert "sku: 7" in text_of(client, reverse("customers:card", args=[mira.public_id]))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.csv", b"", "The file is empty."),
        ("blank.csv", b"\n\n", "The file is empty."),
        ("photo.jpg", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "cannot be read"),
        ("bomb.xlsx", b"PK\x03\x04 no archive", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_not_kept(
    shop: WorkspaceRecord, name: str, content: bytes, told: str
) -> None:
    client = member_of(shop)

    response = client.post(
        reverse("intake:upload"), {"kind": "orders", "file": SimpleUploadedFile(name, content)}
    )

    assert response.status_code == 422
    assert told in response.content.decode()
    assert files_of(shop) == []
    with scope(shop.id):
        assert queries.imports(shop.id) == []


def test_a_file_over_the_limit_is_refused_and_not_kept(
    shop: WorkspaceRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = member_of(shop)
    monkeypatch.setattr(uploads, "UPLOAD_BYTES_MAX", 1_000)
    for size in (1_100, 200_000):
        response = client.post(
            reverse("intake:upload"),
            {"kind": "orders", "file": SimpleUploadedFile("a.csv", b"a,b\n" * (size // 4))},
        )
        assert response.status_code == 422
        assert "too large" in response.content.decode()

    assert files_of(shop) == []


def test_a_file_name_is_only_a_name(shop: WorkspaceRecord) -> None:
    client = member_of(shop)
    address = send(client, GOOD, name="../../<script>alert(1)</script>.csv")

    assert "<script>alert" not in text_of(client, address)
    (kept,) = files_of(shop)
    assert re.fullmatch(r"[\w-]{22}", kept.name)
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_file_read_in_another_way_is_shown_again_before_anything_runs(
    shop: WorkspaceRecord,
) -> None:
    client = member_of(shop)
    address = send(client, GOOD)

    response = client.post(address + "try", {"delimiter": ","})

    assert response.status_code == 302
    with scope(shop.id):
        (record,) = queries.imports(shop.id)
    assert (record.state, record.headings) == ("mapping", (HEAD,))
    assert work(shop) == 0


def test_two_presses_of_one_button_start_one_import(shop: WorkspaceRecord) -> None:
    client = member_of(shop)
    address = send(client, GOOD)
    client.post(address + "try", MAP)
    work(shop)

    client.post(address + "run")
    client.post(address + "run")

    assert work(shop) == 1


def test_the_progress_ends_by_asking_for_the_page(shop: WorkspaceRecord) -> None:
    client = member_of(shop)
    address = send(client, GOOD)
    client.post(address + "try", MAP)
    assert "HX-Refresh" not in client.get(address + "state").headers
    work(shop)

    assert client.get(address + "state")["HX-Refresh"] == "true"


def test_imports_of_another_shop_are_not_found(shop: WorkspaceRecord) -> None:
    address = send(member_of(shop), GOOD)
    stranger = member_of(workspace())

    assert stranger.get(address).status_code == 404
    assert stranger.post(address + "try", MAP).status_code == 404
    assert stranger.get(address + "rejected.csv").status_code == 404
    assert "shop.csv" not in text_of(stranger, reverse("intake:imports"))


@pytest.mark.parametrize("role", [Role.CASHIER, Role.ANALYST, Role.SUPPORT])
def test_only_some_roles_bring_files_in(shop: WorkspaceRecord, role: Role) -> None:
    client = member_of(shop, role)

    assert client.get(reverse("intake:imports")).status_code == 403
    response = client.post(
        reverse("intake:upload"), {"kind": "orders", "file": SimpleUploadedFile("a.csv", b"a,b\n")}
    )
    assert response.status_code == 403
    assert files_of(shop) == []


def test_a_form_without_its_token_is_refused(shop: WorkspaceRecord) -> None:
    signed_in = member_of(shop)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = signed_in.cookies

    response = strict.post(
        reverse("intake:upload"), {"kind": "orders", "file": SimpleUploadedFile("a.csv", b"a,b\n")}
    )

    assert response.status_code == 403
    assert files_of(shop) == []


def test_the_sources_tell_how_to_connect(shop: WorkspaceRecord) -> None:
    page = text_of(member_of(shop), reverse("intake:sources"))

    assert "/v1/batch" in page
    assert "no open key" in page
