"""What of a request's context is worth keeping with an event, and what is left behind.

Kept under the property `_context`: where the page was (url, path, title, referrer), which campaign
brought the visitor, which family of browser, the language, and the visit. Left behind: the address
of the network (ip), the whole user agent, and every parameter of an address that may hold a secret
or a person (docs/decisions/0022-what-of-a-visit-is-kept.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

NAME = "_context"
URL_LENGTH_MAX = 500
TEXT_LENGTH_MAX = 200
PARAMETERS_MAX = 40
CAMPAIGN_NAMES = ("name", "source", "medium", "term", "content")
CLICK_IDS = ("gclid", "fbclid", "yclid", "ttclid", "msclkid")
TOUCH_NAMES = (
    "source", "medium", "name", "term", "content", "referrer", "landing", "at", *CLICK_IDS,
)  # fmt: skip

# A parameter whose name holds one of these may carry a secret or a person.
SECRET = re.compile(
    r"mail|phone|tel$|token|pass|pwd|secret|auth|session|sid$|key$|code$|sign|name$|birth|card",
    re.IGNORECASE,
)
# In order: a browser that calls itself Chrome as well stands before Chrome.
BROWSERS = (
    (re.compile(r"bot\b|crawl|spider|slurp|preview|headless", re.IGNORECASE), "Bot"),
    (re.compile(r"YaBrowser/"), "Yandex"),
    (re.compile(r"Edge?A?/|EdgiOS/"), "Edge"),
    (re.compile(r"OPR/|Opera"), "Opera"),
    (re.compile(r"SamsungBrowser/"), "Samsung"),
    (re.compile(r"Firefox/|FxiOS/"), "Firefox"),
    (re.compile(r"Chrome/|CriOS/"), "Chrome"),
    (re.compile(r"Safari/"), "Safari"),
)


def kept(context: Mapping[str, Any] | None) -> dict[str, Any]:
    """The part of Segment's context that is stored with the event; empty when nothing is."""
    if not context:
        return {}
    page = _object(context, "page")
    url = _text(page.get("url"), 4 * URL_LENGTH_MAX)
    found: dict[str, Any] = {
        "url": clean_url(url),
        "path": _text(page.get("path"), URL_LENGTH_MAX),
        "title": _text(page.get("title")),
        "referrer": without_query(_text(page.get("referrer"), 4 * URL_LENGTH_MAX)),
        "campaign": campaign_of(context),
        "click": click_of(url),
        "locale": _text(context.get("locale")),
        **agent_of(_text(context.get("userAgent"), 1_000)),
    }
    touch = _object(context, "touch")
    for name in ("first", "last"):
        found[f"{name}_touch"] = _touch(_object(touch, name))
    return {name: value for name, value in found.items() if value}


def campaign_of(context: Mapping[str, Any]) -> dict[str, str]:
    """The campaign the sender names, else the one in the address of the page."""
    given = _object(context, "campaign")
    named = {name: _text(given.get(name)) for name in CAMPAIGN_NAMES}
    if any(named.values()):
        return {name: value for name, value in named.items() if value}
    asked = parameters_of(_text(_object(context, "page").get("url"), 4 * URL_LENGTH_MAX))
    names = {"name": "utm_campaign"} | {n: f"utm_{n}" for n in CAMPAIGN_NAMES[1:]}
    told = {name: _text(asked.get(utm)) for name, utm in names.items()}
    return {name: value for name, value in told.items() if value}


def click_of(url: str) -> dict[str, str]:
    """The advertiser's mark of the click, by its name: {"gclid": "…"}."""
    asked = parameters_of(url)
    found = {name: _text(asked.get(name)) for name in CLICK_IDS}
    return {name: value for name, value in found.items() if value}


def parameters_of(url: str) -> dict[str, str]:
    """The parameters of an address, the first of each name; empty when it cannot be read."""
    try:
        pairs = parse_qsl(urlsplit(url).query, max_num_fields=PARAMETERS_MAX)
    except ValueError:
        return {}
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name.lower(), value)
    return found


def clean_url(url: str) -> str:
    """The address without its fragment and without parameters that may hold a secret."""
    try:
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, max_num_fields=PARAMETERS_MAX)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https", ""):
        return ""
    told = [(name, value) for name, value in pairs if not SECRET.search(name)]
    return urlunsplit((parts.scheme, host, parts.path, urlencode(told), ""))[:URL_LENGTH_MAX]


def without_query(url: str) -> str:
    """The address up to its parameters, without a user and a password."""
    bare = re.split(r"[?#]", url, maxsplit=1)[0]
    scheme, mark, rest = bare.partition("://")
    if not mark:
        return bare[:URL_LENGTH_MAX] if bare.startswith("/") else ""
    if scheme.lower() not in ("http", "https", "android-app"):
        return ""
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"[:URL_LENGTH_MAX]


def agent_of(user_agent: str) -> dict[str, str]:
    """The family of the browser and the kind of the device; nothing when it is not told."""
    if not user_agent:
        return {}
    browser = next((name for sign, name in BROWSERS if sign.search(user_agent)), "Other")
    if browser == "Bot":
        return {"browser": browser, "device": "bot"}
    if re.search(r"iPad|Tablet|Android(?!.*Mobile)", user_agent):
        return {"browser": browser, "device": "tablet"}
    is_mobile = re.search(r"Mobi|iPhone|Android", user_agent)
    return {"browser": browser, "device": "mobile" if is_mobile else "desktop"}


def _touch(given: Mapping[str, Any]) -> dict[str, str]:
    found = {name: _text(given.get(name)) for name in TOUCH_NAMES}
    for name in ("referrer", "landing"):
        found[name] = without_query(found[name])
    return {name: value for name, value in found.items() if value}


def _object(context: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = context.get(name)
    return found if isinstance(found, Mapping) else {}


def _text(value: object, length_max: int = TEXT_LENGTH_MAX) -> str:
    return value.strip()[:length_max] if isinstance(value, str) else ""
