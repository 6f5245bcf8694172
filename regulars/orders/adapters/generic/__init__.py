"""Any other carrier: signed news by webhook, as JSON or CSV, in our own words.

The signature is that of Standard Webhooks: base64 of HMAC-SHA256 over "id.timestamp.body".
"""

from __future__ import annotations

import base64
import csv
import hashlib
import hmac
import io
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from regulars.kernel.errors import Invalid, Refused
from regulars.orders.adapters.shapes import News, news_of
from regulars.orders.records import Stage

WINDOW = timedelta(seconds=300)
NEWS_MAX = 500
CODES = {stage.value: stage for stage in Stage}
COLUMNS = frozenset({"tracking_number", "status", "at", "eta"})


def check(headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> None:
    """Nothing when the body was signed with the secret just now.

    headers  by lower-case names
    raises   Refused(signature_wrong)
    """
    message_id = headers.get("webhook-id", "")
    stamp = headers.get("webhook-timestamp", "")
    wrong = Refused("signature_wrong", "The signature is not ours, or too old.")
    if not secret or not message_id or not (stamp.isascii() and stamp.isdigit()) or len(stamp) > 12:
        raise wrong
    if abs(now.timestamp() - int(stamp)) > WINDOW.total_seconds():
        raise wrong
    signed = f"{message_id}.{stamp}.".encode() + body
    wanted = base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256)).decode()
    given = [part.partition(",") for part in headers.get("webhook-signature", "").split()]
    matches = [
        hmac.compare_digest(signature.encode(), wanted.encode())
        for version, _comma, signature in given[:10]
        if version == "v1"
    ]
    if not any(matches):
        raise wrong


def read(body: bytes, *, is_csv: bool) -> list[News]:
    """The news of a body. raises Invalid(news_body | news_size)"""
    try:
        text = body.decode("utf-8-sig")
        found = list(csv.DictReader(io.StringIO(text))) if is_csv else json.loads(text)
    except (ValueError, csv.Error):
        raise Invalid("news_body", "The body is neither JSON nor CSV in UTF-8.") from None
    rows = found if isinstance(found, list) else [found]
    if not 0 < len(rows) <= NEWS_MAX:
        raise Invalid("news_size", f"Send 1 to {NEWS_MAX} news at once.")
    return [_news(place, row) for place, row in enumerate(rows, 1)]


def _news(place: int, row: Any) -> News:
    if not isinstance(row, Mapping) or not set(row) <= COLUMNS:
        raise Invalid("news_body", f"News {place} has fields that are not known.", row=place)
    number, status = row.get("tracking_number"), row.get("status")
    for text in (number, status):
        if not isinstance(text, str) or not 0 < len(text.strip()) <= 60 or not text.isprintable():
            raise Invalid("news_body", f"News {place} needs tracking_number and status.", row=place)
    assert isinstance(number, str) and isinstance(status, str)
    return news_of(
        CODES, number.strip(), status.strip().lower(),
        at=_time(place, row.get("at")), eta_at=_time(place, row.get("eta")),
    )  # fmt: skip


def _time(place: int, value: Any) -> datetime | None:
    if value in (None, ""):
        return None
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or found.year < 1990:
        raise Invalid("news_body", f"A time of news {place} has no zone or no sense.", row=place)
    return found
