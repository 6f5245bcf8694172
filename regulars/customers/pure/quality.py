"""What a person should look at in a customer's contact data: flags, and a mend where one is known.

Nothing is changed here: a flag is a question, its suggestion an offer.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import phonenumbers

from regulars.customers.pure.mailboxes import domain_of, is_disposable, suggested_domain
from regulars.customers.pure.people import birthday_oddity


class Kind(StrEnum):
    """What is odd."""

    TYPO = "email_typo"
    DISPOSABLE = "email_disposable"
    NO_MAIL = "email_no_mail"
    LANDLINE = "phone_landline"
    UNSURE_PHONE = "phone_unknown"
    BIRTHDAY_AHEAD = "birthday_ahead"
    BIRTHDAY_DEFAULT = "birthday_default"


@dataclass(frozen=True, slots=True)
class Flag:
    """A question about one value; the suggestion is empty when nothing better is known."""

    field: str
    kind: Kind
    value: str
    suggestion: str = ""


def flags_of(
    email: str | None,
    phone: str | None,
    birth_on: date | None,
    *,
    today: date,
    dead: Collection[str] = (),
) -> list[Flag]:
    """Every question about these values.

    dead  domains that take no mail, as the domain name system said
    """
    found = _email_flags(email, dead) if email else []
    if phone:
        kind = phone_kind(phone)
        if kind == "landline":
            found.append(Flag("phone", Kind.LANDLINE, phone))
        elif kind == "unknown":
            found.append(Flag("phone", Kind.UNSURE_PHONE, phone))
    if birth_on is not None:
        oddity = birthday_oddity(birth_on, today)
        if oddity:
            found.append(Flag("birth_on", Kind(oddity), birth_on.isoformat()))
    return found


def _email_flags(email: str, dead: Collection[str]) -> list[Flag]:
    domain = domain_of(email)
    if is_disposable(domain):
        return [Flag("email", Kind.DISPOSABLE, email)]
    meant = suggested_domain(domain)
    if meant is not None:
        mended = email.removesuffix(domain) + meant
        return [Flag("email", Kind.TYPO, email, mended)]
    return [Flag("email", Kind.NO_MAIL, email)] if domain in dead else []


def phone_kind(number: str) -> str:
    """mobile, landline or unknown, for a number as the card keeps it.

    Where a country does not tell the two apart (as the US), a number is taken for mobile.
    """
    try:
        found = phonenumbers.number_type(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return "unknown"
    types = phonenumbers.PhoneNumberType
    if found in (types.MOBILE, types.FIXED_LINE_OR_MOBILE):
        return "mobile"
    return "landline" if found == types.FIXED_LINE else "unknown"
