"""Parts of a CommerceML document enter the catalogue, the stock and the orders."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from regulars.intake.connectors import actions, queries
from regulars.intake.connectors.goods import fitted
from regulars.intake.connectors.onec.reading import (
    DocumentLine,
    Group,
    Item,
    Named,
    Offer,
    OrderDocument,
    Part,
    Price,
)
from regulars.intake.connectors.pure import lines as order_lines
from regulars.intake.connectors.pure.statuses import status_of
from regulars.intake.connectors.records import ConnectionRecord
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound, Refused
from regulars.kernel.money import line_total_minor, to_minor
from regulars.orders import actions as orders
from regulars.orders import queries as order_queries
from regulars.orders.actions.catalogue import MARK
from regulars.orders.actions.goods import put_stock
from regulars.orders.queries.changes import was_seen
from regulars.orders.records import NewLine, NewProduct, OrderRecord, OrderStatus

ITEM = "item"
# Lines that are no goods, as onec/writing.py names them.
SERVICES = {"ORDER_DELIVERY": order_lines.SHIPPING}
VARIANT_MARK = "#"
CODE_LENGTH_MAX = 200
BRAND_WORDS = ("бренд", "производитель", "торговая марка", "brand", "виробник", "торгова марка")
CURRENCIES = {
    "руб": "RUB", "руб.": "RUB", "rur": "RUB", "643": "RUB", "810": "RUB", "грн": "UAH",
    "грн.": "UAH", "980": "UAH", "тенге": "KZT", "398": "KZT", "долл": "USD", "840": "USD",
    "евро": "EUR", "євро": "EUR", "978": "EUR", "бел.руб.": "BYN", "933": "BYN", "933 ": "BYN",
}  # fmt: skip
# How newer configurations write a status: its code in brackets, then its name.
BRACKETED = re.compile(r"^\[[^\]]{0,20}\]\s*")
YES = ("true", "1", "да", "истина")
CANCELLED = ("отменен", "отменён", "пометкаудаления", "пометка удаления")
STATUS = ("статус заказа", "статусзаказа", "статус")
PAID = ("дата оплаты по 1с", "датаоплаты", "дата оплаты")
SHIPPED = ("дата отгрузки по 1с", "датаотгрузки", "дата отгрузки", "номер отгрузки по 1с")


class Exchange:
    """What was told so far of one document, and where it goes."""

    def __init__(self, workspace_id: int, connection: ConnectionRecord, currency: str) -> None:
        self.workspace_id = workspace_id
        self.connection = connection
        self.currency = currency
        self.groups: dict[str, tuple[str, ...]] = {}
        self.names: dict[str, dict[str, str]] = defaultdict(dict)
        self.counts: Counter[str] = Counter()

    def take(self, parts: Sequence[Part]) -> None:
        """Write a batch of parts; runs in the caller's transaction."""
        for part in parts:
            if isinstance(part, Group):
                self.groups[part.id] = part.path
            elif isinstance(part, Named):
                self.names[part.kind][part.id] = part.name
            elif isinstance(part, OrderDocument):
                self.take_document(part)
        self.take_items([part for part in parts if isinstance(part, Item)])
        self.take_offers([part for part in parts if isinstance(part, Offer)])

    def take_items(self, items: Sequence[Item]) -> None:
        if not items:
            return
        codes = {item.id: self.code_of(item) for item in items}
        actions.point_many(self.workspace_id, self.connection.id, ITEM, codes)
        rows = [
            NewProduct(
                sku=codes[item.id],
                name=item.name or None,
                category=self.category_of(item),
                brand=self.brand_of(item),
                availability="out_of_stock" if item.is_gone else None,
            )
            for item in items
        ]
        self.put(rows)
        self.counts["items"] += len(items)

    def put(self, rows: Sequence[NewProduct]) -> None:
        new, changed = orders.tell_catalogue(self.workspace_id, [fitted(row) for row in rows])
        self.counts["goods"] += new
        self.counts["goods_changed"] += changed

    def code_of(self, item: Item) -> str:
        """Our code of a product: its article, as orders of a shop name it, else its id."""
        by_article = self.connection.settings.get("code") != "id"
        return _printable((item.article if by_article else "") or item.id)

    def category_of(self, item: Item) -> str | None:
        paths = [self.groups[id_] for id_ in item.group_ids if id_ in self.groups]
        return MARK.join(name for name in paths[0] if name) if paths else None

    def brand_of(self, item: Item) -> str | None:
        if item.maker:
            return item.maker
        names = self.names["property"]
        return next(
            (value for id_, value in item.properties.items()
             if names.get(id_, "").lower() in BRAND_WORDS),
            None,
        )  # fmt: skip

    def take_offers(self, offers: Sequence[Offer]) -> None:
        if not offers:
            return
        bases = {offer.id.partition(VARIANT_MARK)[0] for offer in offers}
        codes = queries.targets_of(self.workspace_id, self.connection.id, ITEM, sorted(bases))
        rows: list[NewProduct] = []
        stock: dict[str, dict[str, Decimal]] = defaultdict(dict)
        variants: dict[str, str] = {}
        for offer in offers:
            sku = self.offer_code(offer, codes)
            if VARIANT_MARK in offer.id:
                variants[offer.id] = sku
            price = self.price_of(offer)
            told = sum(offer.stock.values()) if offer.stock else offer.total
            rows.append(
                NewProduct(
                    sku=sku,
                    name=offer.name or None,
                    price=price,
                    availability=None
                    if told is None
                    else ("in_stock" if told > 0 else "out_of_stock"),
                )
            )
            self.lay(stock, offer, sku)
        actions.point_many(self.workspace_id, self.connection.id, ITEM, variants)
        self.put(rows)
        for place, counted in sorted(stock.items()):
            self.counts["stock"] += put_stock(self.workspace_id, place, counted)
        self.counts["offers"] += len(offers)

    def offer_code(self, offer: Offer, codes: dict[str, str]) -> str:
        base, _, kind = offer.id.partition(VARIANT_MARK)
        by_article = self.connection.settings.get("code") != "id"
        known = codes.get(base) or _printable((offer.article if by_article else "") or base)
        return _printable(f"{known}{VARIANT_MARK}{kind}") if kind else known

    def price_of(self, offer: Offer) -> Decimal | None:
        """The price of the list that was chosen by name or id, else of the first one."""
        chosen = str(self.connection.settings.get("price_type") or "").strip().lower()
        names = self.names["price"]
        found = [
            price for price in offer.prices
            if not chosen
            or chosen in (price.type_id.lower(), names.get(price.type_id, "").lower())
        ]  # fmt: skip
        if not found or found[0].amount < 0:
            return None
        if not self.is_ours(found[0]):
            self.counts["price_currency"] += 1
            return None
        return found[0].amount

    def is_ours(self, price: Price) -> bool:
        word = price.currency.lower()
        return not word or CURRENCIES.get(word, word.upper()) == self.currency

    def lay(self, stock: dict[str, dict[str, Decimal]], offer: Offer, sku: str) -> None:
        names = self.names["warehouse"]
        for id_, amount in offer.stock.items():
            stock[_printable(names.get(id_, id_))][sku] = amount
        if not offer.stock and offer.total is not None:
            stock[self.connection.name][sku] = offer.total

    def take_document(self, document: OrderDocument) -> None:
        order = self.order_of(document)
        if order is None:
            self.counts["order_unknown"] += 1
            return
        self.counts["documents"] += 1
        self.correct(document, order)
        for status in self.statuses_of(document):
            try:
                moved = orders.set_status(
                    self.workspace_id, order.id, status, source=self.connection.source
                )
            except Refused:
                # Cancelled or returned here already; late news change nothing.
                moved = False
            self.counts["orders_changed"] += int(moved)

    def correct(self, document: OrderDocument, order: OrderRecord) -> None:
        """Let the order have the lines it has over there, unless it changed here meanwhile.

        What was changed here since the other side was told of it wins, and is told at the next
        exchange.
        """
        if document.lines is None or document.total is None or document.total < 0:
            return
        handed = queries.handed_place(self.workspace_id, self.connection.id)
        if not was_seen(self.workspace_id, order.id, handed):
            self.counts["orders_newer_here"] += 1
            return
        try:
            is_corrected = orders.correct_order(
                self.workspace_id,
                order.id,
                lines=self.lines_of(document, order),
                total_minor=to_minor(document.total, order.currency),
                told_at=clock.now(),
                source=self.connection.source,
            )
        except (Refused, Invalid) as error:
            self.counts[error.code] += 1
            return
        self.counts["orders_corrected"] += int(is_corrected)

    def lines_of(self, document: OrderDocument, order: OrderRecord) -> tuple[NewLine, ...]:
        told = document.lines or ()
        own = {line.sku for line in order_queries.lines(self.workspace_id, order.id)}
        codes = queries.targets_of(
            self.workspace_id, self.connection.id, ITEM, sorted({line.id for line in told})
        )
        found = []
        for line in told:
            sku = SERVICES.get(line.id) or codes.get(line.id) or line.id
            if sku not in own and line.article:
                sku = line.article
            found.append(_line(_printable(sku), line, order.currency))
        total_minor = to_minor(document.total or Decimal(0), order.currency)
        whole = order_lines.balanced(found, total_minor, order.currency)
        # What is no goods keeps the name and kind it has here.
        return tuple(
            replace(one, name=None, item=None)
            if one.sku in own and one.sku.startswith(order_lines.MARK)
            else one
            for one in whole
        )

    def order_of(self, document: OrderDocument) -> OrderRecord | None:
        try:
            return order_queries.order(self.workspace_id, document.id)
        except NotFound:
            return None

    def statuses_of(self, document: OrderDocument) -> list[OrderStatus]:
        """What the document says of the order, from the first step to the last."""
        told = document.requisites
        if any(told.get(name, "").lower() in YES for name in CANCELLED):
            return [OrderStatus.CANCELLED]
        found = []
        if any(told.get(name) for name in PAID):
            found.append(OrderStatus.PAID)
        word = next((told[name] for name in STATUS if told.get(name)), "")
        try:
            named = status_of(
                BRACKETED.sub("", word), self.connection.settings.get("statuses") or {}
            )
        except Invalid:
            self.counts["status_unknown"] += 1
            named = None
        if named is not None:
            found.append(named)
        if any(told.get(name) for name in SHIPPED):
            found.append(OrderStatus.SHIPPED)
        return found


def _line(sku: str, told: DocumentLine, currency: str) -> NewLine:
    """The line at the price told when that makes its sum, else at the price its sum makes."""
    if line_total_minor(told.quantity, told.price, currency) == to_minor(told.total, currency):
        return NewLine(sku, told.quantity, told.price, told.name or None)
    return order_lines.goods(sku, told.quantity, told.total, name=told.name or None)


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())[:CODE_LENGTH_MAX]
