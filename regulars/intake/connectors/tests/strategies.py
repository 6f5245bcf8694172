"""What outside systems might send: JSON of any shape, and good documents with parts exchanged."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=20),
    st.sampled_from(["1e999999", "NaN", "-0", "0.005", "2026-13-45", "\x00", "9" * 400, "#", "0"]),
)  # fmt: skip
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def mutated(draw: st.DrawFn, document: Any) -> bytes:
    """The document with a few of its parts replaced, removed, or cut."""
    found = json.loads(json.dumps(document))
    for _ in range(draw(st.integers(1, 4))):
        spots = _spots(found)
        if not spots:
            break
        holder, key = draw(st.sampled_from(spots))
        if draw(st.booleans()):
            holder[key] = draw(values)
        else:
            del holder[key]
    body = json.dumps(found).encode()
    return body[: draw(st.integers(0, len(body)))] if draw(st.integers(0, 9)) == 0 else body


def _spots(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        keys = list(one) if isinstance(one, dict) else list(range(len(one)))
        for key in keys:
            found.append((one, key))
            if isinstance(one[key], dict | list):
                waiting.append(one[key])
    return found
