"""CommerceML read as a stream: catalogues, offers, and orders that come back.

No document type, no entity, no part larger than a limit; a part is forgotten when it is read.
source  the CommerceML schema, versions 2.03 to 2.10 and 3.1
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from regulars.kernel.errors import Invalid

DEPTH_MAX = 40
PART_BYTES_MAX = 16 << 20
GROUPS_MAX = 20_000
DOCUMENT_LINES_MAX = 1_000
TEXT_LENGTH_MAX = 500
AMOUNT_MAX = Decimal(10) ** 12
ROOT = "КоммерческаяИнформация"
PACKETS = ("ПакетПредложений", "ИзмененияПакетаПредложений")
YES = ("true", "1", "да", "истина")


@dataclass(frozen=True, slots=True)
class Group:
    """A branch of the classifier with the names from the root down."""

    id: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """Something with a name that later parts speak of: property, price or warehouse."""

    kind: str
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """A product of the catalogue."""

    id: str
    article: str
    name: str
    group_ids: tuple[str, ...]
    maker: str
    properties: Mapping[str, str]
    is_gone: bool


@dataclass(frozen=True, slots=True)
class Price:
    """What a piece costs in one list of prices."""

    type_id: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What a product, or one of its kinds, costs and where it lies.

    id     of the product; of one of its kinds with "#" and the kind behind
    stock  by warehouse; total where only the sum is told
    """

    id: str
    article: str
    name: str
    prices: tuple[Price, ...]
    stock: Mapping[str, Decimal]
    total: Decimal | None


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A product of an order; total is what it costs with its discounts taken off."""

    id: str
    article: str
    name: str
    quantity: Decimal
    price: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class OrderDocument:
    """An order as the other side knows it now; lines are None when they are not told whole."""

    id: str
    number: str
    requisites: Mapping[str, str] = field(default_factory=dict)
    total: Decimal | None = None
    lines: tuple[DocumentLine, ...] | None = None


Part = Group | Named | Item | Offer | OrderDocument


class _Measured:
    """A stream that refuses to go on when one part grows over the limit."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.since = 0

    def read(self, size: int = -1) -> bytes:
        block = self.stream.read(size)
        self.since += len(block)
        if self.since > PART_BYTES_MAX:
            raise Invalid("xml_part_big", "A part of the document is too large.")
        return block


def parts(stream: BinaryIO) -> Iterator[Part]:
    """The parts of a document, in order.

    raises  Invalid(xml_malformed | xml_forbidden | xml_deep | xml_part_big | xml_root |
            xml_groups)
    """
    measured = _Measured(stream)
    stack: list[Element] = []
    try:
        for event, element in iterparse(measured, events=("start", "end"), forbid_dtd=True):
            if event == "start":
                stack.append(element)
                _check_place(stack)
                continue
            found = list(_read([_name(one) for one in stack], element))
            stack.pop()
            if found or _is_read(element, stack):
                element.clear()
                if stack:
                    stack[-1].remove(element)
                measured.since = 0
            yield from found
    except DefusedXmlException as error:
        raise Invalid("xml_forbidden", "The document holds what it must not.") from error
    except (ParseError, LookupError, ValueError) as error:
        raise Invalid("xml_malformed", "The document is no readable XML.") from error


def _check_place(stack: list[Element]) -> None:
    if len(stack) == 1 and _name(stack[0]) != ROOT:
        raise Invalid("xml_root", "The document is no CommerceML.")
    if len(stack) > DEPTH_MAX:
        raise Invalid("xml_deep", "The document is nested too deeply.")


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _is_read(element: Element, stack: list[Element]) -> bool:
    # Products of an order are read with their order.
    if any(_name(one) == "Документ" for one in stack):
        return False
    return _name(element) in ("Товар", "Предложение", "Документ") and len(stack) <= 4


def _read(path: list[str], element: Element) -> Iterator[Part]:
    match path[1:]:
        case ["Классификатор", "Группы"]:
            yield from _groups(element)
        case ["Классификатор", "Свойства", "Свойство"]:
            yield from _named("property", element)
        case ["Классификатор" | "ПакетПредложений" | "ИзмененияПакетаПредложений", "ТипыЦен", _]:
            yield from _named("price", element)
        case ["Классификатор" | "ПакетПредложений" | "ИзмененияПакетаПредложений", "Склады", _]:
            yield from _named("warehouse", element)
        case ["Каталог", "Товары", "Товар"]:
            yield from _item(element)
        case ["ПакетПредложений" | "ИзмененияПакетаПредложений", "Предложения", "Предложение"]:
            yield from _offer(element)
        case ["Документ"] | ["Контейнер", "Документ"]:
            yield from _document(element)


def _groups(element: Element) -> Iterator[Group]:
    waiting: list[tuple[Element, tuple[str, ...]]] = [(element, ())]
    count = 0
    while waiting:
        holder, path = waiting.pop()
        for group in _children(holder, "Группа"):
            count += 1
            if count > GROUPS_MAX:
                raise Invalid("xml_groups", f"A classifier has at most {GROUPS_MAX} groups.")
            here = (*path, _text(group, "Наименование"))
            id_ = _text(group, "Ид")
            if id_:
                yield Group(id_, here)
            waiting += [(inner, here) for inner in _children(group, "Группы")]


def _named(kind: str, element: Element) -> Iterator[Named]:
    id_, name = _text(element, "Ид"), _text(element, "Наименование")
    if id_ and name:
        yield Named(kind, id_, name)


def _item(element: Element) -> Iterator[Item]:
    id_ = _text(element, "Ид")
    if not id_:
        return
    properties = {
        _text(value, "Ид"): _text(value, "Значение")
        for holder in _children(element, "ЗначенияСвойств")
        for value in _children(holder, "ЗначенияСвойства")
    }
    makers = [_text(one, "Наименование") for one in _children(element, "Изготовитель")]
    yield Item(
        id=id_,
        article=_text(element, "Артикул"),
        name=_text(element, "Наименование"),
        group_ids=tuple(
            _own(one) for holder in _children(element, "Группы") for one in _children(holder, "Ид")
        ),
        maker=makers[0] if makers else "",
        properties={name: value for name, value in properties.items() if name and value},
        is_gone=element.get("Статус") == "Удален"
        or _text(element, "ПометкаУдаления").lower() in YES,
    )


def _offer(element: Element) -> Iterator[Offer]:
    id_ = _text(element, "Ид")
    if not id_:
        return
    prices = tuple(
        Price(_text(one, "ИдТипаЦены"), amount, _text(one, "Валюта"))
        for holder in _children(element, "Цены")
        for one in _children(holder, "Цена")
        if (amount := _amount(_text(one, "ЦенаЗаЕдиницу"))) is not None
    )
    yield Offer(
        id=id_,
        article=_text(element, "Артикул"),
        name=_text(element, "Наименование"),
        prices=prices,
        stock=_stock(element),
        total=_total(element),
    )


def _stock(element: Element) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for one in _children(element, "Склад"):
        amount = _amount(one.get("КоличествоНаСкладе", ""))
        if amount is not None and one.get("ИдСклада"):
            found[str(one.get("ИдСклада"))[:TEXT_LENGTH_MAX]] = amount
    for rest in _rests(element):
        for one in _children(rest, "Склад"):
            amount = _amount(_text(one, "Количество") or _text(rest, "Количество"))
            id_ = _text(one, "Ид") or _own(one)
            if amount is not None and id_:
                found[id_] = amount
    return found


def _total(element: Element) -> Decimal | None:
    found = _amount(_text(element, "Количество"))
    for rest in _rests(element):
        if not _children(rest, "Склад"):
            found = _amount(_text(rest, "Количество"))
    return found


def _rests(element: Element) -> list[Element]:
    return [one for holder in _children(element, "Остатки") for one in _children(holder, "Остаток")]


def _document(element: Element) -> Iterator[OrderDocument]:
    requisites = {
        _text(one, "Наименование").lower(): _text(one, "Значение")
        for holder in _children(element, "ЗначенияРеквизитов")
        for one in _children(holder, "ЗначениеРеквизита")
    }
    id_, number = _text(element, "Ид"), _text(element, "Номер")
    if id_ or number:
        total = _amount(_text(element, "Сумма"))
        yield OrderDocument(id_, number, requisites, total, _document_lines(element))


def _document_lines(element: Element) -> tuple[DocumentLine, ...] | None:
    told = [one for holder in _children(element, "Товары") for one in _children(holder, "Товар")]
    found = [_document_line(one) for one in told[:DOCUMENT_LINES_MAX]]
    whole = [one for one in found if one is not None]
    # Half a list would take the other half out of the order.
    return tuple(whole) if whole and len(whole) == len(told) else None


def _document_line(element: Element) -> DocumentLine | None:
    quantity = _amount(_text(element, "Количество"))
    price = _amount(_text(element, "ЦенаЗаЕдиницу") or _text(element, "Цена"))
    total = _amount(_text(element, "Сумма"))
    if quantity is None or quantity <= 0 or price is None or total is None:
        return None
    for holder in _children(element, "Скидки"):
        for one in _children(holder, "Скидка"):
            is_in = _text(one, "УчтеноВСумме").lower() in YES
            total -= Decimal(0) if is_in else _amount(_text(one, "Сумма")) or Decimal(0)
    return DocumentLine(
        id=_text(element, "Ид"),
        article=_text(element, "Артикул"),
        name=_text(element, "Наименование"),
        quantity=quantity,
        price=price,
        total=total,
    )


def _children(element: Element, name: str) -> list[Element]:
    return [one for one in element if _name(one) == name]


def _text(element: Element, name: str) -> str:
    found = _children(element, name)
    return _own(found[0]) if found else ""


def _own(element: Element) -> str:
    return " ".join((element.text or "").replace("\x00", " ").split())[:TEXT_LENGTH_MAX]


def _amount(text: Any) -> Decimal | None:
    bare = str(text).replace("\xa0", "").replace(" ", "").replace(",", ".")
    try:
        found = Decimal(bare)
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) < AMOUNT_MAX else None
