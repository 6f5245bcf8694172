"""CDEK: a token by client credentials, then one call for each parcel.

Its webhook is not signed, so it only says where to look: the order is fetched before anything is
believed.
source  api-docs.cdek.ru, v2
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from regulars.kernel.errors import Outside
from regulars.orders.adapters.shapes import Account, News, news_of, table
from regulars.outside.calls import call

ADDRESS = "https://api.cdek.ru/v2"
TEST_ADDRESS = "https://api.edu.cdek.ru/v2"
NUMBERS_MAX = 20
CODES = table(Path(__file__).parent)


def ask(account: Account, numbers: Sequence[str]) -> list[News]:
    """What is known of the parcels; those the carrier does not know are left out. raises Outside"""
    address = TEST_ADDRESS if account.is_test else ADDRESS
    headers = {"Authorization": f"Bearer {_token(address, account)}"}
    found = []
    for number in numbers:
        try:
            answer = call("GET", f"{address}/orders?cdek_number={quote(number)}", headers=headers)
        except Outside as error:
            if error.details.get("status") in (400, 404):
                continue
            raise
        news = _news(number, answer.json())
        if news is not None:
            found.append(news)
    return found


def number_of(payload: Any) -> str:
    """The parcel that a webhook speaks of; empty when it speaks of none."""
    if not isinstance(payload, Mapping) or payload.get("type") != "ORDER_STATUS":
        return ""
    told = payload.get("attributes")
    return str(told.get("cdek_number") or "")[:60] if isinstance(told, Mapping) else ""


def _token(address: str, account: Account) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": account.account,
        "client_secret": account.secret,
    }
    answer = call(
        "POST",
        f"{address}/oauth/token",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=urlencode(form).encode(),
    ).json()
    token = answer.get("access_token") if isinstance(answer, Mapping) else None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise Outside("answer_unreadable", "CDEK gave no token.")
    return token


def _news(number: str, answer: Any) -> News | None:
    entity = answer.get("entity") if isinstance(answer, Mapping) else None
    statuses = entity.get("statuses") if isinstance(entity, Mapping) else None
    if not isinstance(statuses, list):
        return None
    told = [s for s in statuses if isinstance(s, Mapping) and isinstance(s.get("code"), str)]
    if not told:
        return None
    newest = max(told, key=lambda status: str(status.get("date_time") or ""))
    eta = entity.get("planned_delivery_date") if isinstance(entity, Mapping) else None
    return news_of(
        CODES, number, newest["code"], at=_time(newest.get("date_time")), eta_at=_time(eta)
    )


def _time(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else None
