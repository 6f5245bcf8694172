"""Where a visitor came from: source, medium and campaign out of what the page knew.

Decided in this order: marks of a campaign (utm), marks of a paid click, the class of the referrer
(a search engine, a social network, a mailbox, any other site), else direct.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

DIRECT = "direct"
NO_MEDIUM = "none"

# Whose mark of a click it is, and how such a click is paid for.
CLICKS = {
    "gclid": ("google", "cpc"),
    "yclid": ("yandex", "cpc"),
    "msclkid": ("bing", "cpc"),
    "ttclid": ("tiktok", "cpc"),
    # Facebook marks unpaid links as well, so the mark alone tells no more than the network.
    "fbclid": ("facebook", "social"),
}
MAILBOXES = {
    "mail.google.com": "gmail", "outlook.live.com": "outlook", "outlook.office.com": "outlook",
    "mail.yahoo.com": "yahoo", "mail.yandex.ru": "yandex", "mail.yandex.com": "yandex",
    "e.mail.ru": "mail.ru", "mail.ukr.net": "ukr.net", "mail.proton.me": "proton",
}  # fmt: skip
SEARCH = (
    "google", "bing", "yandex", "duckduckgo", "yahoo", "ecosia", "baidu", "startpage", "qwant",
    "seznam", "brave",
)  # fmt: skip
SEARCH_HOSTS = {"ya.ru": "yandex", "go.mail.ru": "mail.ru", "meta.ua": "meta"}
SOCIAL = {
    "facebook.com": "facebook", "fb.com": "facebook", "fb.me": "facebook",
    "instagram.com": "instagram", "threads.net": "threads", "t.co": "x", "x.com": "x",
    "twitter.com": "x", "vk.com": "vk", "vk.ru": "vk", "ok.ru": "ok", "t.me": "telegram",
    "telegram.org": "telegram", "telegram.me": "telegram", "tiktok.com": "tiktok",
    "youtube.com": "youtube", "youtu.be": "youtube", "linkedin.com": "linkedin",
    "lnkd.in": "linkedin", "pinterest.com": "pinterest", "reddit.com": "reddit",
    "viber.com": "viber", "whatsapp.com": "whatsapp", "wa.me": "whatsapp",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Touch:
    """How a visitor came; a campaign is named by its marks, or empty."""

    source: str = DIRECT
    medium: str = NO_MEDIUM
    campaign: str = ""
    term: str = ""
    content: str = ""
    click: str = ""


def derive(
    campaign: Mapping[str, str],
    click: Mapping[str, str],
    referrer: str,
    own_hosts: Iterable[str] = (),
) -> tuple[Touch, bool]:
    """How the visitor came, and whether a campaign was marked.

    campaign   name, source, medium, term, content; empty where the address had no utm
    click      {"gclid": "…"}; the mark of a paid click, of which the first known one counts
    own_hosts  hosts of the site itself: coming from there is no coming at all
    """
    mark = next((name for name in CLICKS if click.get(name)), "")
    by_click = CLICKS.get(mark)
    by_referrer = _class_of(referrer, own_hosts)
    if any(campaign.get(name) for name in ("source", "name", "medium")):
        source, medium = by_click or by_referrer or (DIRECT, "unknown")
        touch = Touch(
            source=(campaign.get("source") or source).lower(),
            medium=(campaign.get("medium") or medium).lower(),
            campaign=campaign.get("name", ""),
            term=campaign.get("term", ""),
            content=campaign.get("content", ""),
            click=mark,
        )
        return touch, True
    if by_click is not None:
        return Touch(source=by_click[0], medium=by_click[1], click=mark), True
    if by_referrer is not None:
        return Touch(source=by_referrer[0], medium=by_referrer[1]), False
    return Touch(), False


def host_of(address: str) -> str:
    """The host of an address, small and without "www."; empty when there is none."""
    try:
        host = (urlsplit(address if "://" in address else f"//{address}").hostname or "").lower()
    except ValueError:
        return ""
    return host.removeprefix("www.").rstrip(".")


def is_own(host: str, own_hosts: Iterable[str]) -> bool:
    """Whether the host is one of ours or lies below one of ours."""
    bare = host.removeprefix("www.")
    return any(bare == own or bare.endswith(f".{own}") for own in own_hosts)


def _class_of(referrer: str, own_hosts: Iterable[str]) -> tuple[str, str] | None:
    host = host_of(referrer)
    if not host or is_own(host, [own.removeprefix("www.") for own in own_hosts]):
        return None
    if referrer.startswith("android-app"):
        return ("google", "search") if "googlequicksearchbox" in host else (host, "referral")
    if host in MAILBOXES:
        return MAILBOXES[host], "email"
    social = next((name for end, name in SOCIAL.items() if host == end or host.endswith(f".{end}")),
                  None)  # fmt: skip
    if social is not None:
        return social, "social"
    if host in SEARCH_HOSTS:
        return SEARCH_HOSTS[host], "search"
    # google.com, google.co.uk, yandex.kz: after the name comes the ending of a country and no more.
    labels = host.split(".")
    for name in SEARCH:
        if name in labels:
            ending = labels[labels.index(name) + 1 :]
            if len(ending) == 1 or (len(ending) == 2 and len(ending[0]) <= 3):
                return name, "search"
    return host, "referral"
