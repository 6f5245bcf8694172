"""What is odd about an e-mail address that is well written: mistyped or throw-away domains."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import phonenumbers

DATA = Path(__file__).parent / "data"
DOMAIN_LENGTH_MAX = 40
SHORT_LABEL = 3
LONG_LABEL = 6
# Providers with one domain: any other ending is a slip.
ONLY = {
    "gmail": "gmail.com",
    "ukr": "ukr.net",
    "icloud": "icloud.com",
    "bigmir": "bigmir.net",
    "rambler": "rambler.ru",
}
ENDING_WORDS = (
    "com net org info biz name pro mobi online site shop store tech dev app xyz club email mail"
    " live world center agency edu gov mil int eu uk su xn--p1ai xn--j1amh"
)
ENDINGS = frozenset(ENDING_WORDS.split()) | {
    region.lower() for region in phonenumbers.SUPPORTED_REGIONS
}


@cache
def _lines(name: str) -> tuple[str, ...]:
    text = (DATA / name).read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return tuple(domain for line in lines for domain in line.split())


def popular() -> tuple[str, ...]:
    """Domains very many people have their mail at, the most common first."""
    return _lines("popular_domains.txt")


@cache
def disposable() -> frozenset[str]:
    """Domains of mailboxes made to be thrown away."""
    return frozenset(_lines("disposable_domains.txt"))


@cache
def _genuine() -> frozenset[str]:
    """Domains that look like slips and are none."""
    return frozenset(popular()) | frozenset(_lines("genuine_domains.txt"))


def domain_of(address: str) -> str:
    """What stands behind the last @."""
    return address.rpartition("@")[2]


def is_disposable(domain: str) -> bool:
    """Whether mail there is thrown away; subdomains of such domains too."""
    parts = domain.split(".")[-4:]
    return any(".".join(parts[at:]) in disposable() for at in range(len(parts) - 1))


def suggested_domain(domain: str) -> str | None:
    """The popular domain this one is a slip of, None when it is none as far as can be told.

    A slip is one letter left out, added, changed or swapped with its neighbour; two in long names.
    """
    if domain in _genuine() or len(domain) > DOMAIN_LENGTH_MAX or domain.count(".") > 2:
        return None
    label, _, ending = domain.partition(".")
    if label in ONLY:
        return ONLY[label]
    like = [known for known in popular() if known.count(".") == domain.count(".")]
    same = [known for known in like if known.partition(".")[0] == label]
    if same and ending not in ENDINGS and "." not in ending:
        return min(same, key=lambda known: distance(ending, known.partition(".")[2]))
    found = [
        (slips, place, known)
        for place, known in enumerate(like)
        if (slips := _slips(label, ending, known)) is not None
    ]
    return min(found)[2] if found else None


def _slips(label: str, ending: str, known: str) -> int | None:
    """How many slips lie between, None when too many or in a name too short to tell."""
    name, _, end = known.partition(".")
    if len(name) <= SHORT_LABEL or label == name:
        return None
    # Two slips and another first letter make another name: yopmail is no hotmail.
    most = 2 if len(name) >= LONG_LABEL and label[:1] == name[:1] else 1
    in_name = distance(label, name)
    if in_name > most:
        return None
    in_end = 0 if ending == end else distance(ending, end)
    # A real ending is no slip: gmial.de is somebody's.
    if in_end > 1 or (in_end and ending in ENDINGS):
        return None
    return in_name + in_end if in_name + in_end <= most + 1 else None


def distance(one: str, other: str) -> int:
    """Letters left out, added, changed or swapped with a neighbour between two texts.

    source  the restricted edit distance of Damerau (1964)
    """
    older: list[int] = []
    before = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        row = [i]
        for j, wanted in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        older, before = before, row
    return before[-1]
