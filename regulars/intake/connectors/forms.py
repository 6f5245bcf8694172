"""Settings of a connection as a form shows and reads them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from regulars.intake.connectors.pull.settings import (
    AUTHS,
    LAYOUTS,
    SCHEDULES,
    check_pull,
    parse_columns,
    written_columns,
)
from regulars.intake.connectors.pure import signatures
from regulars.intake.connectors.pure.statuses import parse_words, written_words
from regulars.intake.connectors.records import ConnectionKind, ConnectionRecord
from regulars.kernel.errors import Invalid

Text = str | Promise
TEXT_LENGTH_MAX = 2_000
SECRET_LENGTH_MIN = 8


@dataclass(frozen=True, slots=True)
class Field:
    """A control: text, secret, check, select, area, date or number."""

    name: str
    label: Text
    type: str = "text"
    hint: Text = ""
    options: Sequence[tuple[str, Text]] = ()
    placeholder: str = ""


SHARES = Field(
    "shares_ids", _("Customer ids are the same as in the other sources"), "check",
    _("Else they are told apart, so that number 26 of two shops is two people."),
)  # fmt: skip
STOCK = Field(
    "takes_stock", _("Take over the stock"), "check",
    _("Keep stock in one place only: this shop takes off what it sells by itself."),
)  # fmt: skip
STATUSES = Field(
    "statuses", _("Statuses"), "area",
    _("A line for each: their word = ours (new, paid, processing, shipped, delivered, cancelled,"
      " returned). Common words are known."), placeholder="Зібрано = processing",
)  # fmt: skip
FIELDS: Mapping[ConnectionKind, tuple[Field, ...]] = {
    ConnectionKind.WEBHOOK: (
        Field("proof", _("How it proves itself"), "select", options=(
            ("standard", _("Signature (Standard Webhooks)")), ("token", _("Token in a header")),
        )),
        Field("token_header", _("Header of the token"), placeholder="x-token"),
        Field("id_header", _("Header with the id of a delivery"), "text",
              _("With a token only. Without an id, equal bodies of three days are one delivery."),
              placeholder="idempotency-key"),
        Field("secret", _("Secret"), "secret", _("Leave empty to keep the present one.")),
        SHARES,
    ),
    ConnectionKind.WOOCOMMERCE: (
        Field("secret", _("Secret"), "secret", _("Leave empty to keep the present one.")),
        SHARES, STOCK,
    ),
    ConnectionKind.SHOPIFY: (
        Field("secret", _("Signing key from Shopify"), "secret",
              _("Settings → Notifications → Webhooks shows it under the list.")),
        SHARES, STOCK,
        Field("takes_test_orders", _("Take test orders as well"), "check"),
    ),
    ConnectionKind.ONEC: (
        Field("login", _("User name")),
        Field("secret", _("Password"), "secret", _("Leave empty to keep the present one.")),
        Field("code", _("Product code"), "select", options=(
            ("article", _("Article, else the id of 1C")), ("id", _("The id of 1C")),
        )),
        Field("price_type", _("List of prices"), hint=_("By name; empty takes the first one.")),
        Field("orders_since", _("Hand over orders from"), "date"),
        Field("encoding", _("Encoding of orders"), "select", options=(
            ("utf-8", "UTF-8"), ("windows-1251", "Windows-1251"),
        )),
        STATUSES,
    ),
    ConnectionKind.PULL: (
        Field("layout", _("What the file holds"), "select", options=LAYOUTS),
        Field("where", _("Where it is"), "select", options=(
            ("url", _("At an address")), ("folder", _("In a folder of the server")),
        )),
        Field("url", _("Address"), placeholder="https://shop.example.com/orders.csv"),
        Field("auth", _("Sign-in at the address"), "select", options=AUTHS),
        Field("user", _("User name")),
        Field("secret", _("Password or token"), "secret",
              _("Leave empty to keep the present one.")),
        Field("folder", _("Folder"), hint=_("Inside a folder the operator has allowed.")),
        Field("pattern", _("Files"), placeholder="*.csv"),
        Field("schedule", _("When"), "select", options=SCHEDULES),
        Field("every", _("Every so many minutes or hours"), "number"),
        Field("at", _("Time of day"), "time"),
        Field("columns", _("Columns"), "area",
              _("A line for each: column of the file = field. Empty: recognised by headings."),
              placeholder="Номер = number"),
        Field("decimal", _("Before fractions of stock"), "select", options=(
            ("", _("Decide from the file")), (",", _("A comma: 1,5")), (".", _("A dot: 1.5")),
        )),
        Field("source", _("Came from"),
              hint=_("The same number of two sources is two orders; for costs the source of ads.")),
        Field("account", _("Ad account"),
              hint=_("When a network has several: each replaces only its own days.")),
    ),
}  # fmt: skip
DEFAULTS: Mapping[ConnectionKind, Mapping[str, Any]] = {
    ConnectionKind.WEBHOOK: {"proof": "standard"},
    ConnectionKind.ONEC: {"login": "exchange", "code": "article", "encoding": "utf-8"},
    ConnectionKind.PULL: {
        "layout": "orders", "where": "url", "auth": "none", "pattern": "*.csv",
        "schedule": "hours", "every": 6, "at": "06:00",
    },
}  # fmt: skip


def shown(connection: ConnectionRecord) -> list[dict[str, Any]]:
    """The controls with what is kept; secrets are never shown."""
    kept = {**DEFAULTS.get(connection.kind, {}), **connection.settings}
    kept["statuses"] = written_words(kept.get("statuses") or {})
    kept["columns"] = written_columns(kept.get("columns") or {})
    return [
        {
            "field": field,
            "value": "" if field.type == "secret" else kept.get(field.name, ""),
            "is_set": field.type == "secret" and bool(connection.secrets.get(field.name)),
        }
        for field in FIELDS[connection.kind]
    ]


def read(kind: ConnectionKind, given: QueryDict) -> tuple[dict[str, Any], dict[str, str]]:
    """Settings and new secrets as the form tells them.

    raises  Invalid(setting_value | connection_secret | status_line | …)
    """
    settings: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    for field in FIELDS[kind]:
        value = given.get(field.name, "").strip()[:TEXT_LENGTH_MAX]
        if field.type == "secret":
            if value:
                secrets[field.name] = _checked_secret(kind, value, given)
        elif field.type == "check":
            settings[field.name] = field.name in given
        else:
            settings[field.name] = _value(field, value)
    if kind is ConnectionKind.PULL:
        check_pull(settings)
    return settings, secrets


def _value(field: Field, value: str) -> Any:
    if field.name == "statuses":
        return parse_words(value)
    if field.name == "columns":
        return parse_columns(value)
    if field.name == "token_header":
        value = value.lower() or "x-token"
        if not all(letter.isascii() and (letter.isalnum() or letter in "-_") for letter in value):
            raise _wrong(field)
    if field.type == "select" and value not in dict(field.options):
        raise _wrong(field)
    if field.type == "number":
        if not (value.isascii() and value.isdecimal() and len(value) < 6):
            raise _wrong(field)
        return int(value)
    if field.type == "date" and value:
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            raise _wrong(field) from None
    return value


def _wrong(field: Field) -> Invalid:
    return Invalid("setting_value", f"The setting {field.name} cannot be that.")


def _checked_secret(kind: ConnectionKind, value: str, given: QueryDict) -> str:
    if kind is ConnectionKind.WEBHOOK and given.get("proof") != "token":
        try:
            base64.b64decode(value.removeprefix(signatures.SECRET_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            raise Invalid(
                "connection_secret", "A secret for signatures is base64, with whsec_ before it."
            ) from None
    if len(value) < SECRET_LENGTH_MIN and kind is not ConnectionKind.PULL:
        raise Invalid("connection_secret", "A secret has at least 8 characters.")
    return value
