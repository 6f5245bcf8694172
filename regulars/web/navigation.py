"""The pages of the left bar and the palette: one list, filtered by rights and by what exists."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.urls import NoReverseMatch, get_urlconf, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the product: where it stands, what it is called, who may open it.

    key    the letter that opens it after "g"
    under  pages reached from it whose addresses do not begin with its own
    """

    group: Text
    label: Text
    url_name: str
    icon: str
    right: str
    key: str = ""
    under: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """An entry the member may open, resolved for one request.

    count  how much waits there for the member
    """

    label: Text
    url: str
    icon: str
    is_current: bool
    key: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Links under one heading; the first group has none."""

    label: Text
    links: tuple[Link, ...]


CUSTOMERS, ENGAGE, LOYALTY = _("Customers"), _("Engage"), _("Loyalty")
ANALYTICS = _("Analytics")
DATA, SETTINGS = _("Data"), _("Settings")

ENTRIES = (
    Entry("", _("Overview"), "reports:overview", "house", "reports.view", "o"),
    Entry(CUSTOMERS, _("Customers"), "customers:list", "users", "customers.view", "c"),
    Entry(CUSTOMERS, _("Tasks"), "customers:tasks", "list-checks", "customers.edit", "t"),
    Entry(CUSTOMERS, _("Segments"), "segments:list", "funnel", "segments.view", "s"),
    Entry(CUSTOMERS, _("RFM"), "reports:rfm", "grid-3x3", "reports.view"),
    Entry(CUSTOMERS, _("Stages"), "reports:stages", "sprout", "reports.view"),
    Entry(CUSTOMERS, _("Orders"), "orders:list", "shopping-bag", "orders.view"),
    Entry(CUSTOMERS, _("Leads"), "orders:leads", "inbox", "orders.view"),
    Entry(CUSTOMERS, _("Products"), "orders:products", "package", "orders.view"),
    Entry(ENGAGE, _("Campaigns"), "campaigns:list", "send", "campaigns.view", "m"),
    Entry(ENGAGE, _("Templates"), "messaging:templates", "layout-template", "campaigns.view"),
    Entry(ENGAGE, _("Outbox"), "messaging:outbox", "inbox", "campaigns.view"),
    Entry(ENGAGE, _("Topics and consents"), "customers:topics", "tags", "campaigns.view"),
    Entry(ENGAGE, _("Suppressed addresses"), "messaging:suppressed", "mail-x", "campaigns.view"),
    Entry(LOYALTY, _("Till"), "loyalty:cashier", "scan-barcode", "loyalty.till"),
    Entry(LOYALTY, _("Programme"), "loyalty:programme", "award", "loyalty.view", "l",
          ("loyalty:tiers", "portal:settings")),
    Entry(LOYALTY, _("Promotions"), "loyalty:promotions", "percent", "loyalty.view",
          under=("loyalty:simulator", "loyalty:replays")),
    Entry(LOYALTY, _("Codes and certificates"), "loyalty:codes", "ticket", "loyalty.view",
          under=("loyalty:gift_cards",)),
    Entry(LOYALTY, _("Rewards"), "loyalty:rewards", "gift", "loyalty.view",
          under=("loyalty:activities", "loyalty:referrals", "loyalty:coalition",
                 "loyalty:wallet")),
    Entry(LOYALTY, _("Points ledger"), "loyalty:ledger", "book-open", "loyalty.view"),
    Entry(LOYALTY, _("Liability"), "loyalty:liability", "scale", "loyalty.view",
          under=("loyalty:frauds",)),
    Entry(ANALYTICS, _("Revenue"), "reports:revenue", "chart-column", "reports.view", "a"),
    Entry(ANALYTICS, _("Cohorts"), "reports:cohorts", "chart-no-axes-gantt", "reports.view"),
    Entry(DATA, _("Duplicates"), "customers:duplicates", "copy", "customers.view"),
    Entry(DATA, _("Contact quality"), "customers:quality", "badge-check", "customers.view"),
    Entry(DATA, _("Requests of erasure"), "customers:erasures", "user-x", "customers.view"),
    Entry(DATA, _("Sources"), "intake:sources", "plug", "data.view"),
    Entry(DATA, _("Connections"), "connectors:list", "cable", "data.view"),
    Entry(DATA, _("Imports"), "intake:imports", "database", "data.import", "i"),
    Entry(DATA, _("Ad costs"), "costs:list", "receipt", "reports.view"),
    Entry(DATA, _("Events"), "events:list", "activity", "data.view"),
    Entry(DATA, _("Fields"), "fields:list", "tags", "data.view"),
    Entry(DATA, _("Failed events"), "events:failed", "circle-alert", "data.view"),
    Entry(SETTINGS, _("Workspace"), "workspaces:settings", "settings", "settings.edit"),
    Entry(SETTINGS, _("Team"), "workspaces:team", "user-cog", "team.edit"),
    Entry(SETTINGS, _("Mail settings"), "messaging:sender", "mail", "settings.edit"),
    Entry(SETTINGS, _("API keys"), "workspaces:keys", "key-round", "settings.edit"),
    Entry(SETTINGS, _("Audit trail"), "audit:list", "scroll-text", "audit.view"),
    Entry(SETTINGS, _("Erasures"), "privacy:erasures", "user-x", "customers.erase"),
)  # fmt: skip


def allowed_entries(rights: Collection[str] | None) -> tuple[tuple[Entry, str], ...]:
    """The entries whose page exists and whose right is held, each with its address.

    rights  None means that rights are not known here and nothing is hidden
    """
    return tuple(
        (entry, url)
        for entry in ENTRIES
        if (rights is None or entry.right in rights)
        and (url := _address(entry.url_name, get_urlconf()))
    )


def groups_for(
    rights: Collection[str] | None, path: str, counts: Mapping[str, int] | None = None
) -> tuple[Group, ...]:
    """The left bar for a member who stands on the given path.

    counts  how much waits for the member, by the name of the page
    """
    allowed = allowed_entries(rights)
    homes = {
        address: url
        for entry, url in allowed
        for name in (entry.url_name, *entry.under)
        if (address := _address(name, get_urlconf()))
    }
    current = homes.get(current_url(homes, path), "")
    groups: dict[str, list[Link]] = {}
    labels: dict[str, Text] = {}
    for entry, url in allowed:
        key = str(entry.group)
        labels.setdefault(key, entry.group)
        groups.setdefault(key, []).append(
            _link(entry, url, current, (counts or {}).get(entry.url_name, 0))
        )
    return tuple(Group(labels[key], tuple(links)) for key, links in groups.items())


def current_url(urls: Collection[str], path: str) -> str:
    """The longest of the addresses under which the path lies; empty when none."""
    holding = [url for url in urls if path == url or (url != "/" and path.startswith(url))]
    return max(holding, key=len, default="")


def _link(entry: Entry, url: str, current: str, count: int) -> Link:
    return Link(entry.label, url, entry.icon, url == current, entry.key, count)


@lru_cache(maxsize=256)
def _address(url_name: str, urlconf: str | None) -> str:
    try:
        return reverse(url_name, urlconf=urlconf)
    except NoReverseMatch:
        return ""
