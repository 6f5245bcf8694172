"""What the components need worked out before they are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.forms import BoundField, CheckboxInput, FileInput, Select
from django.forms.widgets import CheckboxSelectMultiple, RadioSelect
from django.http import QueryDict
from django.utils import timezone

from regulars.web import format as written

INITIALS_MAX = 2
TONES = {"brand": "strong", "amber": "amber", "bad": "bad", "neutral": "neutral", "": "neutral"}


@dataclass(frozen=True, slots=True)
class Trend:
    """How a figure moved and whether that is welcome."""

    icon: str
    tone: str


@dataclass(frozen=True, slots=True)
class Day:
    """Things that happened on one day of the workspace."""

    heading: str
    items: tuple[dict[str, Any], ...]


def value_of(thing: Any, name: str, default: Any = None) -> Any:
    """A value by name from a mapping or an object, whichever the page hands over."""
    if isinstance(thing, dict):
        return thing.get(name, default)
    return getattr(thing, name, default)


def initials(name: str) -> str:
    """First letters of the first and the last word, in capitals; "·" when there is none."""
    words = [word for word in name.split() if word[0].isalnum()]
    chosen = words[:1] + words[1:][-1:]
    return "".join(word[0] for word in chosen)[:INITIALS_MAX].upper() or "·"


def trend(delta: float | None, *, is_more_better: bool) -> Trend:
    """The icon and tone of a change: welcome, unwelcome, or none."""
    if not delta:
        return Trend("minus", "muted")
    if (delta > 0) != is_more_better:
        return Trend("triangle-alert", "tone-warn")
    return Trend("trending-up" if delta > 0 else "trending-down", "tone-good")


def by_day(items: Iterable[Any], now: datetime) -> tuple[Day, ...]:
    """The items under the heading of their local day, in the order given."""
    today = timezone.localtime(now).date()
    lines = [_line(item) for item in items]
    grouped = groupby(lines, key=lambda line: timezone.localtime(line["at"]).date())
    return tuple(Day(written.day_heading(day, today), tuple(group)) for day, group in grouped)


def _line(item: Any) -> dict[str, Any]:
    line = {name: value_of(item, name, "") for name in ("title", "detail", "url")}
    line["at"] = value_of(item, "at")
    line["icon"] = value_of(item, "icon") or "circle"
    line["tone"] = TONES.get(value_of(item, "tone") or "", "neutral")
    return line


def numbered(steps: Sequence[Sequence[str]], current: int) -> list[dict[str, Any]]:
    """Steps with their number and whether they are done or current."""
    return [
        {
            "number": number, "label": step[0], "url": step[1] if len(step) > 1 else "",
            "is_done": number < current, "is_current": number == current,
        }
        for number, step in enumerate(steps, start=1)
    ]  # fmt: skip


def query_with(query: QueryDict, **changes: object) -> str:
    """The query string with some parameters changed; any change but of the page drops the page."""
    changed = query.copy()
    if "page" not in changes:
        changed.pop("page", None)
    for name, value in changes.items():
        changed[name] = str(value)
    return "?" + changed.urlencode()


def place_of(page: Any) -> tuple[int, int, int | None]:
    """Number, count of pages and total of Django's page or of any object with those names."""
    paginator = value_of(page, "paginator")
    if paginator is not None:
        return page.number, paginator.num_pages, paginator.count
    return value_of(page, "number", 1), value_of(page, "pages", 1), value_of(page, "total")


def field_context(bound: BoundField, hint: str) -> dict[str, Any]:
    """Label, control with its classes and descriptions, hint and errors of a form field."""
    widget = bound.field.widget
    identity = bound.id_for_label or bound.auto_id
    hint = hint or str(bound.help_text)
    described = [f"{identity}-hint"] * bool(hint) + [f"{identity}-error"] * bool(bound.errors)
    attributes: dict[str, Any] = {"aria-describedby": " ".join(described)} if described else {}
    if bound.errors:
        attributes["aria-invalid"] = "true"
    is_group = isinstance(widget, RadioSelect | CheckboxSelectMultiple)
    is_check = isinstance(widget, CheckboxInput)
    if not (is_group or is_check):
        attributes["class"] = f"control {widget.attrs.get('class', '')}".strip()
    if isinstance(widget, FileInput | Select):
        attributes.setdefault("class", "control")
    return {
        "field": bound, "control": bound.as_widget(attrs=attributes), "id": identity,
        "hint": hint, "errors": bound.errors, "is_check": is_check, "is_group": is_group,
        "is_hidden": bound.is_hidden,
    }  # fmt: skip
