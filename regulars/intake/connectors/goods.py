"""Products of other systems enter the catalogue and the stock."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from regulars.intake.connectors.records import ConnectionRecord, ProductNews
from regulars.orders.actions import goods as orders
from regulars.orders.actions.goods import Goods

AVAILABILITY = {True: "in_stock", False: "out_of_stock", None: None}


def put_goods(
    workspace_id: int, connection: ConnectionRecord, products: Sequence[ProductNews]
) -> dict[str, int]:
    """Write what the shop knows of its goods; returns what changed.

    Its stock is taken only when asked for: the shop itself takes off what it sells.
    """
    new, changed = orders.put_goods(
        workspace_id,
        [
            Goods(
                sku=product.sku,
                name=product.name,
                category=product.category,
                brand=product.brand,
                list_price=product.price,
                old_price=product.old_price,
                url=product.url,
                picture_url=product.picture_url,
                availability=AVAILABILITY[product.is_available],
            )
            for product in products
        ],
    )
    told = {"goods": new, "goods_changed": changed}
    if connection.settings.get("takes_stock"):
        counted: dict[str, Decimal] = {
            product.sku: product.on_hand for product in products if product.on_hand is not None
        }
        told["stock"] = orders.put_stock(workspace_id, connection.name, counted)
    return told if any(told.values()) else {"goods_same": len(products)}
