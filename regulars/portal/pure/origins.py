"""Sites that may hold the account in a frame."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from regulars.kernel.errors import Invalid

ORIGINS_MAX = 20
ORIGIN_CHARS_MAX = 200
HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\Z")
LOCAL = frozenset({"localhost", "127.0.0.1"})


def read_origins(text: str) -> tuple[str, ...]:
    """The origins written one on a line, each once. raises Invalid(portal_origin)"""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > ORIGINS_MAX:
        raise Invalid("portal_origin", "Name at most 20 sites.")
    return tuple(dict.fromkeys(_origin(line) for line in lines))


def _origin(line: str) -> str:
    wrong = Invalid(
        "portal_origin", "Write each site as https://shop.example, without a path.", line=line[:80]
    )
    try:
        parts = urlsplit(line)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise wrong from error
    is_bare = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host in LOCAL)
    if not (is_bare and is_safe and HOST.match(host)) or len(line) > ORIGIN_CHARS_MAX:
        raise wrong
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def ancestors(origins: Sequence[str]) -> list[str]:
    """What the policy of a page says of its frames: nobody, or ourselves and these."""
    return ["'self'", *origins] if origins else ["'none'"]
