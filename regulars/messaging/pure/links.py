"""Links of a letter replaced by signed ones, and the picture that tells of an opening."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
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


def track_html(text: str, *, sign: SignLink, own_prefix: str) -> str:
    """The HTML with each web link replaced by `sign(index, url)`.

    own_prefix  links that begin so are ours (unsubscribe) and stay as they are
    Links that are neither web, mail nor phone lead nowhere afterwards.
    """
    indexes = iter(range(LINKS_MAX))

    def replace_href(match: re.Match[str]) -> str:
        url = html.unescape(match.group(2)[1:-1]).strip()
        return f'{match.group(1)}"{html.escape(_tracked(url, indexes, sign, own_prefix))}"'

    return _ANCHOR.sub(lambda tag: HREF.sub(replace_href, tag.group(), count=1), text)


def track_text(text: str, *, sign: SignLink, own_prefix: str) -> str:
    """The plain text with each web address replaced by `sign(index, url)`."""
    indexes = iter(range(LINKS_MAX))
    return _TEXT_URL.sub(lambda found: _tracked(found.group(), indexes, sign, own_prefix), text)


def _tracked(url: str, indexes: Iterator[int], sign: SignLink, own_prefix: str) -> str:
    if not url or url.startswith(own_prefix) or _UNTRACKED.match(url):
        return url
    if not may_follow(url):
        return "#"
    index = next(indexes, None)
    return url if index is None else sign(index, url)


def add_pixel(text: str, url: str) -> str:
    """The HTML with an invisible picture at its end whose loading tells of an opening."""
    pixel = f'<img src="{html.escape(url)}" width="1" height="1" alt="" style="display:block">'
    ends = list(_BODY_END.finditer(text))
    position = ends[-1].start() if ends else len(text)
    return text[:position] + pixel + text[position:]
