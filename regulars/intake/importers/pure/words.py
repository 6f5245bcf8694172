"""Words of files in three languages, and what they mean here."""

from __future__ import annotations

from collections.abc import Mapping

# A word nobody knows; such a row is not guessed at.
UNKNOWN = "?"

ORDER_STATUSES: Mapping[str, tuple[str, ...]] = {
    "new": ("new", "pending", "created", "received", "unpaid", "on-hold", "новий", "нове", "новый",
            "создан", "очікує оплати", "ожидает оплаты"),
    "paid": ("paid", "complete", "completed", "closed", "done", "success", "invoiced", "fulfilled",
             "оплачено", "сплачено", "оплачен", "виконано", "выполнен", "завершено", "завершен"),
    "processing": ("processing", "approved", "accepted", "picking", "packed", "в обробці",
                   "в обработке", "прийнято", "принят", "комплектується", "комплектуется"),
    "shipped": ("shipped", "sent", "in_transit", "in transit", "відправлено", "отправлен",
                "в дорозі", "в пути"),
    "delivered": ("delivered", "доставлено", "доставлен", "отримано", "получен"),
    "cancelled": ("cancelled", "canceled", "cancel", "declined", "failed", "voided", "unavailable",
                  "скасовано", "відмінено", "отменен", "отменён", "отмена"),
    "returned": ("returned", "refunded", "refund", "повернено", "повернення", "возвращен",
                 "возвращён", "возврат"),
}  # fmt: skip
ORDER_KINDS: Mapping[str, tuple[str, ...]] = {
    "sale": ("sale", "order", "purchase", "sell", "продаж", "продажа", "замовлення", "заказ"),
    "return": ("return", "refund", "credit", "credit note", "повернення", "возврат"),
    "adjustment": ("adjustment", "correction", "write-off", "коригування", "корректировка",
                   "списання", "списание"),
}  # fmt: skip
CONSENTS: Mapping[str, tuple[str, ...]] = {
    "given": ("1", "yes", "y", "true", "given", "subscribed", "opted_in", "opt-in", "так", "да",
              "є", "есть"),
    "withdrawn": ("withdrawn", "unsubscribed", "opted_out", "opt-out", "відкликано", "отозвано",
                  "відписано", "отписан"),
    # "No" in a list of customers says that they were not asked or did not answer.
    "never": ("0", "no", "n", "false", "never", "not_subscribed", "not subscribed", "ні", "нет"),
}  # fmt: skip
AVAILABILITY: Mapping[str, tuple[str, ...]] = {
    "in_stock": ("in_stock", "in stock", "instock", "available", "true", "1", "yes", "y", "так",
                 "да", "є", "есть", "в наявності", "в наличии"),
    "out_of_stock": ("out_of_stock", "out of stock", "outofstock", "unavailable", "false", "0",
                     "no", "n", "ні", "нет", "немає", "немає в наявності", "нет в наличии"),
    "preorder": ("preorder", "pre-order", "backorder", "on request", "під замовлення", "под заказ",
                 "передзамовлення", "предзаказ"),
}  # fmt: skip
ITEMS: Mapping[str, tuple[str, ...]] = {
    "product": ("product", "good", "goods", "товар"),
    "service": ("service", "послуга", "услуга"),
    "booking": ("booking", "reservation", "appointment", "бронювання", "бронирование", "запис",
                "запись"),
    "article": ("article", "digital", "download", "цифровий", "цифровой", "файл"),
}  # fmt: skip

# What programs write for a customer without an id.
NOBODY = ("-", "0", "n/a", "na", "nan", "none", "null", "undefined", "guest", "anonymous")


def sql_case(text: str, words: Mapping[str, tuple[str, ...]]) -> str:
    """SQL that gives our word for a lowered one of a file; UNKNOWN for any other."""
    cases = " ".join(
        f"WHEN {text} IN ({', '.join(_literal(synonym) for synonym in synonyms)}) THEN '{word}'"
        for word, synonyms in words.items()
    )
    return f"CASE WHEN {text} IS NULL THEN NULL {cases} ELSE '{UNKNOWN}' END"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
