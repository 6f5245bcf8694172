from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

WRITE = """
import sys, psycopg
from pathlib import Path
from regulars.store import embedded
server = embedded.start(Path(sys.argv[1]))
with psycopg.connect(server.url, autocommit=True) as c:
    c.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
    c.execute("INSERT INTO kept VALUES (1)")
    print(c.execute("SELECT count(*) FROM kept").fetchone()[0], flush=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "shop"
    made.mkdir()
    if os.geteuid() == 0:
        # The server runs as another user, who must be able to reach the folder.
        for parent in (tmp_path, *tmp_path.parents):
            if parent.owner() == "root" and parent != Path("/") and parent != Path("/tmp"):
                parent.chmod(0o755)
    return made


def _run(folder: Path) -> int:
    done = subprocess.run(
        [sys.executable, "-c", WRITE, str(folder)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_what_was_written_is_there_after_a_stop(folder: Path) -> None:
    assert [_run(folder), _run(folder)] == [1, 2]
    assert not (folder / "postgres" / "postmaster.pid").exists()


def test_a_server_that_a_killed_process_joined_is_stopped_by_the_last(folder: Path) -> None:
    killed = subprocess.Popen(
        [sys.executable, "-c", WRITE + "sys.stdin.read()", str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert killed.stdout is not None
    assert killed.stdout.readline() == "1\n"
    killed.kill()
    killed.wait()

    assert _run(folder) == 2
    assert not (folder / "postgres" / "postmaster.pid").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to the server's user")
def test_a_folder_copied_by_root_is_given_back_to_the_server_s_user(folder: Path) -> None:
    _run(folder)
    copy = folder.with_name("copy")
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(".s.PGSQL*"))
    assert {path.owner() for path in copy.rglob("*")} == {"root"}

    assert _run(copy) == 2


def test_a_server_that_is_given_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    from regulars.store import embedded, place

    monkeypatch.setattr(embedded, "start", lambda _: pytest.fail("started a server"))
    monkeypatch.setenv("DATABASE_URL", "postgresql://shop@db.example/regulars")
    place.forget()
    try:
        assert place.database_url() == "postgresql://shop@db.example/regulars"
    finally:
        place.forget()


def test_two_processes_share_one_server_and_the_last_stops_it(folder: Path) -> None:
    hold = subprocess.Popen(
        [sys.executable, "-c", WRITE + "sys.stdin.read()", str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert hold.stdout is not None
    assert hold.stdout.readline() == "1\n"

    assert _run(folder) == 2
    assert (folder / "postgres" / "postmaster.pid").exists()

    hold.communicate("", timeout=60)
    assert not (folder / "postgres" / "postmaster.pid").exists()


def test_roles_of_two_databases_on_one_server_are_apart() -> None:
    from regulars.store.roles import Role, conninfo, role_name

    assert role_name(Role.APP, "shop") != role_name(Role.APP, "club")
    options = psycopg.conninfo.conninfo_to_dict(
        conninfo("postgresql://u@h/shop", Role.APP, has_roles=True)
    )["options"]
    assert "-c role=shop_app" in str(options)
    assert "-c regulars.role=app" in str(options)
