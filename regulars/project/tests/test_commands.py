"""The commands as a person runs them: real processes on a data folder of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SALES = """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1001,A1,GREEN TEA,2,2011-11-01 10:00,4.25,501,Ukraine
1001,A2,TEAPOT,1,2011-11-01 10:00,30.00,501,Ukraine
1002,A1,GREEN TEA,1,2011-11-20 12:30,4.25,501,Ukraine
1003,A1,GREEN TEA,3,2011-11-21 09:15,4.25,502,Poland
C1004,A2,TEAPOT,-1,2011-11-25 16:00,30.00,501,Ukraine
1005,A1,GREEN TEA,4,2011-11-26 08:00,4.25,,Ukraine
1006,A1,GREEN TEA,x,2011-11-26 08:00,4.25,502,Ukraine
"""
MORE = "\n1007,A1,GREEN TEA,2,2011-11-27 09:00,4.25,502,Poland\n"
TWICE = {"version": 1, "where": {"fact": "order.count", "op": "gte", "value": 2}}

Run = subprocess.CompletedProcess[str]


class Shop:
    """A data folder and the program."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {k: v for k, v in os.environ.items() if not k.startswith("REGULARS_")}
        kept.pop("DATABASE_URL", None)
        self._environment = {**kept, "REGULARS_DATA": str(folder / "var")}

    def run(self, *arguments: str, given: str = "") -> Run:
        return subprocess.run(
            [sys.executable, "-m", "regulars.project.cli", *arguments],
            input=given, capture_output=True, text=True, timeout=180, check=False,
            env=self._environment, cwd=self.folder,
        )  # fmt: skip

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("shop")
    if os.geteuid() == 0:
        for parent in (folder, folder.parent, folder.parent.parent):
            parent.chmod(0o755)
    (folder / "sales.csv").write_text(SALES)
    (folder / "twice.json").write_text(json.dumps(TWICE))
    made = Shop(folder)
    first = made.json("import", "orders", "sales.csv", "--workspace", "tea", "--currency", "GBP")
    assert first["rejected"] == 1
    return made


def test_the_same_file_again_changes_nothing(shop: Shop) -> None:
    before = shop.json("report", "base", "--workspace", "tea")
    again = shop.json("import", "orders", "sales.csv", "--workspace", "tea")
    after = shop.json("report", "base", "--workspace", "tea")

    assert again["taken"] == 0
    figures = ("clean_lines", "customers", "invoices", "revenue")
    assert [before[f] for f in figures] == [4, 2, 3, "55.50"]
    assert [after[f] for f in figures] == [4, 2, 3, "55.50"]


def test_a_report_knows_the_day_it_is_asked_for(shop: Shop) -> None:
    early = shop.json("report", "base", "--workspace", "tea", "--at", "2011-11-10")

    assert (early["invoices"], early["revenue"]) == (1, "38.50")


def test_a_segment_is_counted_from_a_file(shop: Shop) -> None:
    done = shop.run("segment", "count", "--workspace", "tea", "--rule", "twice.json")

    assert (done.returncode, done.stdout.strip()) == (0, "1")


def test_the_lake_written_anew_is_the_same(shop: Shop) -> None:
    rebuilt = shop.json("lake", "rebuild", "--workspace", "tea")

    assert rebuilt["same"] is True
    assert {"events", "customers", "orders", "order_lines"} <= set(rebuilt["hashes"])


def test_a_key_is_printed_once_and_alone(shop: Shop) -> None:
    first, second = (
        shop.run("key", "create", "--workspace", "tea", "--scope", "intake") for _ in range(2)
    )

    assert (first.returncode, second.returncode) == (0, 0)
    assert len(first.stdout.split()) == 1
    assert first.stdout != second.stdout


def test_the_doctor_finds_a_healthy_shop(shop: Shop) -> None:
    done = shop.run("doctor")

    assert done.returncode == 0, done.stdout
    assert "BAD" not in done.stdout
    assert "ok   fences" in done.stdout


def test_a_restored_database_is_read_and_goes_on_being_read(shop: Shop) -> None:
    (shop.folder / "more.csv").write_text(SALES.splitlines()[0] + MORE)
    before = shop.json("report", "base", "--workspace", "tea")

    settled = shop.run("restored")
    after = shop.json("report", "base", "--workspace", "tea")
    shop.json("import", "orders", "more.csv", "--workspace", "tea")
    later = shop.json("report", "base", "--workspace", "tea")

    assert settled.returncode == 0, settled.stderr
    figures = ("clean_lines", "customers", "invoices", "revenue")
    assert [after[f] for f in figures] == [before[f] for f in figures] == [4, 2, 3, "55.50"]
    assert [later[f] for f in figures] == [5, 2, 4, "64.00"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("report", "base", "--workspace", "nowhere"), "There is no workspace nowhere"),
        (
            ("report", "base", "--workspace", "tea", "--at", "last week"),
            "Give the date as 2011-12-10",
        ),
        (("import", "orders", "absent.csv", "--workspace", "tea"), "There is no file absent.csv"),
        (("segment", "count", "--workspace", "tea", "--rule", "sales.csv"), "sales.csv"),
        (
            ("user", "create", "a@example.com", "--workspace", "tea", "--role", "king"),
            "Roles are owner",
        ),
    ],
)
def test_a_mistake_is_one_clear_line(shop: Shop, arguments: tuple[str, ...], word: str) -> None:
    done = shop.run(*arguments)

    assert done.returncode == 1
    assert word in done.stderr
    assert done.stderr.startswith("regulars: ")
    assert len(done.stderr.strip().splitlines()) == 1
