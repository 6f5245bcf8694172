"""Tables coloured by value: cohorts and the RFM grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from regulars.web import format as written
from regulars.web.charts.svg import Write, heat_class, joined, writer
from regulars.web.parts import value_of

EMPTY_CELL = SafeString("<td></td>")


def cohorts(data: Any, form: str = "percent") -> SafeString:
    """A row a cohort, a column a period since the first purchase; column 0 is the cohort itself."""
    rows = list(value_of(data, "rows", ()))
    later = [cell for row in rows for cell in list(value_of(row, "cells", ()))[1:]]
    top = max((cell for cell in later if cell is not None), default=0)
    is_open = bool(value_of(data, "unfinished", False))
    body = joined(_cohort_row(row, top, form, is_open) for row in rows)
    head = format_html_join(
        "", '<th scope="col">{}</th>', ((str(name),) for name in value_of(data, "columns", ()))
    )
    return format_html(
        '<div class="scroll" tabindex="0" role="region" aria-label="{label}"><table class="heat">'
        '<caption class="vh">{label}</caption><thead><tr><th scope="col">{cohort}</th>'
        '<th scope="col" class="num">{size}</th>{head}</tr></thead><tbody>{body}</tbody>'
        "</table></div>",
        label=value_of(data, "label", ""), cohort=_("Cohort"), size=_("Size"), head=head, body=body,
    )  # fmt: skip


def rfm_grid(data: Any) -> SafeString:
    """Customers by recency and frequency; each cell links to its customers."""
    rows = list(value_of(data, "rows", ()))
    cells = [cell for row in rows for cell in value_of(row, "cells", ())]
    top = max((value_of(cell, "count", 0) for cell in cells), default=0)
    body = joined(_rfm_row(row, top) for row in rows)
    head = format_html_join(
        "", '<th scope="col">{}</th>', ((str(name),) for name in value_of(data, "columns", ()))
    )
    return format_html(
        '<div class="scroll" tabindex="0" role="region" aria-label="{label}">'
        '<table class="heat rfm"><caption class="vh">{label}</caption><tbody>{body}</tbody>'
        '<tfoot><tr><td></td>{head}</tr></tfoot></table></div><p class="rfm-axis">'
        "<span>{vertical}</span><span>{horizontal}</span></p>",
        label=value_of(data, "label", ""), body=body, head=head,
        vertical=_("Up: buys more often"), horizontal=_("Right: bought more recently"),
    )  # fmt: skip


def _cohort_row(row: Any, top: float, form: str, is_open: bool) -> SafeString:
    cells: Sequence[Any] = list(value_of(row, "cells", ()))
    urls: Sequence[str] = list(value_of(row, "urls", None) or [])
    last = max((place for place, cell in enumerate(cells) if cell is not None), default=-1)
    # A table cut to some columns says for each row whether its running month is among them.
    is_open = is_open and bool(value_of(row, "unfinished", True))
    drawn = joined(
        _cohort_cell(
            cell, place, top, form,
            urls[place] if place < len(urls) else "",
            is_open and place == last and place > 0,
        )
        for place, cell in enumerate(cells)
    )  # fmt: skip
    name, url = value_of(row, "name", ""), value_of(row, "url", "")
    size = written.number(value_of(row, "size", 0))
    size_text = format_html('<a href="{}">{}</a>', url, size) if url else size
    return format_html(
        '<tr><th scope="row">{}</th><td class="size">{}</td>{}</tr>', name, size_text, drawn
    )


def _cohort_cell(
    cell: float | None, place: int, top: float, form: str, url: str, is_open: bool
) -> SafeString:
    if cell is None:
        return EMPTY_CELL
    colour = "base" if place == 0 else heat_class(cell, top)
    tip = _("The period is not over yet") if is_open else ""
    return _cell(f"{colour}{' open' if is_open else ''}", _short(cell, form), url, tip)


def _short(cell: float, form: str) -> str:
    """Shares without the sign, as the heading says that they are per cent."""
    write: Write = writer(form)
    return written.number(cell * 100) if form == "percent" else write(cell)


def _rfm_row(row: Any, top: int) -> SafeString:
    drawn = joined(
        _cell(
            heat_class(value_of(cell, "count", 0), top),
            written.number(value_of(cell, "count", 0)),
            value_of(cell, "url", "") or "",
            str(value_of(cell, "label", "") or ""),
        )
        for cell in value_of(row, "cells", ())
    )
    return format_html('<tr><th scope="row">{}</th>{}</tr>', value_of(row, "name", ""), drawn)


def _cell(name: str, text: str, url: str, tip: str) -> SafeString:
    hint = format_html(' data-tip="{}"', tip) if tip else ""
    said = format_html('<span class="vh"> {}</span>', tip) if tip else ""
    if url:
        return format_html(
            '<td><a class="cell {}" href="{}"{}>{}{}</a></td>', name, url, hint, text, said
        )
    return format_html('<td><span class="cell {}"{}>{}{}</span></td>', name, hint, text, said)
