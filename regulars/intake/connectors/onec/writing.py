"""Our orders as a CommerceML document."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from xml.etree.ElementTree import Element, ElementTree, SubElement
from zoneinfo import ZoneInfo

from regulars.customers.records import Profile
from regulars.kernel.money import decimal_string
from regulars.orders.records import ItemKind, LineRecord, OrderRecord

SCHEMA = "2.09"
ENCODINGS = ("utf-8", "windows-1251")
STATUS_NAMES = {
    "new": "Новый", "paid": "Оплачен", "processing": "В обработке", "shipped": "Отправлен",
    "delivered": "Доставлен", "cancelled": "Отменен", "returned": "Возвращен",
}  # fmt: skip
SERVICE_MARK = "order:"


@dataclass(frozen=True, slots=True)
class Sale:
    """An order with what stands around it; codes are ids of the other side by our product code."""

    order: OrderRecord
    lines: Sequence[LineRecord]
    buyer: Profile | None
    codes: Mapping[str, str]


def document(sales: Sequence[Sale], *, made_at: datetime, zone: str, encoding: str) -> bytes:
    """The document; letters the encoding does not have become references."""
    local = made_at.astimezone(ZoneInfo(zone))
    root = Element("КоммерческаяИнформация")
    root.set("ВерсияСхемы", SCHEMA)
    root.set("ДатаФормирования", local.strftime("%Y-%m-%dT%H:%M:%S"))
    for sale in sales:
        root.append(_document(sale, ZoneInfo(zone)))
    stream = io.BytesIO()
    ElementTree(root).write(stream, encoding=encoding, xml_declaration=True)
    return stream.getvalue()


def _document(sale: Sale, zone: ZoneInfo) -> Element:
    order = sale.order
    at = order.placed_at.astimezone(zone)
    found = Element("Документ")
    for name, value in (
        ("Ид", order.public_id),
        ("Номер", order.number),
        ("Дата", at.strftime("%Y-%m-%d")),
        ("ХозОперация", "Заказ товара"),
        ("Роль", "Продавец"),
        ("Валюта", order.currency),
        ("Курс", "1"),
        ("Сумма", decimal_string(order.total_minor, order.currency)),
    ):
        _add(found, name, value)
    found.append(_parties(sale))
    _add(found, "Время", at.strftime("%H:%M:%S"))
    _add_discount(found, sale)
    goods = SubElement(found, "Товары")
    for line in sale.lines:
        if line.quantity > 0:
            goods.append(_line(line, sale))
    requisites = SubElement(found, "ЗначенияРеквизитов")
    _requisite(requisites, "Статус заказа", STATUS_NAMES.get(order.status, order.status))
    is_cancelled = order.status == "cancelled"
    _requisite(requisites, "Отменен", "true" if is_cancelled else "false")
    _requisite(requisites, "Сайт", order.source)
    return found


def _parties(sale: Sale) -> Element:
    buyer = sale.buyer
    found = Element("Контрагенты")
    one = SubElement(found, "Контрагент")
    title = (buyer.title if buyer else "") or "Розничный покупатель"
    _add(one, "Ид", buyer.public_id if buyer else "guest")
    _add(one, "Наименование", title)
    _add(one, "Роль", "Покупатель")
    _add(one, "ПолноеНаименование", title)
    if buyer is None:
        return found
    if buyer.last_name:
        _add(one, "Фамилия", buyer.last_name)
    if buyer.first_name:
        _add(one, "Имя", buyer.first_name)
    contacts = [("Почта", buyer.email), ("Телефон рабочий", buyer.phone)]
    holder = SubElement(one, "Контакты")
    for kind, value in contacts:
        if value:
            contact = SubElement(holder, "Контакт")
            _add(contact, "Тип", kind)
            _add(contact, "Значение", value)
    return found


def _add_discount(found: Element, sale: Sale) -> None:
    off = -sum(line.total_minor for line in sale.lines if line.quantity < 0)
    if off > 0:
        one = SubElement(SubElement(found, "Скидки"), "Скидка")
        _add(one, "Наименование", "Скидка")
        _add(one, "Сумма", decimal_string(off, sale.order.currency))
        _add(one, "УчтеноВСумме", "true")


def _line(line: LineRecord, sale: Sale) -> Element:
    found = Element("Товар")
    is_service = line.sku.startswith(SERVICE_MARK) or line.item == ItemKind.SERVICE
    code = "ORDER_DELIVERY" if line.sku == "order:shipping" else sale.codes.get(line.sku, line.sku)
    _add(found, "Ид", code)
    if not is_service:
        _add(found, "Артикул", line.sku)
    _add(found, "Наименование", line.name or line.sku)
    unit = SubElement(found, "БазоваяЕдиница")
    unit.set("Код", "796")
    unit.set("НаименованиеПолное", "Штука")
    unit.set("МеждународноеСокращение", "PCE")
    unit.text = "шт"
    _add(found, "ЦенаЗаЕдиницу", plain(line.unit_price))
    _add(found, "Количество", plain(line.quantity))
    _add(found, "Сумма", decimal_string(line.total_minor, sale.order.currency))
    requisites = SubElement(found, "ЗначенияРеквизитов")
    kind = "Услуга" if is_service else "Товар"
    _requisite(requisites, "ВидНоменклатуры", kind)
    _requisite(requisites, "ТипНоменклатуры", kind)
    return found


def plain(value: Decimal) -> str:
    """The number without an exponent and needless zeros."""
    return f"{value.normalize():f}"


def _requisite(holder: Element, name: str, value: str) -> None:
    one = SubElement(holder, "ЗначениеРеквизита")
    _add(one, "Наименование", name)
    _add(one, "Значение", value)


def _add(holder: Element, name: str, value: str) -> None:
    SubElement(holder, name).text = "".join(_allowed(value))


def _allowed(value: str) -> Iterator[str]:
    # XML knows no control characters, not even as references.
    return (letter for letter in value if letter >= " " or letter in "\t\n")
