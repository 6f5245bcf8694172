"""`regulars demo`: a filled shop on this machine, and the server on it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from regulars.kernel import clock
from regulars.kernel.errors import Invalid, Outside
from regulars.project import database, service
from regulars.project.demo import note, retail
from regulars.project.demo.note import Note, Shop
from regulars.store import place

HOST = "127.0.0.1"
CATCHER_PORT = 1025
CUSTOMERS_MIN, CUSTOMERS_MAX = 50, 2_000_000
SHOP = "tea-and-bean"
SLUG_CHARS_MAX = 40


def run(*, customers: int, data: Path | None, port: int, seed: int, is_served: bool) -> int:
    """Fill the data folder unless it is filled, then serve until told to stop.

    customers, seed  of the generated shop; a shop that is there is kept as it is
    data             a file in the Online Retail layout to fill a shop of its own with
    returns          exit code
    raises           Invalid, Conflict(folder_in_use | port_in_use), Outside(demo_unfinished)
    """
    if not CUSTOMERS_MIN <= customers <= CUSTOMERS_MAX:
        raise Invalid(
            "demo_customers", f"Choose from {CUSTOMERS_MIN} to {CUSTOMERS_MAX:,} customers."
        )
    if data is not None:
        retail.check(data)
    if is_served:
        service.check_port(HOST, port)
    signal.signal(signal.SIGTERM, _stop)
    folder = place.data_folder()
    lock = service.lock_folder(folder)
    found, shop = _plan(note.read(folder), customers=customers, data=data, seed=seed)
    before = found.catcher_port
    found = replace(found, catcher_port=_catcher_port(before))
    note.write(folder, found)
    os.environ["REGULARS_DEMO"] = "1"
    os.environ["REGULARS_CATCHER_PORT"] = str(found.catcher_port)
    os.environ.setdefault("REGULARS_PUBLIC_URL", f"http://{HOST}:{port}")
    _prepare(shop, is_moved=found.catcher_port != before)
    lock.close()
    found = note.read(folder)
    _introduce(found, found.shop(shop.slug) or shop, folder)
    return service.serve(HOST, port) if is_served else 0


def _plan(
    found: Note, *, customers: int, data: Path | None, seed: int
) -> tuple[Note, Shop]:  # fmt: skip
    """The note with the shop that is wanted; one that was begun is gone on with."""
    slug = SHOP if data is None else slug_of(data)
    shop = found.shop(slug)
    if shop is None:
        source = None if data is None else str(data.resolve())
        shop = Shop(slug, clock.now().replace(microsecond=0), customers, seed, source)
    elif data is None and (shop.customers, shop.seed) != (customers, seed):
        print(
            f"There is a shop with {shop.customers:,} customers (seed {shop.seed}) already: it is"
            " kept. Set REGULARS_DATA to another folder for another one."
        )
    return found.with_shop(shop), shop


def slug_of(data: Path) -> str:
    """The name of a workspace for this file."""
    words = re.findall(r"[a-z0-9]+", data.name.split(".")[0].lower())
    return ("-".join(words) or "shop")[:SLUG_CHARS_MAX].rstrip("-")


def _prepare(shop: Shop, *, is_moved: bool) -> None:
    """A database of this release with the shop in it, its sender pointing to the catcher."""
    print("Starting the database ...", flush=True)
    database.migrate_if_needed()
    if shop.is_filled and not is_moved:
        return
    code = _in_own_process("regulars.project.demo.fill", shop.slug)
    if code == 130:
        raise KeyboardInterrupt
    if code:
        raise Outside(
            "demo_unfinished", "The shop is not finished; start again to go on where it stopped."
        )


def _in_own_process(module: str, *arguments: str) -> int:
    """Run it to its end; it ends with us whatever ends us."""
    with subprocess.Popen([sys.executable, "-m", module, *arguments]) as process:
        try:
            return process.wait()
        except BaseException:
            process.terminate()
            raise


def _catcher_port(before: int) -> int:
    given = os.environ.get("REGULARS_CATCHER_PORT")
    if given:
        return int(given)
    free = [port for port in (before, CATCHER_PORT) if port and service.is_free(HOST, port)]
    return free[0] if free else _any_port()


def _any_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _introduce(found: Note, shop: Shop, folder: Path) -> None:
    print(
        f"""
  {shop.slug}: {shop.summary}

  Address    {os.environ["REGULARS_PUBLIC_URL"]}
  E-mail     {found.email}
  Password   {found.password}

  Letters never leave this machine: they are caught and shown in the browser.
  Everything is kept in {folder}; removing that folder removes the demo.
""",
        flush=True,
    )


def _stop(*_: object) -> NoReturn:
    raise SystemExit(128 + signal.SIGTERM)
