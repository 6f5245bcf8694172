"""Template tags and filters of the components; the style guide shows each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache, wraps
from typing import Any

from django import template
from django.forms import BaseForm, BoundField
from django.template.context import Context
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from lucide.templatetags.lucide import lucide

from regulars.kernel import clock
from regulars.web import format as written
from regulars.web import parts
from regulars.web.charts import sparkline as draw_sparkline
from regulars.web.charts.svg import meter as draw_meter
from regulars.web.refusals import said

register = template.Library()

NUMBER_FILTERS: dict[str, Callable[..., str]] = {
    "number": written.number,
    "decimal": written.decimal,
    "short": written.short,
    "percent": written.percent,
    "change": written.change,
    "points": written.points,
    "in_points": written.in_points,
    "money": written.money,
    "money_whole": written.money_whole,
    "money_short": written.money_short,
}
NAME_FILTERS: dict[str, Callable[[str], str]] = {
    "language_name": written.language_name,
    "country_name": written.country_name,
}
TIME_FILTERS: dict[str, Callable[[Any], str]] = {
    "day": written.day,
    "short_day": written.short_day,
    "month": written.month,
    "moment": written.moment,
    "clock": written.clock_time,
}
PILL_ICONS = {
    "good": "check",
    "warn": "triangle-alert",
    "bad": "x",
    "info": "info",
    "neutral": "minus",
}
ALERT_ICONS = PILL_ICONS | {"good": "circle-check", "bad": "circle-alert", "neutral": "info"}
MESSAGE_TONES = {"success": "good", "warning": "warn", "error": "bad"}
ICON_ATTRIBUTES = (
    ' fill="none"', ' stroke="currentColor"', ' stroke-width="2"', ' stroke-linecap="round"',
    ' stroke-linejoin="round"',
)  # fmt: skip


def _or_nothing(write: Callable[..., str]) -> Callable[..., str]:
    """The filter with a dash for a value that is not known."""

    # Django reads the number of arguments from the wrapped function.
    @wraps(write)
    def written_or_dash(value: object, *options: object) -> str:
        return written.NOTHING if value is None or value == "" else write(value, *options)

    return written_or_dash


for _name, _write in (NUMBER_FILTERS | TIME_FILTERS | NAME_FILTERS).items():
    register.filter(_name, _or_nothing(_write))


@register.filter("said")
def said_to_reader(sentence: object) -> str:
    """A refusal of a room in the reader's language, with its values."""
    return said(sentence if isinstance(sentence, str) else str(sentence or ""))


@register.filter
def ago(value: datetime | None) -> str:
    """How long ago: 3 days ago."""
    return written.NOTHING if value is None else written.ago(value, clock.now())


@register.filter
def toast_tone(level_tag: str) -> str:
    """The tone of a component for a level of Django's messages."""
    return MESSAGE_TONES.get(level_tag, "info")


@register.filter
def initials(name: object) -> str:
    """First letters of the first and last word; a dot when there is no name."""
    return parts.initials(str(name or ""))


@lru_cache(maxsize=512)
def _icon(name: str, size: int) -> SafeString:
    drawing = lucide(name, size=size, **{"class": "icon", "aria_hidden": "true"})
    drawing = drawing.replace("\n  <", "<").replace("\n<", "<").replace(" />", "/>")
    # The style sheet says these once for all icons of a page.
    for attribute in ICON_ATTRIBUTES:
        drawing = drawing.replace(attribute, "", 1)
    return mark_safe(drawing)  # noqa: S308 - drawn by the icon package from a name in a template


@register.simple_tag
def icon(name: str, size: int = 18) -> SafeString:
    """A decorative icon of the lucide set; an unknown name is an error."""
    return _icon(str(name), size)


@register.simple_tag
def chip(text: str, icon: str = "", tone: str = "", url: str = "") -> SafeString:
    """A small rounded label, a link when it has an address."""
    mark = _icon(icon, 14) if icon else ""
    if url:
        return format_html('<a class="chip {}" href="{}">{}{}</a>', tone, url, mark, text)
    return format_html('<span class="chip {}">{}{}</span>', tone, mark, text)


@register.simple_tag
def pill(tone: str, text: str, icon: str = "") -> SafeString:
    """A status: an icon and a word, never colour alone."""
    mark = _icon(icon or PILL_ICONS[tone], 13)
    return format_html('<span class="pill {}">{}{}</span>', tone, mark, text)


@register.simple_tag
def avatar(name: object, size: str = "") -> SafeString:
    """A circle with the initials of a person or the letters of a workspace."""
    letters = parts.initials(str(name or ""))
    return format_html('<span class="avatar {}" aria-hidden="true">{}</span>', size, letters)


@register.simple_tag
def meter(share: float, tone: str = "") -> SafeString:
    """A thin bar filled to a share 0..1, decoration beside the number itself."""
    return draw_meter(share, tone)


@register.inclusion_tag("web/parts/progress.html")
def progress(value: int, max: int, label: str) -> dict[str, Any]:  # noqa: A002 - HTML's own word
    """Work under way: the label, how much of how much, and the bar."""
    return {"value": value, "max": max, "label": label}


@register.inclusion_tag("web/parts/kpi.html")
def kpi(
    label: str,
    value: str,
    change: float | None = None,
    change_points: float | None = None,
    good: str = "up",
    note: str = "",
    spark: Sequence[float] | None = None,
    url: str = "",
) -> dict[str, Any]:
    """A key figure with its change against the period before and a line of its past."""
    delta = change if change is not None else change_points
    text = ""
    if delta is not None:
        text = written.change(delta) if change is not None else written.points(delta)
    line = draw_sparkline(spark) if spark else ""
    trend = parts.trend(delta, is_more_better=good == "up")
    return {
        "label": label, "value": value, "delta": text, "note": note,
        "spark": line, "url": url, "trend": trend,
    }  # fmt: skip


@register.inclusion_tag("web/parts/timeline.html")
def timeline(items: Iterable[Any]) -> dict[str, Any]:
    """What happened, newest first, grouped by the workspace's day."""
    return {"days": parts.by_day(items, clock.now())}


@register.inclusion_tag("web/parts/stepper.html")
def stepper(steps: Sequence[Sequence[str]], current: int) -> dict[str, Any]:
    """Numbered steps of one task; those before the current one are done."""
    return {"steps": parts.numbered(steps, current)}


@register.inclusion_tag("web/parts/segmented.html", takes_context=True)
def segmented(
    context: Context,
    name: str,
    options: Iterable[tuple[object, str]],
    current: object,
    label: str = "",
) -> dict[str, Any]:
    """A choice of one of a few as links that change one query parameter."""
    query = context["request"].GET
    links = [
        {"url": parts.query_with(query, **{name: value}), "label": text, "on": value == current}
        for value, text in options
    ]
    return {"links": links, "label": label or _("Show")}


@register.inclusion_tag("web/parts/sort_th.html", takes_context=True)
def sort_th(context: Context, name: str, label: str, num: bool = False) -> dict[str, Any]:
    """A column heading that sorts by its column: ?sort=name, then ?sort=-name."""
    query = context["request"].GET
    order = query.get("sort", "")
    direction = {name: "ascending", f"-{name}": "descending"}.get(order, "")
    target = f"-{name}" if direction == "ascending" else name
    return {"label": label, "num": num, "direction": direction,
            "url": parts.query_with(query, sort=target)}  # fmt: skip


@register.inclusion_tag("web/parts/pager.html", takes_context=True)
def pager(
    context: Context, page: Any = None, number: int = 1, pages: int = 1, total: int | None = None
) -> dict[str, Any]:
    """Where the reader is in a long list, with links to the neighbours."""
    if page is not None:
        number, pages, total = parts.place_of(page)
    query = context["request"].GET
    return {
        "number": number, "pages": pages, "total": total,
        "before": parts.query_with(query, page=number - 1) if number > 1 else "",
        "after": parts.query_with(query, page=number + 1) if number < pages else "",
    }  # fmt: skip


@register.inclusion_tag("web/parts/field.html")
def field(bound: BoundField, hint: str = "", wide: bool = False) -> dict[str, Any]:
    """A form field: label, control, hint, and the error with what to do."""
    return parts.field_context(bound, hint) | {"wide": wide}


@register.inclusion_tag("web/parts/field.html")
def sign_in_field(bound: BoundField, label: str) -> dict[str, Any]:
    """A field of the sign-in library under our label, without its placeholder and help."""
    bound.label, bound.help_text = label, ""
    return plain_field(bound)


@register.inclusion_tag("web/parts/field.html")
def plain_field(bound: BoundField) -> dict[str, Any]:
    """A field of the sign-in library as it is named there, without its placeholder."""
    bound.field.widget.attrs.pop("placeholder", None)
    return parts.field_context(bound, "") | {"wide": False}


@register.inclusion_tag("web/parts/form_errors.html")
def form_errors(form: BaseForm) -> dict[str, Any]:
    """What is wrong with the form as a whole, and links to the fields when several are."""
    faults = [form[name] for name in form.fields if form[name].errors]
    return {"general": form.non_field_errors(), "faults": faults if len(faults) > 1 else []}


@register.simple_block_tag(takes_context=True)
def card(
    context: Context,
    content: str,
    title: str = "",
    hint: str = "",
    link: str = "",
    link_text: str = "",
    tools: str = "",
    flush: bool = False,
    id: str = "",  # noqa: A002 - HTML's own word
) -> str:
    """A card with a heading; a link or other tools at its right."""
    return _render(context, "web/parts/card.html", content, title=title, hint=hint, link=link,
                   link_text=link_text, tools=tools, flush=flush, id=id)  # fmt: skip


@register.simple_block_tag(takes_context=True)
def alert(context: Context, content: str, tone: str = "info", title: str = "") -> str:
    """A notice inside the page."""
    return _render(context, "web/parts/alert.html", content, tone=tone, title=title,
                   icon=ALERT_ICONS[tone])  # fmt: skip


@register.simple_block_tag(takes_context=True)
def empty(
    context: Context, content: str, icon: str = "inbox", title: str = "", text: str = ""
) -> str:
    """Why there is nothing here, and what to do about it."""
    return _render(context, "web/parts/empty.html", content, icon=icon, title=title, text=text)


@register.simple_block_tag(takes_context=True)
def dialog(
    context: Context, content: str, id: str, title: str, panel: bool = False  # noqa: A002
) -> str:  # fmt: skip
    """A window over the page, opened by any element with data-dialog="id"."""
    return _render(context, "web/parts/dialog.html", content, id=id, title=title, panel=panel)


@register.simple_tag(takes_context=True)
def again(context: Context, name: str) -> str:
    """The text of a block once more: the shell writes a page's title in two places."""
    render_context = context.render_context
    blocks = render_context.get(BLOCK_CONTEXT_KEY) if render_context is not None else None
    block = blocks.get_block(name) if blocks else None
    return block.nodelist.render(context) if block else ""


def _render(context: Context, name: str, content: str, **values: Any) -> str:
    engine = context.template.engine if context.template else None
    assert engine is not None, "a component is rendered inside a template"
    with context.push(content=content, **values):
        return engine.get_template(name).render(context)
