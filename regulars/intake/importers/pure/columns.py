"""Which column of a file means what: recognising headings in three languages, reading a map."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from regulars.customers.records import Basis
from regulars.intake.importers.records import (
    ColumnMap,
    DateOrder,
    DecimalMark,
    ImportKind,
    Layout,
)
from regulars.kernel.errors import Invalid

COLUMNS_MAX = 500
CONSENT_FIELDS = frozenset({"consent_email", "consent_sms"})
KEPT_PREFIXES = {ImportKind.EVENTS: ("prop.",), ImportKind.CUSTOMERS: ("attr.",)}

PERSON = {
    "external_id": "customerid clientid userid externalid customercode клієнтід idклієнта"
    " кодклієнта idклиента кодклиента клиентid",
    "email": "email mail emailaddress customeremail електроннапошта пошта емейл имейл почта"
    " электроннаяпочта",
    "phone": "phone telephone tel mobile phonenumber customerphone телефон номертелефону"
    " номертелефона мобільний мобильный",
    "name": "customer customername fullname clientname клієнт клиент піб фио покупець покупатель"
    " імяклієнта имяклиента",
    "first_name": "firstname givenname імя имя",
    "last_name": "lastname surname familyname прізвище фамилия",
    "city": "city town місто город",
    "country": "country країна страна",
    "language": "language lang мова язык",
}
SYNONYMS: dict[ImportKind, dict[str, str]] = {
    ImportKind.ORDERS: {
        **PERSON,
        "number": "invoiceno invoice invoicenumber orderno order orderid ordernumber number"
        " transactionid receipt receiptno номер номерзамовлення замовлення номерзаказа заказ чек"
        " номерчека",
        "placed_at": "invoicedate orderdate date datetime placedat createdat time timestamp"
        " purchasedate дата датазамовлення датазаказа датачас датавремя",
        "sku": "stockcode sku productid productcode itemcode article item артикул кодтовару"
        " кодтовара",
        "product_name": "description product productname itemname title товар назва найменування"
        " назватовару название наименование названиетовара опис описание",
        "category": "category productcategory категорія категория",
        "brand": "brand vendor бренд марка",
        "quantity": "quantity qty count pieces кількість количество колво кво",
        "unit_price": "unitprice price itemprice ціна цена",
        "line_total": "linetotal amount lineamount sum суматовару суммастроки вартість стоимость",
        "order_total": "ordertotal total grandtotal totalprice revenue сумазамовлення"
        " суммазаказа всього итого разом",
        "status": "status orderstatus статус статусзамовлення статусзаказа",
        "kind": "kind type ordertype тип типзамовлення типзаказа",
        "currency": "currency валюта",
    },
    ImportKind.CUSTOMERS: {
        **PERSON,
        "external_id": PERSON["external_id"] + " id код",
        "name": PERSON["name"] + " name назва імяіпрізвище имяифамилия",
        "gender": "gender sex стать пол",
        "birth_on": "birthday birthdate dateofbirth birthon dob деньнародження датанародження"
        " деньрождения датарождения",
        "first_seen_at": "createdat created registered registeredat signupdate firstseen"
        " датареєстрації датарегистрации",
        "consent_email": "consentemail emailconsent acceptsmarketing emailmarketing"
        " acceptsemailmarketing згодаemail согласиеemail розсилка рассылка",
        "consent_sms": "consentsms smsconsent acceptssmsmarketing smsmarketing згодаsms"
        " согласиеsms",
        "consent_at": "consentat consentdate optindate датазгоди датасогласия",
    },
    ImportKind.EVENTS: {
        **PERSON,
        "event": "event eventname eventtype action подія событие",
        "time": "time timestamp datetime date eventtime occurredat createdat дата час время",
        "anonymous_id": "anonymousid visitorid cookieid",
        "message_id": "messageid eventid uuid",
    },
    ImportKind.CATALOGUE: {
        "sku": "sku id productid productcode itemcode article stockcode артикул код кодтовару"
        " кодтовара",
        "product_name": "name title product productname itemname товар назва найменування"
        " название наименование",
        "category": "category productcategory producttype категорія категория розділ раздел",
        "brand": "brand vendor manufacturer бренд марка виробник производитель",
        "price": "price unitprice ціна цена",
        "old_price": "oldprice compareatprice regularprice стараціна стараяцена",
        "quantity": "quantity qty stock count amount кількість количество залишок остаток",
        "url": "url link address посилання ссылка",
        "picture_url": "picture pictureurl image imageurl imagelink photo зображення фото картинка"
        " изображение",
        "availability": "availability available instock наявність наличие",
        "item": "item itemkind type kind тип вид",
        "duration_min": "duration durationmin minutes тривалість длительность хвилин минут",
        "currency": "currency currencyid валюта",
    },
}
REQUIRED: dict[ImportKind, tuple[tuple[str, ...], ...]] = {
    ImportKind.ORDERS: (("number",), ("placed_at",), ("unit_price", "line_total", "order_total")),
    ImportKind.CUSTOMERS: (("external_id", "email", "phone"),),
    ImportKind.EVENTS: (
        ("event",),
        ("time",),
        ("external_id", "email", "phone", "anonymous_id"),
    ),
    ImportKind.CATALOGUE: (("sku",), ("product_name", "price", "quantity")),
}
ONLINE_RETAIL = (
    ("number", ("invoiceno", "invoice")),
    ("sku", ("stockcode",)),
    ("product_name", ("description",)),
    ("quantity", ("quantity",)),
    ("placed_at", ("invoicedate",)),
    ("unit_price", ("unitprice", "price")),
    ("external_id", ("customerid",)),
    ("country", ("country",)),
)


def plain(heading: str) -> str:
    """A heading without case, spaces, marks and accents that do not make another letter."""
    text = unicodedata.normalize("NFKC", heading).lower()
    return "".join(letter for letter in text if letter.isalnum())


def recognise(kind: ImportKind, headings: Sequence[str]) -> ColumnMap:
    """The map of a file by its headings alone; headings that mean nothing known are left out."""
    words = {heading: plain(heading) for heading in headings}
    if kind is ImportKind.ORDERS:
        known = _online_retail(words)
        if known is not None:
            return known
    columns: dict[str, str] = {}
    for target, synonyms in SYNONYMS[kind].items():
        wanted = [plain(target), *synonyms.split()]
        found = [(wanted.index(w), h) for h, w in words.items() if w in wanted and h not in columns]
        if found:
            columns[min(found)[1]] = target
    if kind is ImportKind.EVENTS:
        columns |= {h: f"prop.{h}" for h in headings if h not in columns and h.strip()}
    return ColumnMap(columns={h: columns[h] for h in headings if h in columns})


def _online_retail(words: Mapping[str, str]) -> ColumnMap | None:
    columns: dict[str, str] = {}
    for target, names in ONLINE_RETAIL:
        found = next((heading for heading, word in words.items() if word in names), None)
        if found is None:
            return None
        columns[found] = target
    return ColumnMap(columns=columns, layout=Layout.ONLINE_RETAIL)


def fields_of(kind: ImportKind) -> tuple[str, ...]:
    """Every field a column of such a file may fill."""
    return tuple(SYNONYMS[kind])


def parse(kind: ImportKind, data: Mapping[str, Any]) -> ColumnMap:
    """A map as written in a file: {"columns": {…}, "date_order": …, "decimal": …, …}.

    raises  Invalid(mapping_key | mapping_columns | mapping_field | mapping_value)
    """
    unknown = sorted(set(data) - set(ColumnMap.__dataclass_fields__))
    if unknown:
        raise Invalid(
            "mapping_key",
            f"The map has no setting {unknown[0]}; it knows"
            f" {', '.join(ColumnMap.__dataclass_fields__)}.",
        )
    columns = data.get("columns")
    if not isinstance(columns, Mapping) or not columns:
        raise Invalid(
            "mapping_columns", 'The map needs "columns": {"column of the file": "field"}.'
        )
    chosen: dict[str, str] = {}
    for heading, target in columns.items():
        if target:
            _check_field(kind, heading, target, chosen)
            chosen[str(heading)] = target
    try:
        return ColumnMap(
            columns=chosen,
            layout=Layout(data.get("layout") or Layout.PLAIN),
            date_order=DateOrder(data["date_order"]) if data.get("date_order") else None,
            decimal=DecimalMark(data["decimal"]) if data.get("decimal") else None,
            basis=Basis(data["basis"]).value if data.get("basis") else "",
            **{
                name: str(data[name])
                for name in ("time_zone", "source", "encoding", "delimiter")
                if data.get(name)
            },
        )
    except ValueError as error:
        raise Invalid("mapping_value", f"The map has a setting it cannot use: {error}.") from error


def _check_field(kind: ImportKind, heading: object, target: object, chosen: dict[str, str]) -> None:
    kept = KEPT_PREFIXES.get(kind, ())
    is_kept = isinstance(target, str) and any(
        target.startswith(prefix) and len(target) > len(prefix) for prefix in kept
    )
    if not is_kept and target not in SYNONYMS[kind]:
        raise Invalid(
            "mapping_field",
            f"Column {heading!s} points at {target!s}; fields of {kind.value} are"
            f" {', '.join(fields_of(kind))}.",
        )
    if target in chosen.values():
        raise Invalid("mapping_field", f"Two columns point at {target!s}; keep one of them.")


def check_basis(columns: ColumnMap) -> None:
    """Nothing when the file has no consents, or somebody answers for their ground.

    raises  Invalid(consent_basis)
    """
    if CONSENT_FIELDS.isdisjoint(columns.columns.values()) or columns.basis:
        return
    raise Invalid(
        "consent_basis",
        'The file has consents: say on what legal ground, as "basis" in the map or --basis; one of'
        f" {', '.join(basis.value for basis in Basis)}.",
    )


def check(kind: ImportKind, columns: ColumnMap, headings: Sequence[str]) -> None:
    """Nothing when the file has what the map needs.

    raises  Invalid(file_columns) for too many, repeated or missing columns
    """
    if len(headings) > COLUMNS_MAX:
        raise Invalid("file_columns", f"The file has more than {COLUMNS_MAX} columns.")
    repeated = sorted({h for h in headings if h and headings.count(h) > 1})
    if repeated:
        raise Invalid("file_columns", f"Two columns are called {repeated[0]}; rename one of them.")
    absent = [heading for heading in columns.columns if heading not in headings]
    if absent:
        raise Invalid(
            "file_columns",
            f"The map names column {absent[0]}, which the file does not have; it has"
            f" {', '.join(headings[:20])}.",
        )
    targets = set(columns.columns.values())
    for wanted in REQUIRED[kind]:
        if not targets & set(wanted):
            raise Invalid(
                "file_columns",
                f"No column gives {' or '.join(wanted)}. Name it in the map; the file has"
                f" {', '.join(headings[:20])}.",
            )
