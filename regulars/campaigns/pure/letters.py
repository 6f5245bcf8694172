"""What a letter looks like to a careful reader before it is sent: links, size, names."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

LINKS_SHOWN_MAX = 100
# Gmail cuts a longer letter and hides the rest, the unsubscribe line among it.
SIZE_BYTES_GOOD = 102_400

_HREF = re.compile(r"""<a\s[^<>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_OWN_SCHEMES = ("mailto", "tel", "sms")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+\Z")

LINK_EMPTY = "link_empty"
LINK_RELATIVE = "link_relative"
LINK_SCHEME = "link_scheme"
LINK_HOST = "link_host"
LINK_INSECURE = "link_insecure"


@dataclass(frozen=True, slots=True)
class Link:
    """An address in the letter; fault is a code, empty when it is good."""

    url: str
    fault: str


@dataclass(frozen=True, slots=True)
class LetterCheck:
    """What was seen when the letter was written for a few of its receivers.

    missing  name → for how many of the sampled it has no value
    unknown  names that nothing declares, probably mistyped
    fault    why the letter cannot be written at all; empty when it can
    """

    sampled: int = 0
    size_bytes: int = 0
    links: tuple[Link, ...] = ()
    missing: tuple[tuple[str, int], ...] = ()
    unknown: tuple[str, ...] = ()
    has_unsubscribe: bool = False
    fault: str = ""

    @property
    def bad_links(self) -> tuple[Link, ...]:
        """Links that lead nowhere."""
        return tuple(link for link in self.links if link.fault)

    @property
    def is_large(self) -> bool:
        """True when a large mail provider would cut it."""
        return self.size_bytes > SIZE_BYTES_GOOD


@dataclass(frozen=True, slots=True)
class Seen:
    """One letter as one customer would get it."""

    html: str
    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    has_unsubscribe: bool


def check_letters(seen: Sequence[Seen]) -> LetterCheck:
    """The check of a letter from how a few customers would get it."""
    if not seen:
        return LetterCheck()
    missing = Counter(name for one in seen for name in set(one.missing))
    return LetterCheck(
        sampled=len(seen),
        size_bytes=max(len(one.html.encode()) for one in seen),
        links=links_of(one.html for one in seen),
        missing=tuple(sorted(missing.items(), key=lambda pair: (-pair[1], pair[0]))),
        unknown=tuple(sorted({name for one in seen for name in one.unknown})),
        has_unsubscribe=seen[0].has_unsubscribe,
    )


def links_of(texts: Iterable[str]) -> tuple[Link, ...]:
    """Each different link of the texts once, in reading order; unsubscribe links left out."""
    found: dict[str, None] = {}
    for text in texts:
        for double, single in _HREF.findall(text):
            url = html.unescape(double or single).strip()
            if not url.startswith("#unsubscribe"):
                found.setdefault(url)
    return tuple(Link(url, fault_of(url)) for url in list(found)[:LINKS_SHOWN_MAX])


def fault_of(url: str) -> str:
    """What is wrong with the address as it stands; nothing is asked of its server."""
    if not url or url.startswith("#"):
        return LINK_EMPTY
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError:
        return LINK_HOST
    if parts.scheme in _OWN_SCHEMES:
        return "" if parts.path else LINK_EMPTY
    if not parts.scheme:
        return LINK_RELATIVE
    if parts.scheme not in ("http", "https"):
        return LINK_SCHEME
    if _HOST.match(host.lower()) is None or any(mark in url for mark in " \t\n{}"):
        return LINK_HOST
    return LINK_INSECURE if parts.scheme == "http" else ""
