"""What is wrong with a rule, in the words of whoever builds it; rare faults stay as they are."""

from __future__ import annotations

import re

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from regulars.kernel.errors import RegularsError
from regulars.segments import words

# How the language tells a fault → how the builder tells it. The groups have the same names.
_FAULTS: tuple[tuple[re.Pattern[str], str | Promise], ...] = tuple(
    (re.compile(pattern, re.DOTALL), text)
    for pattern, text in (
        (
            r"\.(did|last|first|since_last|since_first|of) is no event of this workspace:"
            r" (?P<name>.+)",
            _("No event is called %(name)s here. Choose one of the list, or send the first one."),
        ),
        (r"\.list is not known: (?P<name>.+)", _("There is no list %(name)s.")),
        (r"\.fact is not known: (?P<name>.+)", _("Nothing is known under the name %(name)s.")),
        (r"\.segment is not known: (?P<name>.+)", _("There is no segment %(name)s.")),
        (
            r"leads back to itself: (?P<way>.+)",
            _("The segments refer to each other in a circle: %(way)s."),
        ),
        (
            r" (?P<name>[^ ]+|'.*') is (?P<holds>[a-z ]+); \w+ here compares (?P<family>\w+)$",
            _("%(name)s holds %(holds)s, and the comparison is for %(family)s."),
        ),
        (
            r"is (?P<holds>[a-z ]+); (?P<figure>\w+) needs numbers: (?P<name>.+)",
            _("%(name)s holds %(holds)s, and only numbers can be measured so."),
        ),
        (
            r"is compared with a day: write whole days, not hours",
            _("This is a day: compare it with days, not with hours."),
        ),
        (
            r"a rule has at most (?P<most>\d+) conditions",
            _("A rule has at most %(most)s conditions."),
        ),
        (
            r"breaks “(?P<user>.+)”, which refers to it: .*over (?P<most>\d+)",
            _("“%(user)s” refers to this segment and would grow over %(most)s by it."),
        ),
        (
            r"with its segments has over (?P<most>\d+) conditions",
            _("With the segments it refers to, the rule has over %(most)s conditions."),
        ),
        (
            r"with its segments is nested over (?P<most>\d+) deep",
            _(
                "With the segments it refers to, groups stand over %(most)s deep inside one"
                " another."
            ),
        ),
        (
            r"groups are nested at most (?P<most>\d+) deep",
            _("Groups stand at most %(most)s deep inside one another."),
        ),
        (r"has at most (?P<most>\d+) values", _("A list of values has at most %(most)s.")),
        (r"has at most (?P<most>\d+) filters", _("There are at most %(most)s filters.")),
    )
)
_HELD = {
    "text": "text", "number": "number", "money": "number", "points": "number", "bool": "bool",
    "date": "moment", "time": "moment", "moment": "moment", "list": "list",
}  # fmt: skip


def told(error: RegularsError) -> str:
    """The fault in the reader's language."""
    for pattern, text in _FAULTS:
        found = pattern.search(error.message)
        if found is not None:
            return str(text) % {name: _said(name, it) for name, it in found.groupdict().items()}
    return error.message


def _said(name: str, it: str) -> str:
    if name in ("holds", "family"):
        return " / ".join(_family(one) for one in it.split(" or "))
    # A name shown in the fault is ASCII in quotes.
    return it.strip("'\"") if name != "name" else f"“{_plain(it)}”"


def _family(kind: str) -> str:
    family = words.FAMILIES.get(_HELD.get(kind, ""))
    return str(family).lower() if family is not None else kind


def _plain(shown: str) -> str:
    """A quoted, escaped text as it was: other alphabets stand in it as numbers."""
    text = shown.strip("'\"")
    try:
        return text.encode("ascii").decode("unicode_escape")
    except (UnicodeDecodeError, UnicodeEncodeError):
        return text
