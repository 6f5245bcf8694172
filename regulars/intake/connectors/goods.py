"""Products of other systems enter the catalogue and the stock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from regulars.intake.connectors.records import ConnectionRecord, ProductNews
from regulars.orders import actions as orders
from regulars.orders.actions.catalogue import (
    DEPTH_MAX,
    MARK,
    URL_LENGTH_MAX,
    WORDS_LENGTH_MAX,
    is_link,
    path_of,
)
from regulars.orders.actions.goods import put_stock
from regulars.orders.records import NewProduct

AVAILABILITY = {True: "in_stock", False: "out_of_stock", None: None}


def put_goods(
    workspace_id: int, connection: ConnectionRecord, products: Sequence[ProductNews]
) -> dict[str, int]:
    """Write what the shop knows of its goods; returns what changed.

    Its stock is taken only when asked for: the shop itself takes off what it sells.
    """
    rows = [
        NewProduct(
            sku=product.sku,
            name=product.name,
            category=product.category,
            brand=product.brand,
            price=product.price,
            old_price=product.old_price,
            url=product.url,
            picture_url=product.picture_url,
            availability=AVAILABILITY[product.is_available],
        )
        for product in products
    ]
    new, changed = orders.tell_catalogue(workspace_id, [fitted(row) for row in rows])
    told = {"goods": new, "goods_changed": changed}
    if connection.settings.get("takes_stock"):
        counted: dict[str, Decimal] = {
            product.sku: product.on_hand for product in products if product.on_hand is not None
        }
        told["stock"] = put_stock(workspace_id, connection.name, counted)
    return told if any(told.values()) else {"goods_same": len(products)}


def fitted(product: NewProduct) -> NewProduct:
    """The product in words the catalogue can take: a long description must not stop its price."""
    path = path_of(_words(product.category))[:DEPTH_MAX]
    return replace(
        product,
        name=_words(product.name),
        category=MARK.join(path) or None,
        brand=_words(product.brand),
        url=_link(product.url),
        picture_url=_link(product.picture_url),
    )


def _words(text: str | None) -> str | None:
    line = " ".join((text or "").split())
    return "".join(letter for letter in line if letter.isprintable())[:WORDS_LENGTH_MAX] or None


def _link(url: str | None) -> str | None:
    # What is shown as a link or a picture must be one, whoever tells it.
    return url if url and len(url) <= URL_LENGTH_MAX and is_link(url) else None
