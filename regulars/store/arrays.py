"""Arrays as PostgreSQL writes them: thousands of values go over as one text, not one by one."""

from __future__ import annotations

from collections.abc import Collection, Iterable


def of_texts(values: Collection[str]) -> str:
    """The parameter for %s::text[]."""
    quoted = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return '{"' + '","'.join(quoted) + '"}' if quoted else "{}"


def of_numbers(values: Iterable[int]) -> str:
    """The parameter for %s::bigint[]."""
    return f"{{{','.join(map(str, values))}}}"
