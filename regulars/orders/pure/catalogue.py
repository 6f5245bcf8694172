"""Products as the pages of a site show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from regulars.kernel.errors import Invalid
from regulars.orders.pure import from_events

URL_LENGTH_MAX = 1_000
TEXT_LENGTH_MAX = 200
PRODUCTS_MAX = 100
KINDS = (
    "Products Searched", "Product List Viewed", "Product List Filtered", "Product Clicked",
    "Product Viewed", "Product Added", "Cart Viewed", "Checkout Started",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """A product as a page told it; what the page did not tell is None."""

    sku: str
    name: str | None = None
    brand: str | None = None
    category: str | None = None
    price: Decimal | None = None
    url: str | None = None
    picture_url: str | None = None


def seen(props: Mapping[str, Any]) -> list[Seen]:
    """Products an event tells about, at most PRODUCTS_MAX; what cannot be read is left out."""
    listed = props.get("products")
    rows = listed if isinstance(listed, list) else [props]
    found = (_seen(row) for row in rows[:PRODUCTS_MAX] if isinstance(row, Mapping))
    return [one for one in found if one is not None]


def _seen(row: Mapping[str, Any]) -> Seen | None:
    # A name alone is no code to know a product by: lists of categories have names as well.
    code = next((row[name] for name in ("sku", "product_id", "productId") if row.get(name)), "")
    sku = _text(code)
    if not sku:
        return None
    return Seen(
        sku=sku,
        name=_text(row.get("name")),
        brand=_text(row.get("brand")),
        category=_text(row.get("category")),
        price=_price(row.get("price")),
        url=_url(row.get("url")),
        picture_url=_url(row.get("image_url") or row.get("imageUrl")),
    )


def _text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()
    return text if 0 < len(text) <= TEXT_LENGTH_MAX and text.isprintable() else None


def _url(value: object) -> str | None:
    if not isinstance(value, str) or len(value) > URL_LENGTH_MAX or not value.isprintable():
        return None
    return value if value.startswith(("https://", "http://")) else None


def _price(value: object) -> Decimal | None:
    if value is None:
        return None
    try:
        found = from_events.amount(value)
    except Invalid:
        return None
    return found if found > 0 else None
