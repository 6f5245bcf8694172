"""The style guide: each component and chart with made-up data; only with DEBUG."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

MONTHS = ["Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov"]
OTHER = [265, 350, 348, 390, 400, 415, 490, 440, 500, 550, 570, 635]
CRM = [83, 125, 150, 162, 190, 215, 235, 235, 265, 272, 305, 320]
BEFORE = [250, 335, 375, 420, 420, 465, 530, 505, 555, 640, 680, 690]
RETENTION = [1.0, 0.36, 0.32, 0.28, 0.26, 0.24, 0.22, 0.19, 0.17, 0.15, 0.13, 0.11]


class ExampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label="Name", max_length=60)
    link = forms.URLField(
        assume_scheme="https", label="Link", help_text="Opens when the button is pressed."
    )
    kind = forms.ChoiceField(label="Kind", choices=[("a", "E-mail"), ("b", "SMS")])
    note = forms.CharField(label="Text", widget=forms.Textarea, required=False)
    is_open = forms.BooleanField(label="Count opens", required=False, help_text="By a picture.")
    when = forms.ChoiceField(
        label="When", choices=[("n", "Now"), ("l", "Later")], widget=forms.RadioSelect
    )


def page(request: HttpRequest) -> HttpResponse:
    """Everything at once, for looking and for the browser tests."""
    return render(request, "web/styleguide.html", _context())


def _context() -> dict[str, Any]:
    form = ExampleForm({"name": "", "link": "beanandnoble", "kind": "a"})
    form.is_valid()
    return {
        "revenue": _revenue(), "one": _one_series(), "rates": _rates(), "funnel": _funnel(),
        "cohorts": _cohorts(), "rfm": _rfm(), "lift": _lift(), "items": _items(), "form": form,
        "spark": [5, 7, 7.4, 8.2, 9, 9.5, 11, 10.5, 12, 12.4, 13.5, 15],
        "periods": [("7", "7 d"), ("30", "30 d"), ("90", "90 d"), ("365", "12 mo")],
        "steps": [("Recipients", "/styleguide"), ("Message", "/styleguide"), ("Review", "")],
    }  # fmt: skip


def _minor(thousands: list[int]) -> list[int]:
    return [value * 100_000 for value in thousands]


def _revenue() -> dict[str, Any]:
    series = [
        {"name": "Other", "values": _minor(OTHER)},
        {"name": "From campaigns", "values": _minor(CRM)},
    ]
    return {
        "label": "Revenue by month", "finding": "Revenue grew from 348 to 955 thousand.",
        "labels": MONTHS, "series": series,
        "comparison": {"name": "Last year", "values": _minor(BEFORE)}, "unfinished": True,
    }  # fmt: skip


def _one_series() -> dict[str, Any]:
    return {"label": "Orders", "labels": MONTHS, "series": [{"name": "Orders", "values": CRM}]}


def _rates() -> dict[str, Any]:
    opened = [0.41, 0.42, 0.40, 0.44, 0.43, 0.45, 0.44, 0.42, 0.46, 0.45, 0.47, 0.44]
    clicked = [0.08, 0.09, 0.09, 0.1, 0.1, 0.12, 0.11, None, 0.12, 0.12, 0.13, 0.12]
    series = [{"name": "Opened", "values": opened}, {"name": "Clicked", "values": clicked}]
    return {"label": "Share of delivered", "labels": MONTHS, "series": series}


def _funnel() -> list[dict[str, Any]]:
    counts = {"Sent": 18420, "Delivered": 17964, "Opened": 7905, "Clicked": 2118, "Ordered": 604}
    return [{"name": name, "count": count, "url": "#"} for name, count in counts.items()]


def _cohorts() -> dict[str, Any]:
    rows = [
        {
            "name": f"{month} 26", "size": 1254 - 37 * index, "url": "#",
            "cells": [share if place == 0 else share - 0.004 * index
                      for place, share in enumerate(RETENTION[: 12 - index])],
        }
        for index, month in enumerate(MONTHS[:8])
    ]  # fmt: skip
    return {"label": "Retention by first-purchase month", "columns": range(12), "rows": rows,
            "unfinished": True}  # fmt: skip


def _rfm() -> dict[str, Any]:
    counts = [
        [1079, 1232, 303, 1488, 624], [804, 437, 674, 815, 668], [827, 810, 1312, 1474, 397],
        [1123, 697, 457, 1290, 398], [659, 1483, 1088, 1124, 512],
    ]  # fmt: skip
    rows = [
        {"name": f"F{5 - index}", "cells": [{"count": n, "url": "#", "label": ""} for n in line]}
        for index, line in enumerate(counts)
    ]
    return {"label": "RFM", "columns": [f"R{n}" for n in range(1, 6)], "rows": rows}


def _lift() -> dict[str, Any]:
    rows = [
        {"name": "Customers who ordered", "low": 0.08, "mid": 0.31, "high": 0.54},
        {"name": "Revenue per customer", "low": -0.06, "mid": 0.18, "high": 0.42},
        {"name": "Unsubscribed", "low": None, "mid": None, "high": None},
    ]
    return {"label": "Lift against the control group", "rows": rows}


def _items() -> list[dict[str, Any]]:
    def at(day: int, hour: int, minute: int) -> datetime:
        return datetime(2025, 11, day, hour, minute, tzinfo=UTC)

    return [
        {"at": at(20, 9, 44), "icon": "globe", "title": "Viewed 3 products",
         "detail": "Colombia Huila 1 kg, V60 filters, Hario kettle"},
        {"at": at(20, 9, 42), "icon": "mail-open", "title": "Opened “Your November roast is here”",
         "detail": "Campaign · e-mail"},
        {"at": at(18, 18, 5), "icon": "shopping-bag", "tone": "brand", "url": "#",
         "title": "Order 48213 · ₴1,840", "detail": "Coffee, Equipment · Shop on Khreshchatyk"},
        {"at": at(15, 16, 10), "icon": "undo-2", "tone": "bad", "title": "Returned 1 item · −₴240"},
    ]  # fmt: skip
