"""Nova Poshta: one call tells of a hundred parcels.

source  developers.novaposhta.ua, TrackingDocument / getStatusDocuments
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from regulars.kernel.errors import Outside
from regulars.orders.adapters.shapes import Account, News, news_of, table
from regulars.outside.calls import call

ADDRESS = "https://api.novaposhta.ua/v2.0/json/"
NUMBERS_MAX = 100
ZONE = ZoneInfo("Europe/Kyiv")
CODES = table(Path(__file__).parent)


def ask(account: Account, numbers: Sequence[str]) -> list[News]:
    """What is known of the parcels; those the carrier does not name are left out. raises Outside"""
    question = {
        "apiKey": account.secret,
        "modelName": "TrackingDocument",
        "calledMethod": "getStatusDocuments",
        "methodProperties": {"Documents": [{"DocumentNumber": n, "Phone": ""} for n in numbers]},
    }
    answer = call(
        "POST",
        ADDRESS,
        headers={"Content-Type": "application/json"},
        body=json.dumps(question).encode(),
    ).json()
    if not isinstance(answer, Mapping) or not isinstance(answer.get("data"), list):
        raise Outside("answer_unreadable", "Nova Poshta answered in a shape we do not know.")
    if not answer.get("success"):
        raise Outside("provider_refused", "Nova Poshta refused the call; look at the key.",
                      is_permanent=True)  # fmt: skip
    asked = set(numbers)
    found = [_news(row) for row in answer["data"] if isinstance(row, Mapping)]
    return [news for news in found if news.number in asked and news.code]


def _news(row: Mapping[str, Any]) -> News:
    return news_of(
        CODES,
        str(row.get("Number") or ""),
        str(row.get("StatusCode") or ""),
        at=_time(row.get("TrackingUpdateDate")),
        eta_at=_time(row.get("ScheduledDeliveryDate")),
    )


def _time(value: Any) -> datetime | None:
    """A time of Kyiv; what is empty or zero says nothing."""
    text = str(value or "").strip()
    for form in ("%Y-%m-%d %H:%M:%S", "%d-%m-%Y %H:%M:%S"):
        try:
            found = datetime.strptime(text, form).replace(tzinfo=ZONE)
        except ValueError:
            continue
        return found if found.year > 2000 else None
    return None
