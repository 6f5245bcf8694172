"""An import killed at half and begun again takes every row exactly once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.faults.server import Server

ROWS = 20_000
BAD_EVERY = 100
WAIT_S = 120.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    found = Server(tmp_path / "data")
    found.start()
    yield found
    found.stop()


def people(path: Path) -> Path:
    rows = (
        f"c{n},{'no address' if n % BAD_EVERY == 0 else f'c{n}@people.example'},Name{n},yes\n"
        for n in range(ROWS)
    )
    path.write_text("external_id,email,first_name,consent_email\n" + "".join(rows))
    return path


def count(url: str, question: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return int(row[0])


def test_a_killed_import_begun_again_takes_each_row_once(server: Server, tmp_path: Path) -> None:
    file = people(tmp_path / "people.csv")
    words = ["import", "customers", str(file), "--workspace", "shop"]
    url = server.database_url
    process = subprocess.Popen(
        [sys.executable, "-m", "regulars.project.cli", *words],
        env=server.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + WAIT_S
    while count(url, "SELECT count(*) FROM customers_customer") < ROWS // 4:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    half = count(url, "SELECT count(*) FROM customers_customer")
    assert 0 < half < ROWS - ROWS // BAD_EVERY

    outcome = json.loads(server.command(*words))

    rejected = ROWS // BAD_EVERY
    assert (outcome["rows"], outcome["rejected"], outcome["repeated"]) == (ROWS, rejected, half)
    assert outcome["taken"] + outcome["repeated"] + outcome["rejected"] == ROWS
    assert outcome["counts"]["new_customers"] == ROWS - rejected - half
    for question, expected in (
        ("SELECT count(*) FROM customers_customer", ROWS - rejected),
        ("SELECT count(DISTINCT external_id) FROM customers_customer", ROWS - rejected),
        ("SELECT count(*) FROM customers_consent", ROWS - rejected),
        ("SELECT count(*) FROM customers_identifier", 2 * (ROWS - rejected)),
    ):
        assert count(url, question) == expected, question
