"""Forms: what a marketer may define, and what a visitor may answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from regulars.intake.forms.records import FieldType, FormField, FormKind, FormRecord
from regulars.kernel.errors import Invalid

FIELDS_MAX = 20
OPTIONS_MAX = 50
LABEL_LENGTH_MAX = 120
TEXT_LENGTH_MAX = 300
LONG_LENGTH_MAX = 3_000
URL_LENGTH_MAX = 500
# What may stand in an address as it is: marks with a meaning, and what is encoded already.
KEPT_SIGNS = "%/:?#[]@!$&'()*+,;=~"
VALUES_MAX = 60
MARKS_MAX = 12
TOKEN_LENGTH_MAX = 100

# What the script of a site makes of a visitor, and what Segment's libraries do.
VISITOR_ID = re.compile(r"[A-Za-z0-9._:-]{8,100}\Z")
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
EMAIL = re.compile(r"[^\s@<>\"',;]{1,64}@[^\s@<>\"',;]{1,190}\.[^\s@<>\"',;.]{2,63}\Z")
# Fields with a meaning of their own begin with this, so that they meet no question of a form.
OWN = "_"
TOKEN, TRAP, CONSENT, PAGE = "_token", "_website", "_consent", "_page"
VISITOR = "_visitor"
MARKS = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content",
         "gclid", "fbclid", "yclid", "ttclid", "msclkid")  # fmt: skip
CONTACTS = (FieldType.EMAIL, FieldType.PHONE)
ALWAYS_ONE = frozenset({FieldType.NAME, FieldType.EMAIL, FieldType.PHONE})


@dataclass(frozen=True, slots=True)
class Submission:
    """What a visitor answered, checked; or what is wrong, field by field, as codes."""

    values: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    is_agreed: bool = False
    is_trapped: bool = False
    token: str = ""
    page: str = ""
    marks: Mapping[str, str] = field(default_factory=dict)
    visitor: str = ""


def check_fields(fields: Sequence[FormField], kind: FormKind) -> None:
    """Nothing when a form may ask these. raises Invalid(form_fields), with what is wrong"""
    faults = (
        (not 0 < len(fields) <= FIELDS_MAX, f"Ask from 1 to {FIELDS_MAX} questions."),
        (
            any(not NAME.match(one.name) for one in fields),
            "A field is named in small Latin letters, digits and underscores.",
        ),
        (len({one.name for one in fields}) != len(fields), "Two fields have the same name."),
        (
            any(not 0 < len(one.label) <= LABEL_LENGTH_MAX for one in fields),
            f"Each question needs words of at most {LABEL_LENGTH_MAX} characters.",
        ),
        (
            any(one.type is FieldType.CHOICE and not one.options for one in fields),
            "A choice needs options.",
        ),
        (
            any(len(one.options) > OPTIONS_MAX for one in fields),
            f"A choice has at most {OPTIONS_MAX} options.",
        ),
        (
            any([one.type for one in fields].count(t) > 1 for t in ALWAYS_ONE),
            "Name, e-mail and phone are asked once each.",
        ),
        (not any(one.type in CONTACTS for one in fields), "Ask for an e-mail or a phone."),
        (
            kind is FormKind.SUBSCRIBE and not any(one.type is FieldType.EMAIL for one in fields),
            "A form that subscribes asks for the e-mail.",
        ),
    )
    for is_wrong, words in faults:
        if is_wrong:
            raise Invalid("form_fields", words)


def check_redirect(url: str) -> None:
    """Nothing when visitors may be sent there. raises Invalid(form_redirect)"""
    try:
        parts = urlsplit(url)
        is_sound = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
        is_sound = is_sound and bool(ascii_address(url))
    except ValueError:
        is_sound = False
    if url and (not is_sound or len(url) > URL_LENGTH_MAX or not url.isprintable() or " " in url):
        raise Invalid("form_redirect", "Give a whole address that begins with https://.")


def ascii_address(url: str) -> str:
    """The address as a header may carry it: the host in Punycode, letters percent-encoded.

    "" for what is no address, and for a host that no name server can be asked about.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        name = host if host.isascii() else host.encode("idna").decode()
        port = f":{parts.port}" if parts.port else ""
    except (ValueError, UnicodeError):
        return ""
    if not name:
        return ""
    tail = "".join(
        mark + quote(part, safe=KEPT_SIGNS)
        for mark, part in (("", parts.path), ("?", parts.query), ("#", parts.fragment))
        if part
    )
    name = f"[{name}]" if ":" in name else name
    return f"{parts.scheme}://{name}{port}{tail}"


def read(form: FormRecord, given: Mapping[str, str]) -> Submission:
    """The submission, with every fault of every field; what nobody asked for is left out."""
    values: dict[str, str] = {}
    faults: dict[str, str] = {}
    for one in form.fields:
        text = _clean(given.get(one.name, ""), one.type)
        fault = _fault(one, text)
        if fault:
            faults[one.name] = fault
        elif text:
            values[one.name] = text
    contacts = [one for one in form.fields if one.type in CONTACTS]
    if not faults and not any(one.name in values for one in contacts):
        faults[contacts[0].name] = "contact_missing"
    is_agreed = given.get(CONSENT, "").strip().lower() in ("1", "on", "yes", "true")
    if form.kind is FormKind.SUBSCRIBE and form.consent_text and not is_agreed:
        faults[CONSENT] = "consent_missing"
    return Submission(
        values=values,
        faults=faults,
        is_agreed=is_agreed and bool(form.consent_text),
        is_trapped=bool(given.get(TRAP, "").strip()),
        token=given.get(TOKEN, "").strip()[:TOKEN_LENGTH_MAX],
        page=given.get(PAGE, "")[:URL_LENGTH_MAX],
        marks={
            name: given[name].strip()[:TEXT_LENGTH_MAX]
            for name in MARKS
            if given.get(name, "").strip()
        },
        visitor=visitor_of(given.get(VISITOR, "")),
    )


def visitor_of(text: str) -> str:
    """The anonymous id of a visitor, "" when it is none."""
    return text.strip() if VISITOR_ID.match(text.strip()) else ""


def _clean(text: str, kind: FieldType) -> str:
    if kind is FieldType.LONG:
        lines = text.replace("\r\n", "\n").replace("\r", "\n").strip()
        return "".join(c for c in lines if c.isprintable() or c in "\n\t")
    return "".join(c for c in text if c.isprintable()).strip()


def _fault(one: FormField, text: str) -> str:
    if not text:
        return "field_missing" if one.is_required else ""
    if len(text) > (LONG_LENGTH_MAX if one.type is FieldType.LONG else TEXT_LENGTH_MAX):
        return "field_too_long"
    if one.type is FieldType.EMAIL and not EMAIL.match(text):
        return "email_syntax"
    if one.type is FieldType.PHONE and not 7 <= sum(c.isdigit() for c in text) <= 15:
        return "phone_syntax"
    if one.type is FieldType.CHOICE and text not in one.options:
        return "choice_unknown"
    return ""
