"""What a pull is set to: where, how often, what the columns mean; pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from regulars.kernel.errors import Invalid

LAYOUTS = (
    ("orders", _("Orders")), ("customers", _("Customers")), ("catalogue", _("Catalogue")),
    ("stock", _("Stock")), ("costs", _("Ad costs")),
)  # fmt: skip
AUTHS = (("none", _("None")), ("basic", _("User name and password")), ("bearer", _("Token")))
SCHEDULES = (
    ("minutes", _("Every so many minutes")), ("hours", _("Every so many hours")),
    ("daily", _("Daily at a time")),
)  # fmt: skip
MINUTES_MIN = 5
HOURS_MAX = 24 * 7
URL_LENGTH_MAX = 1_000
COLUMNS_MAX = 200
BACK_OFF_FIRST = timedelta(minutes=5)
BACK_OFF_MAX = timedelta(hours=24)


def check_pull(settings: Mapping[str, Any]) -> None:
    """Nothing when the pull can be done. raises Invalid(pull_url | pull_folder | pull_schedule)"""
    if settings.get("where") == "url":
        _check_url(str(settings.get("url", "")))
    else:
        _check_folder(str(settings.get("folder", "")), str(settings.get("pattern", "")))
    schedule, every = settings.get("schedule"), int(settings.get("every") or 0)
    is_fit = (
        (schedule == "minutes" and MINUTES_MIN <= every <= 24 * 60)
        or (schedule == "hours" and 1 <= every <= HOURS_MAX)
        or schedule == "daily"
    )
    if not is_fit:
        raise Invalid("pull_schedule", "Pull at most every 5 minutes and at least once a week.")
    if schedule == "daily":
        _time_of(str(settings.get("at", "")))


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_fit = (
            parts.scheme in ("https", "http")
            and bool(parts.hostname)
            and "@" not in parts.netloc
            and len(url) <= URL_LENGTH_MAX
            and url.isprintable()
            and " " not in url
            and (parts.port is None or 0 < parts.port < 65_536)
        )
    except ValueError:
        is_fit = False
    if not is_fit:
        raise Invalid("pull_url", "An address begins with https:// and names a host, no user.")


def _check_folder(folder: str, pattern: str) -> None:
    parts = PurePosixPath(folder).parts
    if not parts or ".." in parts or not folder.isprintable():
        raise Invalid("pull_folder", "Give a folder, without steps upwards.")
    if not pattern or "/" in pattern or "\\" in pattern or not pattern.isprintable():
        raise Invalid("pull_folder", "Files are named by a pattern such as *.csv.")


def _time_of(written: str) -> time:
    try:
        return time.fromisoformat(written)
    except ValueError:
        raise Invalid("pull_schedule", "A time of day is written as 06:00.") from None


def next_due(settings: Mapping[str, Any], now: datetime, zone: str) -> datetime:
    """When to pull next, by the workspace's clock where a time of day is meant."""
    schedule, every = settings.get("schedule"), int(settings.get("every") or 1)
    if schedule == "minutes":
        return now + timedelta(minutes=max(every, MINUTES_MIN))
    if schedule == "hours":
        return now + timedelta(hours=max(every, 1))
    local = now.astimezone(ZoneInfo(zone))
    at = _time_of(str(settings.get("at", "06:00")))
    due = local.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    if due <= local:
        # The same time by the clock of tomorrow, also where the clock is changed at night.
        due = (due.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=ZoneInfo(zone))
    return due.astimezone(now.tzinfo)


def back_off(failures: int) -> timedelta:
    """How long to wait after so many failures in a row: doubled each time."""
    doublings = min(max(failures - 1, 0), 12)
    return min(BACK_OFF_FIRST * (1 << doublings), BACK_OFF_MAX)


def parse_columns(written: str) -> dict[str, str]:
    """Lines of "column = field" as a map. raises Invalid(pull_columns)"""
    found: dict[str, str] = {}
    for line in written.splitlines():
        if not line.strip():
            continue
        column, mark, field = line.rpartition("=")
        if not (mark and column.strip() and field.strip()):
            raise Invalid("pull_columns", "A line of the columns is written as Number = number.")
        found[column.strip()] = field.strip()
    if len(found) > COLUMNS_MAX:
        raise Invalid("pull_columns", f"A file has at most {COLUMNS_MAX} columns that matter.")
    return found


def written_columns(columns: Mapping[str, str]) -> str:
    """The map as lines for a form."""
    return "\n".join(f"{column} = {field}" for column, field in columns.items())
