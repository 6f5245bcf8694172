"""Fetching over HTTP through the guard: resolve, judge, connect to the judged address.

Redirects are followed by hand, each judged anew; nothing private is reached by a public name.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

from regulars.kernel import clock
from regulars.kernel.errors import Outside
from regulars.outside.egress import checked_address

REDIRECTS_MAX = 3
CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 30.0
WHOLE_TIMEOUT_S = 600.0
BLOCK_BYTES = 1 << 16
PORTS = {"http": 80, "https": 443}
MOVED = (301, 302, 303, 307, 308)
# Signs that stand in an address as they are; letters of other alphabets are written as bytes.
WRITTEN = "%/?#[]@:!$&'()*+,;=~"
# What tells who we are goes to the host it was meant for and to no other.
PRIVATE_HEADERS = ("authorization", "cookie")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came; status 304 brings nothing."""

    status: int
    headers: Mapping[str, str]
    size: int


def fetch(url: str, target: Path, *, headers: Mapping[str, str], bytes_max: int) -> Fetched:
    """Get the address into the file, of at most bytes_max.

    raises  Outside(host_unknown | host_private | fetch_url | fetch_failed | fetch_status |
            fetch_redirects | fetch_big | fetch_slow)
    """
    ends_s = clock.monotonic_s() + WHOLE_TIMEOUT_S
    sent = dict(headers)
    for _ in range(REDIRECTS_MAX + 1):
        try:
            found, moved_to = _fetch_once(url, target, sent, bytes_max, ends_s)
        except (OSError, http.client.HTTPException, ssl.SSLError, ValueError) as error:
            if clock.monotonic_s() >= ends_s:
                raise Outside("fetch_slow", "The file comes too slowly.") from error
            raise Outside("fetch_failed", "The other side does not answer properly.") from error
        if moved_to is None:
            return found
        if not _is_as_safe(url, moved_to):
            sent = {k: v for k, v in sent.items() if k.lower() not in PRIVATE_HEADERS}
        url = moved_to
    raise Outside("fetch_redirects", "The address leads on and on.", is_permanent=True)


def _is_as_safe(url: str, moved_to: str) -> bool:
    """Whether it is the same host, and not in the clear what was sealed before."""
    before, after = urlsplit(url), urlsplit(moved_to)
    return before.netloc == after.netloc and after.scheme in ("https", before.scheme)


def _fetch_once(
    url: str, target: Path, headers: Mapping[str, str], bytes_max: int, ends_s: float
) -> tuple[Fetched, str | None]:
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname or "@" in parts.netloc:
        raise Outside("fetch_url", "The address is none that can be fetched.", is_permanent=True)
    connection = _connect(parts.hostname, parts.port or PORTS[parts.scheme], parts.scheme)
    # Headers may drip as well; whoever waits for them looks at no clock.
    watch = threading.Timer(max(ends_s - clock.monotonic_s(), 0), _cut, [connection.sock])
    watch.daemon = True
    watch.start()
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(
            "GET", quote(path, safe=WRITTEN), headers={"Accept-Encoding": "identity", **headers}
        )
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        if answer.status in MOVED and told.get("location"):
            return Fetched(answer.status, told, 0), urljoin(url, _letters(told["location"]))
        if answer.status == 304:
            return Fetched(304, told, 0), None
        if answer.status != 200:
            raise Outside("fetch_status", f"The other side answered {answer.status}.")
        return Fetched(200, told, _read(answer, target, bytes_max, ends_s)), None
    finally:
        watch.cancel()
        connection.close()


def _letters(header: str) -> str:
    """What a header says when it was written in UTF-8, as many servers do."""
    with suppress(UnicodeError):
        return header.encode("latin-1").decode()
    return header


def _cut(made: socket.socket) -> None:
    with suppress(OSError):
        made.shutdown(socket.SHUT_RDWR)


class _Connection(http.client.HTTPConnection):
    """A connection whose socket was made beforehand, to the address that was judged."""

    def __init__(self, host: str, port: int, made: socket.socket) -> None:
        super().__init__(host, port)
        self.sock = made


def _connect(host: str, port: int, scheme: str) -> _Connection:
    made = socket.create_connection((checked_address(host, port), port), CONNECT_TIMEOUT_S)
    made.settimeout(READ_TIMEOUT_S)
    if scheme == "https":
        try:
            made = ssl.create_default_context().wrap_socket(made, server_hostname=host)
        except BaseException:
            made.close()
            raise
    # Its Host line leaves the usual port out, as browsers do.
    return _Connection(host, PORTS[scheme] if port == PORTS[scheme] else port, made)


def _read(answer: http.client.HTTPResponse, target: Path, bytes_max: int, ends_s: float) -> int:
    size = 0
    with target.open("wb") as stream:
        # What has come, not what was asked for: a drop a minute must not outlive the clock.
        while block := answer.read1(BLOCK_BYTES):
            size += len(block)
            if size > bytes_max:
                raise Outside("fetch_big", "The file is larger than allowed.", is_permanent=True)
            if clock.monotonic_s() > ends_s:
                raise Outside("fetch_slow", "The file comes too slowly.")
            stream.write(block)
    told = answer.getheader("Content-Length", "")
    if told.isdecimal() and int(told) != size:
        raise Outside("fetch_failed", "The other side does not answer properly.")
    return size
