"""One HTTP call to a provider: to the address that was judged, without redirects, within limits."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from regulars.kernel import clock
from regulars.kernel.errors import Outside
from regulars.outside.egress import checked_address

CONNECT_S = 10.0
ANSWER_S = 30.0
ANSWER_BYTES_MAX = 4 << 20
PIECE_BYTES = 64 << 10
PASSING_STATUSES = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider said."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body as JSON. raises Outside(answer_unreadable)"""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Outside("answer_unreadable", "The provider did not answer in JSON.") from error


def call(
    method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> Answer:
    """The provider's answer, when it is one.

    raises  Outside(host_unknown | host_private | provider_unreachable | provider_slow |
            provider_refused | provider_failed | answer_too_large)
    """
    parts = urlsplit(url)
    is_open = parts.scheme == "http" and settings.ALLOW_PRIVATE_HOSTS
    if not parts.hostname or (parts.scheme != "https" and not is_open):
        raise Outside("address_unusable", "A provider is asked over https.", is_permanent=True)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = checked_address(parts.hostname, port)
    connection = http.client.HTTPConnection(parts.hostname, port, timeout=CONNECT_S)
    try:
        connection.sock = _socket(address, port, parts.hostname, parts.scheme == "https")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body=body or None, headers=dict(headers or {}))
        answer = _read(connection)
    except TimeoutError as error:
        raise Outside("provider_slow", "The provider did not answer in time.") from error
    except (OSError, http.client.HTTPException) as error:
        raise Outside("provider_unreachable", "The provider cannot be reached.") from error
    finally:
        connection.close()
    return _judged(answer)


def _socket(address: str, port: int, host: str, is_tls: bool) -> socket.socket:
    plain = socket.create_connection((address, port), timeout=CONNECT_S)
    if not is_tls:
        return plain
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


def _read(connection: http.client.HTTPConnection) -> Answer:
    ends_s = clock.monotonic_s() + ANSWER_S
    response = connection.getresponse()
    found = bytearray()
    while piece := response.read1(PIECE_BYTES):
        found += piece
        if len(found) > ANSWER_BYTES_MAX:
            raise Outside("answer_too_large", "The provider's answer is too large.")
        if clock.monotonic_s() > ends_s:
            raise TimeoutError
    return Answer(response.status, bytes(found))


def _judged(answer: Answer) -> Answer:
    if 200 <= answer.status < 300:
        return answer
    is_passing = answer.status >= 500 or answer.status in PASSING_STATUSES
    code = "provider_failed" if is_passing else "provider_refused"
    raise Outside(
        code, f"The provider answered {answer.status}.", is_permanent=not is_passing,
        status=answer.status,
    )  # fmt: skip
