"""Domains a site or a form may be used on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from regulars.kernel.errors import Invalid

DOMAINS_MAX = 20
LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)\Z")
HOST_LENGTH_MAX = 253


def read(text: str) -> tuple[str, ...]:
    """Domains as people type or paste them: one a line or with commas, addresses welcome.

    raises  Invalid(domain_malformed | domains_many)
    """
    found: list[str] = []
    for word in re.split(r"[\s,;]+", text.strip()):
        if word and (host := _host(word)) not in found:
            found.append(host)
    if len(found) > DOMAINS_MAX:
        raise Invalid("domains_many", f"At most {DOMAINS_MAX} domains.", limit=DOMAINS_MAX)
    return tuple(found)


def allows(domains: Iterable[str], origin: str) -> bool:
    """Whether a page of this origin may send: on one of the domains, or below one of them.

    Port and scheme do not matter; "null", the origin of a file or a sandbox, is no domain.
    """
    try:
        host = (urlsplit(origin).hostname or "").lower().rstrip(".")
    except ValueError:
        return False
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _host(word: str) -> str:
    try:
        host = urlsplit(word if "://" in word else f"//{word}").hostname or ""
        host = host.rstrip(".").removeprefix("*.").removeprefix("www.")
        host = host if host.isascii() else host.encode("idna").decode()
    except (ValueError, UnicodeError):
        host = ""
    host = host.lower()
    is_host = 0 < len(host) <= HOST_LENGTH_MAX and all(LABEL.match(x) for x in host.split("."))
    if not is_host:
        raise Invalid("domain_malformed", f"“{word[:80]}” is no domain.", domain=word[:80])
    return host
