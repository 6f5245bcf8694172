"""What the pages call types and the product's own kinds of events."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regulars.fields.pure import types

TYPES: dict[str, Promise] = {
    types.TEXT: pgettext_lazy("type of values", "Text"),
    types.NUMBER: pgettext_lazy("type of values", "Number"),
    types.BOOL: pgettext_lazy("type of values", "Yes or no"),
    types.DATE: pgettext_lazy("type of values", "Date"),
    types.TIME: pgettext_lazy("type of values", "Date and time"),
    types.LIST: pgettext_lazy("type of values", "List"),
    types.OBJECT: pgettext_lazy("type of values", "Object"),
    types.DIGITS: pgettext_lazy("type of values", "Digits in text"),
    types.UNKNOWN: pgettext_lazy("type of values", "No values yet"),
}
TYPE_BY_DATA = _("As the data says")


def type_name(kind: str) -> str:
    """The type in the reader's language."""
    return str(TYPES.get(kind, kind))
