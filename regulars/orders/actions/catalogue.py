"""The catalogue: products written by their code, the tree of categories kept in step."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal

from regulars.kernel.errors import Invalid
from regulars.orders.actions.payments import is_web_address
from regulars.orders.pure.meaning import AMOUNT_MAX, DECIMALS_MAX, DURATION_MAX_MIN, TEXT_LENGTH_MAX
from regulars.orders.records import NewProduct
from regulars.store.scope import cursor

PRODUCTS_MAX = 5_000
WORDS_LENGTH_MAX = 500
URL_LENGTH_MAX = 2_000
DEPTH_MAX = 10
AVAILABLE = frozenset({"in_stock", "out_of_stock", "preorder"})
MARK = " > "
UPSERT = """
INSERT INTO orders_product AS p
  (workspace_id, sku, name, category, category_code, brand, list_price, old_price, url,
   picture_url, availability, item, duration_min, is_stocked, catalogue_hash, sold_quantity,
   sold_minor)
SELECT %s, g.*, 0, 0 FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
  %s::numeric[], %s::numeric[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[],
  %s::bool[], %s::text[]) AS g
ON CONFLICT (workspace_id, sku) DO UPDATE
SET name = coalesce(excluded.name, p.name), category = coalesce(excluded.category, p.category),
    category_code = excluded.category_code, brand = coalesce(excluded.brand, p.brand),
    list_price = excluded.list_price, old_price = excluded.old_price, url = excluded.url,
    picture_url = excluded.picture_url, availability = excluded.availability,
    item = excluded.item, duration_min = excluded.duration_min,
    catalogue_hash = excluded.catalogue_hash
WHERE p.catalogue_hash IS DISTINCT FROM excluded.catalogue_hash
"""
# What is not told stays; an old price only beside the price it was told with. The mark of a
# catalogue's row goes, so that its file brought in once more puts back what was changed since.
TELL = """
INSERT INTO orders_product AS p
  (workspace_id, sku, name, category, category_code, brand, list_price, old_price, url,
   picture_url, availability, item, duration_min, is_stocked, sold_quantity, sold_minor)
SELECT %s, g.*, 0, 0 FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
  %s::numeric[], %s::numeric[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[],
  %s::bool[]) AS g
ON CONFLICT (workspace_id, sku) DO UPDATE
SET (name, category, category_code, brand, list_price, old_price, url, picture_url, availability,
     item, duration_min, catalogue_hash) = (SELECT told.*, NULL FROM {told})
WHERE (SELECT told FROM {told}) IS DISTINCT FROM
  ROW(p.name, p.category, p.category_code, p.brand, p.list_price, p.old_price, p.url,
      p.picture_url, p.availability, p.item, p.duration_min)
RETURNING (xmax = 0)
""".format(
    told="""(SELECT coalesce(excluded.name, p.name), coalesce(excluded.category, p.category),
    coalesce(excluded.category_code, p.category_code), coalesce(excluded.brand, p.brand),
    coalesce(excluded.list_price, p.list_price),
    CASE WHEN excluded.list_price IS NULL THEN p.old_price ELSE excluded.old_price END,
    coalesce(excluded.url, p.url), coalesce(excluded.picture_url, p.picture_url),
    coalesce(excluded.availability, p.availability), coalesce(excluded.item, p.item),
    coalesce(excluded.duration_min, p.duration_min)) AS told"""
)
CATEGORIES = """
INSERT INTO orders_category AS c (workspace_id, code, parent_code, name, path)
SELECT %s, g.* FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS g
ON CONFLICT (workspace_id, code) DO NOTHING
"""


def write_catalogue(workspace_id: int, products: Sequence[NewProduct]) -> int:
    """Enter products or write them anew by their code; how many changed.

    The same again changes nothing. Of twins inside the call the last is taken.
    raises  Invalid(catalogue_size | product_sku | product_text | product_price | product_url |
            product_availability | product_duration) and nothing is written
    """
    rows = _checked(products)
    if not rows:
        return 0
    raw = cursor()
    raw.execute(UPSERT, [workspace_id, *_columns(workspace_id, rows), [_digest(p) for p in rows]])
    return raw.rowcount


def tell_catalogue(workspace_id: int, products: Sequence[NewProduct]) -> tuple[int, int]:
    """Enter what another system tells of products; what it does not tell (None) stays.

    Gives how many are new and how many changed; of twins the last counts.
    raises  as `write_catalogue`
    """
    rows = _checked(products)
    if not rows:
        return 0, 0
    raw = cursor()
    raw.execute(TELL, [workspace_id, *_columns(workspace_id, rows)])
    answers = [bool(row[0]) for row in raw.fetchall()]
    return sum(answers), len(answers) - sum(answers)


def _checked(products: Sequence[NewProduct]) -> list[NewProduct]:
    if len(products) > PRODUCTS_MAX:
        raise Invalid("catalogue_size", f"Send at most {PRODUCTS_MAX} products at once.")
    for product in products:
        check(product)
    return sorted({product.sku: product for product in products}.values(), key=lambda p: p.sku)


def _columns(workspace_id: int, rows: Sequence[NewProduct]) -> list[list[object]]:
    """Arrays for the statements, with the categories of the rows in their tree."""
    paths = [path_of(product.category) for product in rows]
    _write_categories(workspace_id, paths)
    return [
        [p.sku for p in rows],
        [p.name for p in rows],
        [path[-1] if path else None for path in paths],
        [MARK.join(path) or None for path in paths],
        [p.brand for p in rows],
        [p.price for p in rows],
        [p.old_price for p in rows],
        [p.url for p in rows],
        [p.picture_url for p in rows],
        [p.availability for p in rows],
        [p.item for p in rows],
        [p.duration_min for p in rows],
        [False for _ in rows],
    ]


def check(product: NewProduct) -> None:
    """Nothing when the catalogue can take the product."""
    if not 0 < len(product.sku) <= TEXT_LENGTH_MAX or not product.sku.isprintable():
        raise Invalid(
            "product_sku", f"A product needs a code of 1 to {TEXT_LENGTH_MAX} characters."
        )
    for text in (product.name, product.category, product.brand):
        if text is not None and (len(text) > WORDS_LENGTH_MAX or not text.isprintable()):
            raise Invalid("product_text", f"A field has at most {WORDS_LENGTH_MAX} characters.")
    for price in (product.price, product.old_price):
        if price is not None and not _is_price(price):
            raise Invalid("product_price", "A price is a number, not below zero.")
    for url in (product.url, product.picture_url):
        if url and (len(url) > URL_LENGTH_MAX or not is_link(url)):
            raise Invalid("product_url", "An address begins with https:// or http://.")
    if product.availability is not None and product.availability not in AVAILABLE:
        raise Invalid("product_availability", f"Availability is one of {sorted(AVAILABLE)}.")
    if product.duration_min is not None and not 0 < product.duration_min <= DURATION_MAX_MIN:
        raise Invalid("product_duration", "A duration is whole minutes, above zero.")
    if len(path_of(product.category)) > DEPTH_MAX:
        raise Invalid("product_text", f"A category lies at most {DEPTH_MAX} branches deep.")


def path_of(category: str | None) -> tuple[str, ...]:
    """The branches of a path, from the trunk: Drinks > Tea > Green."""
    return tuple(part.strip() for part in (category or "").split(">") if part.strip())


def _write_categories(workspace_id: int, paths: Sequence[tuple[str, ...]]) -> None:
    branches = {path[:depth] for path in paths for depth in range(1, len(path) + 1)}
    rows = sorted(branches)
    if rows:
        cursor().execute(
            CATEGORIES,
            [
                workspace_id,
                [MARK.join(row) for row in rows],
                [MARK.join(row[:-1]) or None for row in rows],
                [row[-1] for row in rows],
                [MARK.join(row) for row in rows],
            ],
        )


def _digest(product: NewProduct) -> str:
    said = [
        product.name, product.category, product.brand, _plain(product.price),
        _plain(product.old_price), product.url, product.picture_url, product.availability,
        product.item, product.duration_min,
    ]  # fmt: skip
    return hashlib.blake2b(json.dumps(said).encode(), digest_size=16).hexdigest()


def _plain(price: Decimal | None) -> str | None:
    return None if price is None else f"{price.normalize():f}"


def _is_price(price: Decimal) -> bool:
    return price.is_finite() and 0 <= price < AMOUNT_MAX and price == round(price, DECIMALS_MAX)


def is_link(url: str) -> bool:
    """Whether a page may lead there or show what is there."""
    return is_web_address(f"https{url[4:]}" if url.startswith("http:") else url)
