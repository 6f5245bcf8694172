"""Links of a letter replaced by signed ones, and the picture that tells of an opening."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

LINKS_MAX = 500
URL_CHARS_MAX = 2_000
# Most links of a mailing are the same for all its receivers.
URLS_KEPT = 2_000

SignLink = Callable[[int, str], str]

_ANCHOR = re.compile(r"<a\s[^<>]*>", re.IGNORECASE)
HREF = re.compile(r"""(\bhref\s*=\s*)("[^"]*"|'[^']*')""", re.IGNORECASE)
_TEXT_URL = re.compile(r"https?://[^\s<>()\[\]\"']+")
_UNTRACKED = re.compile(r"(?:mailto|tel|sms):|#", re.IGNORECASE)
_FOLLOWED = re.compile(r"https?://[^\s/?#@\\]+(?:[/?#][^\s\\]*)?\Z", re.IGNORECASE)
_BODY_END = re.compile(r"</body\s*>", re.IGNORECASE)


@lru_cache(maxsize=URLS_KEPT)
def may_follow(url: str) -> bool:
    """True for a plain web address; other schemes, user names and blanks are not followed."""
    return len(url) <= URL_CHARS_MAX and _FOLLOWED.match(url) is not None


@dataclass(frozen=True, slots=True)
class Link:
    """A web address in a text that is to be replaced by a signed one."""

    url: str


class Signing:
    """Signs the links of one part of a letter in their order; beyond LINKS_MAX they stay."""

    def __init__(self, sign: SignLink) -> None:
        self._sign = sign
        self._count = 0

    def address(self, url: str) -> str:
        """What to write in the place of the next link."""
        index, self._count = self._count, self._count + 1
        return url if index >= LINKS_MAX else self._sign(index, url)


def html_parts(text: str, own_prefix: str) -> Iterator[str | Link]:
    """The HTML in pieces, with its web links between them, each without its quotes.

    own_prefix  links that begin so are ours (unsubscribe) and stay as they are
    Links that are neither web, mail nor phone lead nowhere afterwards.
    """
    position = 0
    for tag in _ANCHOR.finditer(text):
        href = HREF.search(text, tag.start(), tag.end())
        if href is None:
            continue
        target = _target(html.unescape(href.group(2)[1:-1]).strip(), own_prefix)
        yield text[position : href.start(2)] + '"'
        yield html.escape(target) if isinstance(target, str) else target
        yield '"'
        position = href.end()
    yield text[position:]


def text_parts(text: str, own_prefix: str) -> Iterator[str | Link]:
    """The plain text in pieces, with its web addresses between them; as html_parts."""
    position = 0
    for found in _TEXT_URL.finditer(text):
        yield text[position : found.start()]
        yield _target(found.group(), own_prefix)
        position = found.end()
    yield text[position:]


def track_html(text: str, signing: Signing, own_prefix: str) -> str:
    """The HTML with each web link signed."""
    return "".join(
        [
            html.escape(signing.address(part.url)) if isinstance(part, Link) else part
            for part in html_parts(text, own_prefix)
        ]
    )


def track_text(text: str, signing: Signing, own_prefix: str) -> str:
    """The plain text with each web address signed."""
    return "".join(
        [
            signing.address(part.url) if isinstance(part, Link) else part
            for part in text_parts(text, own_prefix)
        ]
    )


def _target(url: str, own_prefix: str) -> str | Link:
    if not url or url.startswith(own_prefix) or _UNTRACKED.match(url):
        return url
    return Link(url) if may_follow(url) else "#"


def add_pixel(text: str, url: str) -> str:
    """The HTML with an invisible picture at its end whose loading tells of an opening."""
    position = body_end(text)
    position = len(text) if position is None else position
    return text[:position] + pixel_tag(url) + text[position:]


def body_end(text: str) -> int | None:
    """Where the body of the HTML ends, None when that is not said."""
    ends = list(_BODY_END.finditer(text))
    return ends[-1].start() if ends else None


def pixel_tag(url: str) -> str:
    """The invisible picture."""
    return f'<img src="{html.escape(url)}" width="1" height="1" alt="" style="display:block">'
