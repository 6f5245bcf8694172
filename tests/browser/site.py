"""A served product with a filled shop, and people who sign in to it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
from django.urls import Resolver404, resolve

from tests.faults.server import Server, free_port

PASSWORD = "warm-bread-every-day"
SHOP = "tea-and-bean"
OWNER = "anna@tea.example"
# Small, so that filling takes seconds; large enough for every report to show something.
CUSTOMERS = 400
PAGES_READ_MAX = 300
# The description of the API is a page of the library that makes it, for programmers.
FOREIGN = ("api:", "account_login")


class Site:
    """`regulars serve` on a folder of its own, in demo mode: the mail catcher runs."""

    def __init__(self, folder: Path) -> None:
        self.server = Server(
            folder,
            REGULARS_DEMO="1",
            REGULARS_CATCHER_PORT=str(free_port()),
            REGULARS_ALLOW_PRIVATE_HOSTS="1",
        )
        self.url = self.server.url

    def fill(self) -> None:
        """The demo shop with its past."""
        self.server.command("demo", "--no-serve", "--customers", str(CUSTOMERS))

    def add_person(self, email: str, workspace: str, role: str = "owner") -> None:
        """Someone who may sign in."""
        words = ["user", "create", email, "--workspace", workspace, "--role", role]
        self.server.command(*words, stdin=f"{PASSWORD}\n")


@contextmanager
def running(folder: Path) -> Iterator[Site]:
    """A filled site with an owner whose password the tests know, stopped at the end."""
    site = Site(folder)
    site.fill()
    try:
        site.server.start()
        site.add_person(OWNER, SHOP)
        yield site
    finally:
        site.server.stop()


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "a" and given.get("href") and "download" not in given:
            self.found.append(given["href"] or "")


def sign_in(url: str, email: str) -> httpx.Client:
    """A client with the session of this person."""
    client = httpx.Client(base_url=url, follow_redirects=True, timeout=30)
    client.get("/login/")
    form = {
        "login": email,
        "password": PASSWORD,
        "csrfmiddlewaretoken": client.cookies["csrftoken"],
    }
    answer = client.post("/login/", data=form, headers={"referer": f"{url}/login/"})
    assert not answer.url.path.startswith("/login"), "the sign-in was refused"
    return client


def pages_of(client: httpx.Client, also: Sequence[str] = ()) -> dict[str, str]:
    """Every kind of page that links lead to from the overview: view name → one path of it.

    also  paths that stand for their kind, whatever a list would have led to first
    """
    found: dict[str, str] = {}
    waiting = ["/", *also]
    seen = set(waiting)
    while waiting:
        assert len(seen) < PAGES_READ_MAX, "more kinds of pages than the crawl reads"
        path = waiting.pop(0)
        answer = client.get(path)
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        assert answer.status_code == 200, f"{path} answers {answer.status_code}"
        found.setdefault(_name(urlsplit(path).path), path)
        for target in _targets(path, answer.text):
            name = _name(urlsplit(target).path)
            is_known = name in {_name(urlsplit(s).path) for s in seen}
            if name and not is_known and not name.startswith(FOREIGN):
                seen.add(target)
                waiting.append(target)
    return found


def _targets(path: str, page: str) -> list[str]:
    links = _Links()
    links.feed(page)
    whole = [urlsplit(urljoin(f"http://here{path}", href)) for href in links.found]
    return [
        link.path + (f"?{link.query}" if link.query else "")
        for link in whole
        if link.netloc == "here"
    ]


def _name(path: str) -> str:
    try:
        return resolve(path).view_name
    except Resolver404:
        return ""


def chromium() -> str | None:
    """Where Chromium is on this machine, if it is."""
    from shutil import which

    given = os.environ.get("REGULARS_CHROMIUM")
    names = ("chromium", "chromium-browser", "google-chrome")
    return given or next((path for name in names if (path := which(name))), None)
