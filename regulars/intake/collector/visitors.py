"""Who looks at a form, as far as the visitor allowed it to be known.

The shop's script tells it only after a yes: it answers the frame, marks the link, adds to a plain
form. The cookie is there after a yes alone, and comes along when shop and form share a domain.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from regulars.intake.pure import forms as rules

COOKIE = "rg_id"
COOKIE_BYTES_MAX = 16_384
# A link that is passed on to somebody else must not make the two one person.
LINK_AGE_MAX_S = 120


def of_request(headers: Mapping[bytes, bytes], link: str, *, now_s: float) -> str:
    """The id of the visitor who opens a form: by the marked link, else the cookie; "" for nobody.

    link   `id.seconds`, as the shop's script writes it at the click
    """
    visitor, _dot, at = link.rpartition(".")
    if at.isdecimal() and len(at) <= 12 and abs(now_s - int(at)) <= LINK_AGE_MAX_S:
        found = rules.visitor_of(visitor)
        if found:
            return found
    return of_cookie(headers)


def of_cookie(headers: Mapping[bytes, bytes]) -> str:
    """The id the shop's script keeps; "" when there is none or the browser asks for peace.

    A visitor who agreed in spite of Global Privacy Control is told of by the script instead.
    """
    if headers.get(b"sec-gpc", b"").strip() == b"1":
        return ""
    for one in headers.get(b"cookie", b"")[:COOKIE_BYTES_MAX].decode("latin-1").split(";"):
        name, _equals, value = one.strip().partition("=")
        if name == COOKIE:
            return rules.visitor_of(unquote(value))
    return ""
