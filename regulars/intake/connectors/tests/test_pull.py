"""Files that are fetched by themselves."""

from __future__ import annotations

import base64
import os
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings as installation
from hypothesis import given
from hypothesis import strategies as st

from regulars import wiring
from regulars.intake.connectors import actions, queries
from regulars.intake.connectors.pull import pulling
from regulars.intake.connectors.pull.settings import back_off, check_pull, next_due
from regulars.intake.connectors.pull.stock import read_stock
from regulars.intake.connectors.records import (
    ConnectionKind,
    ConnectionRecord,
    ConnectionState,
)
from regulars.intake.connectors.tests import shop as other
from regulars.jobs import runner
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, Outside
from regulars.outside import fetch as module
from regulars.outside.fetch import fetch
from regulars.store.scope import cursor, scope
from regulars.workspaces.records import WorkspaceRecord
from tests.town import workspace

ORDERS = "Order no,When,Item,Pieces,Each,Mail\n1,2026-01-05,TEA,2,10.50,a@example.com\n"
COLUMNS = {"Order no": "number", "When": "placed_at", "Item": "sku", "Pieces": "quantity",
           "Each": "unit_price", "Mail": "email"}  # fmt: skip


class Peer(BaseHTTPRequestHandler):
    """The other side: what it serves, and what it was asked."""

    pages: ClassVar[dict[str, tuple[int, dict[str, str], bytes]]] = {}
    asked: ClassVar[list[tuple[str, dict[str, str]]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        status, headers, body = self.pages.get(self.path, (404, {}, b""))
        if status == 200 and headers.get("ETag", "-") == self.headers.get("If-None-Match"):
            status, body = 304, b""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def peer() -> Iterator[str]:
    Peer.pages, Peer.asked = {}, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def shop(as_engine: None, db: None) -> WorkspaceRecord:
    return workspace()


@pytest.fixture
def allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "allowed"
    folder.mkdir()
    monkeypatch.setattr(installation, "PULL_FOLDERS", [str(folder)])
    return folder


def pull(shop: WorkspaceRecord, **more: Any) -> ConnectionRecord:
    told = {"layout": "orders", "where": "url", "auth": "none", "schedule": "hours", "every": 1,
            "columns": COLUMNS, "source": "old-shop", **more}  # fmt: skip
    return other.connect(shop, ConnectionKind.PULL, **told)


def come_round(shop: WorkspaceRecord, connection: ConnectionRecord) -> ConnectionRecord:
    """Let the pull run once and tell how the connection is now."""
    with scope(shop.id):
        pulling.plan(shop.id, connection.id)
    while runner.run_once(wiring.JOBS, wiring.GAVE_UP):
        pass
    with scope(shop.id):
        return queries.connection_by_id(shop.id, connection.id)


def outcomes(shop: WorkspaceRecord, connection: ConnectionRecord) -> list[tuple[str, str]]:
    return [(one.outcome.value, one.reason) for one in other.log_of(shop, connection)]


def numbers(shop: WorkspaceRecord) -> set[str]:
    with scope(shop.id):
        raw = cursor()
        raw.execute("SELECT number FROM orders_order WHERE workspace_id = %s", [shop.id])
        return {row[0] for row in raw.fetchall()}


def test_a_file_at_an_address_comes_in_once(shop: WorkspaceRecord, peer: str) -> None:
    Peer.pages["/orders.csv"] = (200, {"ETag": '"v1"'}, ORDERS.encode())
    connection = pull(shop, url=f"{peer}/orders.csv", auth="basic", user="anna")

    first = come_round(shop, connection)
    come_round(shop, connection)
    Peer.pages["/orders.csv"] = (200, {"ETag": '"v2"'}, ORDERS.encode())
    come_round(shop, connection)
    more = ORDERS + "2,2026-01-06,CAKE,1,20.00,b@example.com\n"
    Peer.pages["/orders.csv"] = (200, {"ETag": '"v3"'}, more.encode())
    last = come_round(shop, connection)

    assert numbers(shop) == {"1", "2"}
    assert outcomes(shop, connection) == [("taken", ""), ("taken", "")]
    asked = [headers for _, headers in Peer.asked]
    assert [one.get("if-none-match") for one in asked] == [None, '"v1"', '"v1"', '"v2"']
    pair = base64.b64encode(f"anna:{other.SECRET}".encode()).decode()
    assert {one["authorization"] for one in asked} == {f"Basic {pair}"}
    assert first.due_at is not None and last.failures == 0
    assert timedelta(minutes=59) < first.due_at - clock.now() <= timedelta(hours=1)


def test_failures_wait_longer_and_longer_and_are_told(shop: WorkspaceRecord, peer: str) -> None:
    connection = pull(shop, url=f"{peer}/gone.csv")

    waits = []
    for _ in range(3):
        found = come_round(shop, connection)
        assert found.due_at is not None
        waits.append(round((found.due_at - clock.now()).total_seconds() / 60))

    assert waits == [5, 10, 20]
    assert found.failures == 3
    assert "404" in found.error_text
    Peer.pages["/gone.csv"] = (200, {}, ORDERS.encode())
    assert come_round(shop, connection).failures == 0
    assert numbers(shop) == {"1"}


def test_one_pull_runs_at_a_time(shop: WorkspaceRecord, peer: str) -> None:
    connection = pull(shop, url=f"{peer}/orders.csv")
    with scope(shop.id):
        pulling.plan(shop.id, connection.id)
        pulling.plan(shop.id, connection.id)
        raw = cursor()
        raw.execute(
            "UPDATE jobs_job SET state = 'running', token = token + 1,"
            " leased_until = now() + interval '1 minute' WHERE workspace_id = %s"
            " AND kind = 'intake.pull' RETURNING id",
            [shop.id],
        )
        assert len(raw.fetchall()) == 1

    come_round(shop, connection)

    assert Peer.asked == []


def test_a_paused_pull_rests(shop: WorkspaceRecord, peer: str) -> None:
    connection = pull(shop, url=f"{peer}/orders.csv")
    with scope(shop.id):
        actions.set_state(shop.id, connection.public_id, ConnectionState.PAUSED)

    come_round(shop, connection)

    assert Peer.asked == []


def test_a_file_that_cannot_be_read_is_told_once_and_tried_after_a_change(
    shop: WorkspaceRecord, peer: str
) -> None:
    Peer.pages["/orders.csv"] = (200, {"ETag": '"v1"'}, ORDERS.encode())
    connection = pull(shop, url=f"{peer}/orders.csv", columns={"Nothing": "number"})
    for _ in range(2):
        assert come_round(shop, connection).failures == 1
    assert outcomes(shop, connection) == [("failed", "file_columns")]

    with scope(shop.id):
        actions.change_connection(shop.id, connection.public_id, settings={"columns": COLUMNS})
        assert pulling.forget_failed(shop.id, connection.id) == 1
    come_round(shop, connection)

    assert numbers(shop) == {"1"}


def test_files_of_a_folder_are_read_and_left_there(shop: WorkspaceRecord, allowed: Path) -> None:
    (allowed / "one.csv").write_text(ORDERS)
    (allowed / "two.csv").write_text(ORDERS.replace("\n1,", "\n2,"))
    (allowed / "notes.txt").write_text("no table")
    (allowed / "link.csv").symlink_to("/etc/passwd")
    (allowed / "deep.csv").mkdir()
    connection = pull(shop, where="folder", folder=str(allowed), pattern="*.csv")

    come_round(shop, connection)
    os.rename(allowed / "one.csv", allowed / "renamed.csv")
    come_round(shop, connection)

    assert numbers(shop) == {"1", "2"}
    assert len(outcomes(shop, connection)) == 2
    assert {path.name for path in allowed.iterdir()} == {
        "renamed.csv", "two.csv", "notes.txt", "link.csv", "deep.csv",
    }  # fmt: skip


def stock_of(shop: WorkspaceRecord, sku: str) -> str:
    with scope(shop.id):
        raw = cursor()
        raw.execute("SELECT trim_scale(on_hand)::text FROM orders_stock WHERE workspace_id = %s"
                    " AND sku = %s", [shop.id, sku])  # fmt: skip
        (found,) = raw.fetchall()
    return str(found[0])


def test_stock_that_goes_back_to_what_it_was_is_news(shop: WorkspaceRecord, peer: str) -> None:
    connection = pull(shop, url=f"{peer}/stock.csv", layout="stock", columns={})
    seen = []

    for count in (5, 3, 5, 5, 3):
        Peer.pages["/stock.csv"] = (200, {}, f"sku,quantity\nTEA,{count}\n".encode())
        come_round(shop, connection)
        seen.append(stock_of(shop, "TEA"))

    assert seen == ["5", "3", "5", "5", "3"]
    assert outcomes(shop, connection) == [("taken", "")] * 4


def test_a_price_that_goes_back_after_a_file_nobody_could_read_is_news(
    shop: WorkspaceRecord, peer: str
) -> None:
    connection = pull(shop, url=f"{peer}/goods.csv", layout="catalogue", columns={})
    for body in ("sku,name,price\nTEA,Tea,9\n", "sku,name,price\nTEA,Tea,8\n", "broken",
                 "sku,name,price\nTEA,Tea,9\n"):  # fmt: skip
        Peer.pages["/goods.csv"] = (200, {}, body.encode())
        come_round(shop, connection)

    with scope(shop.id):
        raw = cursor()
        raw.execute("SELECT trim_scale(list_price)::text FROM orders_product"
                    " WHERE workspace_id = %s", [shop.id])  # fmt: skip
        assert raw.fetchall() == [("9",)]


def test_files_of_a_folder_that_go_back_are_news_and_renamed_ones_are_not(
    shop: WorkspaceRecord, allowed: Path
) -> None:
    connection = pull(shop, where="folder", folder=str(allowed), pattern="*.csv", layout="stock",
                      columns={})  # fmt: skip
    now = allowed / "now.csv"
    seen = []

    for number, count in enumerate((5, 3, 5), 1):
        # The shop keeps what it wrote before under another name.
        if now.exists():
            now.rename(allowed / f"before-{number}.csv")
        now.write_text(f"sku,quantity\nTEA,{count}\n")
        os.utime(now, (1_700_000_000 + number, 1_700_000_000 + number))
        come_round(shop, connection)
        come_round(shop, connection)
        seen.append(stock_of(shop, "TEA"))

    assert seen == ["5", "3", "5"]
    assert outcomes(shop, connection) == [("taken", "")] * 3


def test_two_files_of_one_content_are_both_known(shop: WorkspaceRecord, allowed: Path) -> None:
    connection = pull(shop, where="folder", folder=str(allowed), pattern="*.csv", layout="stock",
                      columns={})  # fmt: skip
    for number, name in enumerate(("one.csv", "two.csv"), 1):
        (allowed / name).write_text("sku,quantity\nTEA,5\n")
        os.utime(allowed / name, (1_700_000_000 + number, 1_700_000_000 + number))

    come_round(shop, connection)
    # Written anew, saying the same.
    os.utime(allowed / "one.csv", (1_700_000_009, 1_700_000_009))
    come_round(shop, connection)

    assert outcomes(shop, connection) == [("taken", "")] * 2


def stock_file(folder: Path, body: str) -> Path:
    path = folder / "stock.csv"
    path.write_text(body)
    return path


def counts_of(folder: Path, *cells: str, decimal: str = "") -> list[str]:
    rows = "".join(f"S{number};{cell}\n" for number, cell in enumerate(cells))
    found, _ = read_stock(stock_file(folder, "sku;quantity\n" + rows), {}, "Shop", decimal)
    return [f"{count.normalize():f}" for count in found["Shop"].values()]


@pytest.mark.parametrize(
    ("cells", "decimal", "expected"),
    [(["1,234", "0,500"], "", ["1.234", "0.5"]), (["1,234", "2.5"], "", ["1234", "2.5"]),
     (["1.234", "1.234,5"], "", ["1234", "1234.5"]), (["1,234"], ".", ["1234"]),
     (["1,234"], ",", ["1.234"]), (["1,234,567"], "", ["1234567"]), (["-2", "+3"], "", ["-2", "3"]),
     (["1 234,5", "7"], "", ["1234.5", "7"]), (["1,5", "2.5"], "", ["1.5", "2.5"]),
     (["5.", ".5"], "", ["5", "0.5"])],
)  # fmt: skip
def test_counts_are_read_by_the_mark_of_their_column(
    tmp_path: Path, cells: list[str], decimal: str, expected: list[str]
) -> None:
    assert counts_of(tmp_path, *cells, decimal=decimal) == expected


@pytest.mark.parametrize(
    ("cells", "decimal", "code"),
    [(["1,234"], "", "stock_number"), (["5", "12.000"], "", "stock_number"),
     (["1,5", "2.5", "1.234"], "", "stock_number"), (["1,2,3"], "", "stock_row"),
     (["2.5"], ",", "stock_row"), (["1e5"], "", "stock_row"), ([""], "", "stock_row"),
     (["9" * 13], "", "stock_row"), (["NaN"], "", "stock_row"), (["٣"], "", "stock_row")],
)  # fmt: skip
def test_a_count_nobody_can_be_sure_of_is_refused(
    tmp_path: Path, cells: list[str], decimal: str, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        counts_of(tmp_path, *cells, decimal=decimal)

    assert refused.value.code == code


def test_a_product_twice_for_one_place_is_refused(tmp_path: Path) -> None:
    twice = stock_file(tmp_path, "sku,place,quantity\nTEA,A,1\nTEA,B,2\nTEA,A,3\n")
    with pytest.raises(Invalid) as refused:
        read_stock(twice, {}, "Shop")

    assert (refused.value.code, "Row 3" in refused.value.message) == ("stock_repeated", True)
    named = stock_file(tmp_path, "sku,place,quantity\nTEA,,1\nTEA,Shop,2\n")
    with pytest.raises(Invalid, match="twice"):
        read_stock(named, {}, "Shop")


@pytest.mark.parametrize("folder", ["/etc", "..", "../..", "out", "/", "allowed/../.."])
def test_no_folder_outside_the_allowed_ones_is_read(
    shop: WorkspaceRecord, allowed: Path, folder: str
) -> None:
    (allowed / "out").symlink_to(allowed.parent)
    connection = pull(shop, where="folder", folder=folder, pattern="*")
    with pytest.raises(Invalid):
        pulling.check_place({"where": "folder", "folder": folder})

    assert come_round(shop, connection).error_code == "pull_folder"
    assert numbers(shop) == set()


def test_costs_and_stock_are_pulled_too(shop: WorkspaceRecord, allowed: Path) -> None:
    (allowed / "costs.csv").write_text("date,campaign,cost\n2026-11-01,A,12.50\n")
    (allowed / "stock.csv").write_text("Артикул;Склад;Залишок\nTEA;Київ;5\nCUP;;2,5\n")
    costs = pull(shop, where="folder", folder=str(allowed), pattern="costs.csv", layout="costs",
                 columns={}, source="radio")  # fmt: skip
    stock = pull(shop, where="folder", folder=str(allowed), pattern="stock.csv", layout="stock",
                 columns={})  # fmt: skip

    come_round(shop, costs)
    come_round(shop, stock)

    with scope(shop.id):
        raw = cursor()
        raw.execute("SELECT source, amount_minor FROM orders_cost WHERE workspace_id = %s",
                    [shop.id])  # fmt: skip
        assert raw.fetchall() == [("radio", 1250)]
        raw.execute(
            "SELECT p.name, s.sku, trim_scale(s.on_hand)::text FROM orders_stock AS s JOIN"
            " orders_place AS p ON p.id = s.place_id WHERE s.workspace_id = %s ORDER BY 2",
            [shop.id],
        )
        assert raw.fetchall() == [("My pull", "CUP", "2.5"), ("Київ", "TEA", "5")]


@pytest.mark.parametrize(
    ("path", "code"),
    [("/loop", "fetch_redirects"), ("/to-file", "fetch_url"), ("/500", "fetch_status"),
     ("/short", "fetch_failed"), ("/big", "fetch_big")],
)  # fmt: skip
def test_a_fetch_ends_well_or_with_a_reason(
    peer: str, tmp_path: Path, path: str, code: str
) -> None:
    Peer.pages |= {
        "/loop": (302, {"Location": "/loop"}, b""),
        "/to-file": (302, {"Location": "file:///etc/passwd"}, b""),
        "/500": (500, {}, b""),
        "/short": (200, {"Content-Length": "10"}, b"12345"),
        "/big": (200, {}, b"x" * 2_000),
    }

    with pytest.raises(Outside) as told:
        fetch(peer + path, tmp_path / "x", headers={}, bytes_max=1_000)

    assert told.value.code == code


def test_a_redirect_to_a_private_host_is_refused(
    peer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[tuple[str, int]] = []

    def judge(host: str, port: int) -> str:
        judged.append((host, port))
        if host != "127.0.0.1":
            raise Outside("host_private", "no", is_permanent=True)
        return host

    monkeypatch.setattr(module, "checked_address", judge)
    Peer.pages["/in"] = (301, {"Location": "http://169.254.169.254/latest/meta-data/"}, b"")

    with pytest.raises(Outside) as told:
        fetch(f"{peer}/in", tmp_path / "x", headers={}, bytes_max=1_000)

    assert told.value.code == "host_private"
    assert [host for host, _ in judged] == ["127.0.0.1", "169.254.169.254"]


def test_secrets_do_not_follow_to_another_host(peer: str, tmp_path: Path) -> None:
    elsewhere = peer.replace("127.0.0.1", "localhost")
    Peer.pages["/in"] = (307, {"Location": f"{elsewhere}/out"}, b"")
    Peer.pages["/out"] = (200, {}, b"ok")

    fetch(f"{peer}/in", tmp_path / "x", headers={"Authorization": "Bearer t", "X": "y"},
          bytes_max=1_000)  # fmt: skip

    assert [(p, h.get("authorization"), h.get("x")) for p, h in Peer.asked] == [
        ("/in", "Bearer t", "y"), ("/out", None, "y"),
    ]  # fmt: skip


def test_a_private_host_is_not_reached_unless_the_operator_allows_it(
    peer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "ALLOW_PRIVATE_HOSTS", False)

    for url in (
        peer,
        peer.replace("127.0.0.1", "localhost"),
        peer.replace("127.", "0x7f."),
        peer.replace("127.0.0.1", "2130706433"),
        peer.replace("127.0.0.1", "[::1]"),
    ):
        with pytest.raises(Outside):
            fetch(f"{url}/x", tmp_path / "x", headers={}, bytes_max=10)
    assert Peer.asked == []


def test_a_private_host_is_refused_when_it_is_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"where": "url", "url": "http://169.254.169.254/latest/"}
    pulling.check_place(told)
    monkeypatch.setattr(installation, "ALLOW_PRIVATE_HOSTS", False)

    with pytest.raises(Invalid) as refused:
        pulling.check_place(told)

    assert refused.value.code == "host_private"
    pulling.check_place({"where": "url", "url": "http://no-such-host.invalid/x"})


def test_a_catalogue_is_pulled_too(shop: WorkspaceRecord, allowed: Path) -> None:
    (allowed / "goods.csv").write_text("sku,name,price\nTEA,Tea,12.50\n")
    connection = pull(shop, where="folder", folder=str(allowed), pattern="goods.csv",
                      layout="catalogue", columns={})  # fmt: skip

    come_round(shop, connection)

    assert outcomes(shop, connection) == [("taken", "")]
    with scope(shop.id):
        raw = cursor()
        raw.execute(
            "SELECT sku, trim_scale(list_price)::text FROM orders_product"
            " WHERE workspace_id = %s", [shop.id],
        )  # fmt: skip
        assert raw.fetchall() == [("TEA", "12.5")]


@pytest.mark.parametrize(
    "wrong",
    [{"url": "ftp://a/b"}, {"url": "https://u:p@a/b"}, {"url": "https:///b"}, {"url": ""},
     {"url": "https://a:99999/b"}, {"url": "https://a/\nb"}, {"every": 0}, {"schedule": "never"},
     {"schedule": "minutes", "every": 4}, {"schedule": "daily", "at": "25:00"},
     {"where": "folder", "folder": "../x", "pattern": "*"},
     {"where": "folder", "folder": "x", "pattern": "../*"}],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    good = {"where": "url", "url": "https://a.example/b.csv", "schedule": "hours", "every": 1}
    check_pull(good)

    with pytest.raises(Invalid):
        check_pull({**good, **wrong})


def test_a_time_of_day_is_by_the_clock_of_the_workspace() -> None:
    daily = {"schedule": "daily", "at": "06:00"}
    before = datetime(2026, 3, 28, 3, 0, tzinfo=UTC)

    # In the night to 29 March 2026 the clocks of Kyiv go forward.
    assert next_due(daily, before, "Europe/Kyiv") == datetime(2026, 3, 28, 4, 0, tzinfo=UTC)
    after = datetime(2026, 3, 28, 4, 0, tzinfo=UTC)
    assert next_due(daily, after, "Europe/Kyiv") == datetime(2026, 3, 29, 3, 0, tzinfo=UTC)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001 - given a zone below
    st.sampled_from(["Europe/Kyiv", "UTC", "America/Sao_Paulo", "Asia/Kathmandu"]),
    st.times(),
)
def test_the_next_pull_lies_within_a_day_ahead(now: datetime, zone: str, at: Any) -> None:
    now = now.replace(tzinfo=UTC)
    due = next_due({"schedule": "daily", "at": at.strftime("%H:%M")}, now, zone)

    assert timedelta(0) < due - now <= timedelta(hours=26)
    assert due.astimezone(ZoneInfo(zone)).tzinfo is not None


def test_pauses_double_up_to_a_day() -> None:
    minutes = [back_off(n).total_seconds() / 60 for n in (0, 1, 2, 3, 50)]

    assert minutes == [5, 5, 10, 20, 24 * 60]


class Answer:
    """What arrives drop by drop."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    def read1(self, size: int) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    def getheader(self, name: str, default: str) -> str:
        return default


def test_a_file_that_comes_drop_by_drop_does_not_outlive_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter([0.0, 20.0, 40.0, 61.0, 90.0])
    monkeypatch.setattr(clock, "monotonic_s", lambda: next(seconds))
    answer: Any = Answer([b"x"] * 10)

    with pytest.raises(Outside) as told:
        module._read(answer, tmp_path / "x", 1_000, 60.0)

    assert told.value.code == "fetch_slow"
    assert len(answer.pieces) == 6


@pytest.mark.parametrize(
    ("before", "after", "is_safe"),
    [("https://a.example/1", "https://a.example/2", True),
     ("https://a.example/1", "http://a.example/1", False),
     ("http://a.example/1", "https://a.example/1", True),
     ("https://a.example/1", "https://b.example/1", False)],
)  # fmt: skip
def test_secrets_go_nowhere_less_safe(before: str, after: str, is_safe: bool) -> None:
    assert module._is_as_safe(before, after) is is_safe


def test_a_peer_that_never_answers_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WHOLE_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/x"

        with pytest.raises(Outside) as told:
            fetch(url, tmp_path / "x", headers={}, bytes_max=10)

    assert told.value.code == "fetch_slow"
