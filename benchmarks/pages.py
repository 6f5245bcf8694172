"""Every page of the product at a hundred thousand customers and a million events.

The shop of the demo is filled into `--folder` (kept, so that a second run starts at once), served
as a user would serve it, and walked from the overview along its links. Each page is asked for
once after a restart (cold: no compiled template, no open file) and then in rounds through all
pages, so that none is always the last one asked. What is timed is the answer on one local
connection, no other request beside it. The note also says what the answer cost the processors,
web process and database together: on a machine that is busy with other things only that figure
tells something about the page.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from statistics import median
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import psutil

from benchmarks.common import Report
from regulars.project.demo import note
from tests.faults.server import Server

CUSTOMERS = 100_000
ROUNDS = 20
COLD_STARTS = 3
BAR_MS, OVERVIEW_BAR_MS = 200, 400
OVERVIEW = "reports:overview"
# Addresses that stand for a page: a list, some of its pages, some cards.
ADDRESSES_MAX = 3
PAGES_MAX = 400
WAIT_S = 60.0
LINK = re.compile(r'\shref="([^"#]+)')
# What ends the session, and what is no page of ours.
LEFT_OUT = re.compile(r"^/(static/|admin/|api/|logout|o/|l/|u/)")
# A crawl finds the first pages of a list; people also search it and go far into it.
SEEDS = ("/", "/customers/?q=olena", "/customers/?page=40", "/?period=365", "/search?q=ol")


@dataclass(slots=True)
class Page:
    """A page by its name and the parameters it was asked with; times in ms."""

    name: str
    addresses: list[str] = field(default_factory=list)
    cold_ms: list[float] = field(default_factory=list)
    warm_ms: list[float] = field(default_factory=list)
    processor_ms: list[float] = field(default_factory=list)


def fill(folder: Path, customers: int) -> None:
    """The demo's shop in this folder, unless it is there."""
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    subprocess.run(
        [sys.executable, "-m", "regulars.project.cli", "demo", "--no-serve",
         "--customers", str(customers)],
        env={**environment, "REGULARS_DATA": str(folder)},
        check=True,
    )  # fmt: skip


@contextmanager
def signed_in(server: Server, folder: Path) -> Iterator[httpx.Client]:
    """A running server and a browser of its owner."""
    server.start()
    try:
        with httpx.Client(base_url=server.url, timeout=WAIT_S) as client:
            sign_in(client, folder)
            yield client
    finally:
        server.stop()


def sign_in(client: httpx.Client, folder: Path) -> None:
    """Sign in by the form, as a person would."""
    known = note.read(folder)
    form = client.get("/login/", follow_redirects=True)
    found = re.search(r'csrfmiddlewaretoken" value="([^"]+)', form.text)
    assert found is not None, "the sign-in page has no form"
    answer = client.post(
        str(form.url),
        data={
            "csrfmiddlewaretoken": found[1], "login": known.email, "password": known.password,
        },
        headers={"Referer": str(form.url)},
    )  # fmt: skip
    assert answer.status_code == 302, f"could not sign in: {answer.status_code}"


def walk(client: httpx.Client) -> dict[str, Page]:
    """Pages by name, each with some addresses, found along the links from the overview."""
    pages: dict[str, Page] = {}
    waiting, seen = list(SEEDS), set(SEEDS)
    while waiting and sum(len(page.addresses) for page in pages.values()) < PAGES_MAX:
        address = waiting.pop(0)
        page = pages.setdefault(name_of(address), Page(name_of(address)))
        if len(page.addresses) >= ADDRESSES_MAX:
            continue
        answer = client.get(address)
        if answer.is_redirect:
            found = [urljoin(address, answer.headers["location"])]
        elif answer.status_code == 404 and address in SEEDS:
            found = []
        else:
            assert answer.status_code == 200, f"{address} answers {answer.status_code}"
            is_page = answer.headers["content-type"].startswith("text/html")
            found = [urljoin(address, unescape(link)) for link in LINK.findall(answer.text)]
            found = found if is_page else []
            page.addresses.extend([address] if is_page else [])
        fresh = [one for one in dict.fromkeys(found) if one not in seen and is_ours(one)]
        seen.update(fresh)
        waiting.extend(fresh)
    return {name: page for name, page in sorted(pages.items()) if page.addresses}


def is_ours(address: str) -> bool:
    """Whether the link is a page of the product that may be followed."""
    return address.startswith("/") and LEFT_OUT.match(address) is None


def name_of(address: str) -> str:
    """The page's name among the product's addresses, with the names of its parameters."""
    from django.urls import Resolver404, resolve

    parts = urlsplit(address)
    try:
        name = resolve(parts.path).view_name
    except Resolver404:
        name = parts.path
    keys = "&".join(sorted(parse_qs(parts.query)))
    return f"{name}?{keys}" if keys else name


def timed_ms(client: httpx.Client, address: str) -> float:
    """How long the answer takes."""
    start = time.perf_counter()
    answer = client.get(address)
    took_ms = (time.perf_counter() - start) * 1000
    assert answer.status_code == 200, f"{address} answers {answer.status_code}"
    return took_ms


def processor_ms(server: Server) -> float:
    """What web process and database have used so far; the worker is left out."""
    assert server.process is not None
    database = (server.folder / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0]
    web = [
        child
        for child in psutil.Process(server.process.pid).children(recursive=True)
        if "granian" in " ".join(child.cmdline())
    ]
    master = psutil.Process(int(database))
    used_ns = 0
    for process in {*web, master, *master.children()}:
        for thread in Path(f"/proc/{process.pid}/task").glob("*/schedstat"):
            with suppress(OSError):
                used_ns += int(thread.read_text().split()[0])
    return used_ns / 1e6


def p95(values: list[float]) -> float:
    """The nearest rank: of 20 values the second greatest."""
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]


def measure(server: Server, folder: Path, rounds: int) -> dict[str, Page]:
    """Every page with its times."""
    with signed_in(server, folder) as client:
        pages = walk(client)
    for start in range(COLD_STARTS):
        with signed_in(server, folder) as client:
            for page in pages.values():
                address = page.addresses[start % len(page.addresses)]
                page.cold_ms.append(timed_ms(client, address))
            for turn in range(rounds if start == COLD_STARTS - 1 else 0):
                for page in pages.values():
                    address = page.addresses[turn % len(page.addresses)]
                    before_ms = processor_ms(server)
                    page.warm_ms.append(timed_ms(client, address))
                    page.processor_ms.append(processor_ms(server) - before_ms)
    return pages


def tell(pages: dict[str, Page]) -> Report:
    """Each page's p95 beside its bar, then the sums."""
    report = Report("pages")
    groups: dict[str, list[float]] = defaultdict(list)
    for page in pages.values():
        is_overview = page.name.split("?")[0] == OVERVIEW
        bar = OVERVIEW_BAR_MS if is_overview else BAR_MS
        cost_ms = median(page.processor_ms)
        report.add(
            f"p95_ms {page.name}", p95(page.warm_ms), bar=bar, is_at_most=True,
            note=f"p50 {median(page.warm_ms):.0f}, cold {max(page.cold_ms):.0f}, cpu {cost_ms:.0f}",
        )  # fmt: skip
        groups["overview" if is_overview else "other"].extend(page.warm_ms)
        groups["cold"].extend(page.cold_ms)
    report.add("pages", len(pages), note="by name and parameters")
    report.add(
        "p95_ms of the overview", p95(groups["overview"]), bar=OVERVIEW_BAR_MS, is_at_most=True
    )
    report.add("p95_ms of all others", p95(groups["other"]), bar=BAR_MS, is_at_most=True)
    report.add("p95_ms cold", p95(groups["cold"]), note="first request after a start, all pages")
    return report


def prepare_names() -> None:
    """Addresses are looked up in this process; no database is asked."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.project.settings")
    os.environ.setdefault("DATABASE_URL", "postgresql:///none")
    os.environ.setdefault("REGULARS_HAS_ROLES", "1")
    import django

    django.setup()
    logging.getLogger("httpx").setLevel(logging.WARNING)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, help="data folder to fill and keep")
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="warm requests of each page")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="regulars-pages-") as scratch:
        folder = options.folder or Path(scratch) / "shop"
        fill(folder, options.customers)
        prepare_names()
        tell(measure(Server(folder), folder, options.rounds)).print()


if __name__ == "__main__":
    main()
