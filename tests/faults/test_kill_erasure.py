"""An erasure killed in the middle, again and again, still leaves not a byte."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from regulars.privacy.tests.canary import hits
from tests.faults.server import Server

# Early, in the middle of the tables, and where the customer's own row goes.
KILLED_AT = (1, 12, 30)
PEOPLE = 200
WAIT_S = 120.0
ROUNDS = 5


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    found = Server(tmp_path / "data")
    found.start()
    yield found
    found.stop()


def people(path: Path, mark: str) -> Path:
    rows = [f"c{n},c{n}@people.example,Name{n},yes" for n in range(PEOPLE)]
    rows.insert(PEOPLE // 2, f"id-{mark},{mark}@people.example,{mark},yes")
    path.write_text("external_id,email,first_name,consent_email\n" + "\n".join(rows) + "\n")
    return path


def erase(server: Server, public_id: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "regulars.project.cli", "erase", public_id, "--workspace", "shop",
         "--now"],
        env=server.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip


def progress(url: str) -> int:
    """How many units of the work are done; all of them once the tables are."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT state, step FROM privacy_erasure").fetchone()
    if row is None:
        return 0
    return int(row[1]) if row[0] in ("waiting", "removing") else max(KILLED_AT)


def kill_at(server: Server, public_id: str, step: int) -> None:
    """Begin to erase and kill everything, the database too, when so much is done."""
    url = server.database_url
    process = erase(server, public_id)
    deadline = time.monotonic() + WAIT_S
    while progress(url) < step:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    server.kill("everything")
    process.communicate()


def test_a_killed_erasure_run_again_leaves_not_a_byte(server: Server, tmp_path: Path) -> None:
    mark = f"kanarka{secrets.token_hex(6)}"
    file = people(tmp_path / "people.csv", mark)
    server.command("import", "customers", str(file), "--workspace", "shop")
    server.wait_until_drained()
    with psycopg.connect(server.database_url) as connection:
        row = connection.execute(
            "SELECT public_id FROM customers_customer WHERE first_name = %s", [mark]
        ).fetchone()
    assert row is not None
    public_id = str(row[0])
    assert hits(mark, server.folder)

    for step in KILLED_AT:
        kill_at(server, public_id, step)
        server.start()
    server.stop()
    report: dict[str, object] = {}
    for _ in range(ROUNDS):
        process = erase(server, public_id)
        said, _ = process.communicate()
        report = json.loads(said)
        if process.returncode == 0:
            break

    assert report["state"] == "done", report
    assert hits(mark, server.folder) == []
    assert mark not in server.log()
    assert mark not in json.dumps(report)
