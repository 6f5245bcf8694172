"""Reading JSON by a closed model, collecting every fault with its path."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from regulars.kernel.errors import Invalid

FAULTS_MAX = 50

Found = TypeVar("Found")
Choice = TypeVar("Choice", bound=str)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong: where, what (a code with words of its own) and the figures to say it."""

    path: str
    code: str
    says: Mapping[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """The fault as an answer over HTTP carries it."""
        says = {name: str(value) for name, value in self.says.items()}
        return {"path": self.path, "code": self.code, "says": says}

    def text(self) -> str:
        """The fault in English; pages say it in the reader's language."""
        return f"{self.path or 'value'} {WORDS[self.code].format(**self.says)}"


WORDS: Mapping[str, str] = {
    "not_object": "must be an object",
    "not_list": "must be a list",
    "not_text": "must be text of 1 to {most} characters",
    "not_slug": "must be lower-case Latin letters, digits, - and _",
    "not_whole": "must be a whole number from {least} to {most}",
    "not_decimal": "must be a number from {least} to {most}",
    "not_bool": "must be true or false",
    "not_choice": "must be one of {choices}",
    "not_moment": "must be a moment such as 2026-01-31T10:00:00+02:00",
    "not_clock": "must be a time such as 18:30",
    "not_day": "must be a day of the year such as 12-31",
    "not_zone": "must be a time zone such as Europe/Kyiv",
    "not_known": "is not known here",
    "missing": "is missing",
    "too_many": "may have at most {most} items",
    "too_few": "must have at least {least} items",
    "too_deep": "stands deeper than {most} groups",
    "twice": "is there twice",
    "not_together": "cannot stand beside {other}",
    "not_ordered": "must come after {other}",
    "no_effect": "does nothing: give it an effect",
    "no_field": "is not a field that can be asked here",
    "no_op": "cannot be compared so; use one of {choices}",
    "no_value": "takes no value",
    "not_rule": "is no rule: {why}",
    "negative_expires": "cannot expire while a balance may go below zero",
}


class Reader:
    """A value with its path; every read either gives a value or notes a fault and goes on."""

    __slots__ = ("faults", "path", "value")

    def __init__(self, value: object, path: str, faults: list[Fault]) -> None:
        self.value = value
        self.path = path
        self.faults = faults

    def fault(self, code: str, **says: object) -> None:
        """Note a fault here."""
        if len(self.faults) < FAULTS_MAX:
            self.faults.append(Fault(self.path, code, says))

    def keys(self, *known: str) -> None:
        """Refuse keys that nobody reads."""
        if not isinstance(self.value, dict):
            self.fault("not_object")
            return
        for key in self.value:
            if key not in known:
                self.at(str(key)).fault("not_known")

    def has(self, key: str) -> bool:
        """Whether the key is there and is not null."""
        return isinstance(self.value, dict) and self.value.get(key) is not None

    def at(self, key: str) -> Reader:
        """The value below a key; absent is None."""
        below = self.value.get(key) if isinstance(self.value, dict) else None
        return Reader(below, f"{self.path}.{key}" if self.path else key, self.faults)

    def each(self, *, most: int, least: int = 0) -> list[Reader]:
        """The items of a list; absent is an empty one."""
        if self.value is None and not least:
            return []
        if not isinstance(self.value, list):
            self.fault("not_list")
            return []
        if len(self.value) > most:
            self.fault("too_many", most=most)
        if len(self.value) < least:
            self.fault("too_few", least=least)
        return [
            Reader(item, f"{self.path}[{index}]", self.faults)
            for index, item in enumerate(self.value[:most])
        ]

    def text(self, default: str | None = None, *, most: int = 200) -> str:
        if self.value is None and default is not None:
            return default
        if not isinstance(self.value, str) or not 1 <= len(self.value.strip()) <= most:
            if self.value == "" and default == "":
                return ""
            self.fault("missing" if self.value is None else "not_text", most=most)
            return default or ""
        return self.value.strip()

    def slug(self, default: str | None = None, *, most: int = 60) -> str:
        found = self.text(default, most=most)
        if found and not _is_slug(found):
            self.fault("not_slug")
        return found

    def whole(self, default: int | None = None, *, least: int = 0, most: int = 10**12) -> int:
        if self.value is None and default is not None:
            return default
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            self.fault("missing" if self.value is None else "not_whole", least=least, most=most)
            return default if default is not None else least
        if not least <= self.value <= most:
            self.fault("not_whole", least=least, most=most)
        return self.value

    def scaled(
        self, digits: int, default: int | None = None, *, least: int = 0, most: int = 10**12
    ) -> int:
        """A number or decimal text, kept as a whole number of 10^-digits."""
        if self.value is None and default is not None:
            return default
        found = _decimal(self.value)
        scaled = None if found is None else found.scaleb(digits)
        if scaled is None or scaled != scaled.to_integral_value() or not least <= scaled <= most:
            self.fault(
                "missing" if self.value is None else "not_decimal",
                least=Decimal(least).scaleb(-digits),
                most=Decimal(most).scaleb(-digits),
            )
            return default if default is not None else least
        return int(scaled)

    def flag(self, default: bool) -> bool:
        if self.value is None:
            return default
        if not isinstance(self.value, bool):
            self.fault("not_bool")
            return default
        return self.value

    def choice(self, choices: Sequence[Choice], default: Choice | None = None) -> Choice:
        if self.value is None and default is not None:
            return default
        for choice in choices:
            if self.value == choice:
                return choice
        self.fault("missing" if self.value is None else "not_choice", choices=", ".join(choices))
        return default if default is not None else choices[0]


def read_all(value: object, read: Callable[[Reader], Found], *, code: str) -> Found:
    """What `read` makes of the value, or every fault at once.

    raises   Invalid(code) with details `path` of the first fault and `faults`
    """
    faults: list[Fault] = []
    found = read(Reader(value, "", faults))
    if faults:
        raise Invalid(
            code,
            "; ".join(fault.text() for fault in faults[:5]) + ".",
            path=faults[0].path,
            faults=[fault.as_json() for fault in faults],
        )
    return found


def _is_slug(text: str) -> bool:
    return (
        text.isascii() and text == text.lower() and text.replace("-", "").replace("_", "").isalnum()
    )


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | str | float):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) < Decimal(10) ** 15 else None
