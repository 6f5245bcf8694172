"""`regulars demo` as a person runs it: real processes on a data folder of their own."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from regulars.project.demo import note, retail
from regulars.project.demo.run import slug_of

RETAIL = """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1001,A1,GREEN TEA,2,11/01/2011 10:00,4.25,501,Ukraine
1001,A2,TEAPOT,1,11/01/2011 10:00,30.00,501,Ukraine
1002,A1,GREEN TEA,1,11/20/2011 12:30,4.25,501,Ukraine
1003,A1,"GREEN TEA, LOOSE",3,11/21/2011 09:15,4.25,502,Poland
C1004,A2,TEAPOT,-1,11/25/2011 16:00,30.00,501,Ukraine
"""


class Demo:
    """A data folder and the command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {k: v for k, v in os.environ.items() if not k.startswith("REGULARS_")}
        kept.pop("DATABASE_URL", None)
        self.environment = {**kept, "REGULARS_DATA": str(folder / "var")}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "regulars.project.cli", *arguments]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments), capture_output=True, text=True, timeout=300, check=False,
            env=self.environment, cwd=self.folder,
        )  # fmt: skip


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo")
    if os.geteuid() == 0:
        for parent in (folder, folder.parent, folder.parent.parent):
            parent.chmod(0o755)
    made = Demo(folder)
    (folder / "shop.csv").write_text(RETAIL)
    done = made.run("demo", "--customers", "80", "--no-serve")
    assert done.returncode == 0, done.stderr
    return made


def test_it_shows_how_to_sign_in_and_keeps_the_shop(demo: Demo) -> None:
    kept = note.read(demo.folder / "var")

    again = demo.run("demo", "--customers", "90", "--no-serve")

    assert again.returncode == 0, again.stderr
    assert kept.password in again.stdout
    assert kept.email in again.stdout
    assert "80 customers" in again.stdout
    assert "it is kept" in " ".join(again.stdout.split())
    assert "Orders" not in again.stderr
    assert note.read(demo.folder / "var") == kept


def test_a_file_becomes_a_shop_whose_last_order_is_of_today(demo: Demo) -> None:
    done = demo.run("demo", "--data", "shop.csv", "--no-serve")
    report = demo.run("report", "base", "--workspace", "shop")

    assert done.returncode == 0, done.stderr
    assert "5 of 5 lines taken, 2 customers" in done.stdout
    found = json.loads(report.stdout)
    assert (found["invoices"], found["customers"], found["revenue"]) == (3, 2, "55.50")


def test_another_layout_is_refused_before_anything_is_done(demo: Demo) -> None:
    (demo.folder / "other.csv").write_text("a,b\n1,2\n")

    done = demo.run("demo", "--data", "other.csv", "--no-serve")

    assert done.returncode == 1
    assert "the demo needs invoiceno, stockcode" in done.stderr
    assert note.read(demo.folder / "var").shop("other") is None


def test_a_taken_port_is_named(demo: Demo) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = demo.run("demo", "--port", str(taken.getsockname()[1]))

    assert done.returncode == 1
    assert "is taken by another program" in done.stderr


def test_it_serves_until_interrupted(demo: Demo) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        demo.command("demo", "--port", str(port)), stdout=subprocess.PIPE, text=True,
        env=demo.environment, cwd=demo.folder,
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Regulars is at"):
            break
    address = f"http://127.0.0.1:{port}"
    status = _answer(f"{address}/login/")
    second = demo.run("serve", "--port", str(port))
    process.send_signal(signal.SIGINT)

    assert process.wait(180) == 0
    assert status == 200
    assert second.returncode == 1
    assert re.search(r"already runs on|is taken", second.stderr)
    with pytest.raises(urllib.error.URLError):
        _answer(f"{address}/login/", tries=1)


def _answer(address: str, *, tries: int = 100) -> int:
    for left in range(tries, 0, -1):
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return int(answer.status)
        except OSError:
            if left == 1:
                raise
            # The web process needs a moment; waiting for it is what a browser does.
            time.sleep(0.2)
    raise AssertionError


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_dates_move_by_whole_days_and_never_ahead() -> None:
    last = at("2011-12-09T12:50")

    assert retail.offset(last, at("2026-05-01T18:00")) == timedelta(days=5257)
    assert last + retail.offset(last, at("2026-05-01T09:30")) == at("2026-05-01T08:50")
    assert last + retail.offset(last, at("2026-05-01T12:50")) == at("2026-05-01T12:50")


def test_the_note_survives_and_is_private(tmp_path: Path) -> None:
    fresh = note.read(tmp_path)
    shop = note.Shop("tea", datetime(2026, 1, 1, tzinfo=UTC), customers=5)
    note.write(tmp_path, fresh.with_shop(shop))

    assert note.read(tmp_path) == fresh.with_shop(shop)
    assert (tmp_path / note.FILE).stat().st_mode & 0o077 == 0
    assert note.read(tmp_path / "elsewhere").password != fresh.password


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Online Retail.xlsx", "online-retail"), ("2024_sales.csv.gz", "2024-sales"), ("чай", "shop")],
)
def test_a_file_gives_its_name(name: str, slug: str) -> None:
    assert slug_of(Path(name)) == slug
