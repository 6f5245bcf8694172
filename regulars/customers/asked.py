"""What a list was asked for, read from the parameters of its address."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from regulars.customers import conditions
from regulars.customers.records import ListFilter

TEXT_LENGTH_MAX = 100
QUERY_LENGTH_MAX = 2_000
SORTS = ("-seen", "seen", "name", "-name")
OWN = (
    "search", "country", "city", "language", "has", "consent", "company", "tag", "attribute",
)  # fmt: skip


def filter_of(given: Mapping[str, str], rights: frozenset[str] | None = None) -> ListFilter:
    """The filter of these parameters; unknown ones say nothing.

    rights  conditions that need a right the member has not are left out; None means all rights
    """
    sort = given.get("sort", "")
    own = {name: given.get(name, "")[:TEXT_LENGTH_MAX].strip() for name in OWN}
    more = tuple(
        (name, given[name][:TEXT_LENGTH_MAX].strip())
        for name, condition in conditions.known().items()
        if given.get(name) and (rights is None or not condition.right or condition.right in rights)
    )
    return ListFilter(**own, sort=sort if sort in SORTS else "-seen", more=more)


def filter_of_query(query: str) -> ListFilter:
    """The filter of the part of an address after the question mark."""
    return filter_of(dict(parse_qsl(query[:QUERY_LENGTH_MAX])))


def query_of(given: Mapping[str, str]) -> str:
    """The parameters that make the filter and its order, and no others."""
    names = (*OWN, *conditions.known(), "sort")
    kept = {name: given[name][:TEXT_LENGTH_MAX] for name in names if given.get(name)}
    return urlencode(kept)[:QUERY_LENGTH_MAX]
