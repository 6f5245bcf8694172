"""Catalogues as shops publish them for marketplaces: YML (Yandex Market) and Google's feed.

The file is read piece by piece and no tree is built; entities and references outside are refused,
and every text, name and depth has a limit, so that no file can fill the memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import XMLParser

from regulars.kernel.errors import Invalid

FEED_BYTES_MAX = 1 << 30
PIECE_BYTES = 64 << 10
DEPTH_MAX = 32
TEXT_LENGTH_MAX = 20_000
CATEGORIES_MAX = 20_000
BRANCH_DEPTH_MAX = 10
HEADINGS = (
    "sku", "name", "category", "brand", "price", "old_price", "currency", "quantity", "url",
    "picture_url", "availability",
)  # fmt: skip
THINGS = frozenset({"offer", "item", "entry"})
# What each format calls a column; the first one that says something is taken.
YML = {
    "name": ("name", "model"), "brand": ("vendor",), "price": ("price",),
    "old_price": ("oldprice",), "currency": ("currencyId",),
    "quantity": ("count", "stock_quantity", "quantity_in_stock"), "url": ("url",),
    "picture_url": ("picture",),
}  # fmt: skip
GOOGLE = {
    "sku": ("id",), "name": ("title",), "category": ("product_type", "google_product_category"),
    "brand": ("brand",), "quantity": ("quantity", "sell_on_google_quantity"), "url": ("link",),
    "picture_url": ("image_link",), "availability": ("availability",),
}  # fmt: skip
# Nothing else is kept, so that a thing with a million parts fills no memory.
TAKEN = frozenset(
    {name for names in (*YML.values(), *GOOGLE.values()) for name in names}
    | {"typePrefix", "categoryId", "sale_price"}
)
# Old ways of writing the same money.
CURRENCIES = {"RUR": "RUB", "BYR": "BYN"}


def rows(path: Path) -> Iterator[list[str]]:
    """The things of the feed as cells under HEADINGS.

    raises  Invalid(file_too_big | file_unreadable | file_feed)
    """
    if path.stat().st_size > FEED_BYTES_MAX:
        raise Invalid("file_too_big", "A feed has at most 1 GB.")
    reader = _Reader()
    parser = XMLParser(target=reader)
    try:
        with path.open("rb") as stream:
            while piece := stream.read(PIECE_BYTES):
                parser.feed(piece)
                yield from reader.taken()
            parser.close()
    except DefusedXmlException as error:
        raise Invalid(
            "file_unreadable", "The feed has entities or names other files; that is not read."
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise Invalid("file_unreadable", "The feed is not whole XML.") from error
    yield from reader.taken()
    if not reader.is_feed:
        raise Invalid("file_feed", "The XML is neither YML nor a feed of products for Google.")


class _Reader:
    """What the parser tells, gathered into one thing at a time."""

    def __init__(self) -> None:
        self.is_feed = False
        self.depth = 0
        self.category = ""
        self.categories: dict[str, tuple[str, str]] = {}
        self.thing: dict[str, str] | None = None
        self.thing_depth = 0
        self.text: list[str] = []
        self.length = 0
        self.ready: list[list[str]] = []

    def taken(self) -> list[list[str]]:
        """The rows read since the last call."""
        found, self.ready = self.ready, []
        return found

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise Invalid("file_unreadable", f"The feed is over {DEPTH_MAX} elements deep.")
        name = _local(tag)
        self.is_feed = self.is_feed or (self.depth == 1 and name in ("yml_catalog", "rss", "feed"))
        self.text, self.length = [], 0
        if self.thing is None and name in THINGS:
            self.thing, self.thing_depth = {}, self.depth
            if name == "offer":
                self.thing["@offer"] = attributes.get("id", "")[:TEXT_LENGTH_MAX]
                self.thing["@available"] = attributes.get("available", "")[:20]
        elif self.thing is None and name == "category":
            self.category = attributes.get("id", "")[:200]
            if len(self.categories) < CATEGORIES_MAX and self.category:
                self.categories[self.category] = (attributes.get("parentId", "")[:200], "")
        elif self.thing is not None and name == "link" and attributes.get("href"):
            # Atom keeps the address in an attribute.
            self.thing.setdefault("link", attributes["href"][:TEXT_LENGTH_MAX])

    def data(self, text: str) -> None:
        """Text of the innermost element."""
        self.length += len(text)
        if self.length > TEXT_LENGTH_MAX and self.thing is not None:
            # Long descriptions are not kept; the columns taken are short.
            return
        if self.length > TEXT_LENGTH_MAX:
            raise Invalid("file_unreadable", "A text of the feed is too long.")
        self.text.append(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        name, text = _local(tag), " ".join("".join(self.text).split())
        if self.thing is not None and self.depth == self.thing_depth:
            self.ready.append(self._row(self.thing))
            self.thing = None
        elif self.thing is not None and self.depth == self.thing_depth + 1:
            if name in TAKEN and text and self.length <= TEXT_LENGTH_MAX:
                self.thing.setdefault(name, text)
        elif self.category and name == "category" and self.category in self.categories:
            parent, _none = self.categories[self.category]
            self.categories[self.category] = (parent, text.replace(">", "/")[:200])
            self.category = ""
        self.depth -= 1
        self.text, self.length = [], 0

    def close(self) -> None:
        """The feed ends."""

    def _row(self, thing: dict[str, str]) -> list[str]:
        cells = self._yml(thing) if "@offer" in thing else _google(thing)
        return [cells.get(heading, "") for heading in HEADINGS]

    def _yml(self, thing: dict[str, str]) -> dict[str, str]:
        cells = _chosen(thing, YML)
        cells["sku"] = thing["@offer"]
        if "name" not in thing and thing.get("typePrefix"):
            parts = (thing.get("typePrefix"), thing.get("vendor"), thing.get("model"))
            cells["name"] = " ".join(part for part in parts if part)
        cells["currency"] = CURRENCIES.get(cells["currency"], cells["currency"])
        cells["availability"] = {"true": "in_stock", "false": "out_of_stock"}.get(
            thing["@available"], ""
        )
        cells["category"] = self._path(thing.get("categoryId", ""))
        return cells

    def _path(self, code: str) -> str:
        names: list[str] = []
        # Counted by steps, not by names: branches without names may hang on each other in a ring.
        for _ in range(BRANCH_DEPTH_MAX):
            if code not in self.categories:
                break
            code, name = self.categories[code]
            if name:
                names.append(name)
        return " > ".join(reversed(names))


def _google(thing: dict[str, str]) -> dict[str, str]:
    cells = _chosen(thing, GOOGLE)
    price, sale = thing.get("price", ""), thing.get("sale_price", "")
    cells["price"], cells["currency"] = _money(sale or price)
    cells["old_price"] = _money(price)[0] if sale else ""
    return cells


def _money(text: str) -> tuple[str, str]:
    """The amount and the currency of "12.50 UAH"."""
    words = text.split()
    letters = [word for word in words if word.isalpha()]
    return " ".join(word for word in words if not word.isalpha()), letters[0] if letters else ""


def _chosen(thing: dict[str, str], names: dict[str, tuple[str, ...]]) -> dict[str, str]:
    return {
        column: next((thing[name] for name in given if thing.get(name)), "")
        for column, given in names.items()
    }


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
