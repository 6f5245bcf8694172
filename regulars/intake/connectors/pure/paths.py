"""Paths into JSON: `data.items[0].sku`; `$.` at the start means from the whole body."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from regulars.kernel.errors import Invalid

PATH_LENGTH_MAX = 200
STEPS_MAX = 20
PATHS_SHOWN_MAX = 200
ROOT = "$"

Step = str | int
Path = tuple[Step, ...]


def parse(written: str) -> Path:
    """The steps of a path, names and places; an empty one stands where it is.

    raises  Invalid(path_malformed)
    """
    text = written.strip()
    if len(text) > PATH_LENGTH_MAX:
        raise _malformed(written)
    steps: list[Step] = []
    for part in text.split(".") if text else ():
        steps += _steps(part, written)
    if len(steps) > STEPS_MAX:
        raise _malformed(written)
    return tuple(steps)


def _steps(part: str, written: str) -> list[Step]:
    name, *places = part.split("[")
    found: list[Step] = [name] if name else []
    for place in places:
        digits = place.removesuffix("]")
        if digits == place or not digits.isdecimal() or not digits.isascii() or len(digits) > 4:
            raise _malformed(written)
        found.append(int(digits))
    if not found or "]" in name:
        raise _malformed(written)
    return found


def _malformed(written: str) -> Invalid:
    return Invalid(
        "path_malformed", f"{written[:60]} is no path; write it as data.items[0].sku."
    )  # fmt: skip


def find(body: Any, here: Any, path: Path) -> Any:
    """What stands at the path, None when nothing does."""
    found = here
    if path and path[0] == ROOT:
        found, path = body, path[1:]
    for step in path:
        if isinstance(found, list) and _place(step) is not None:
            place = _place(step)
            assert place is not None
            found = found[place] if place < len(found) else None
        elif isinstance(found, dict) and isinstance(step, str):
            found = found.get(step)
        else:
            return None
    return found


def _place(step: Step) -> int | None:
    if isinstance(step, int):
        return step
    return int(step) if step.isascii() and step.isdecimal() and len(step) <= 4 else None


def leaves(body: Any) -> list[tuple[str, str]]:
    """Paths of a body with the values that stand there, the first PATHS_SHOWN_MAX of them."""
    found: list[tuple[str, str]] = []
    for path, value in _walk(body, ""):
        found.append((path, str(value)[:60]))
        if len(found) >= PATHS_SHOWN_MAX:
            break
    return found


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _walk(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        # One entry shows what all are like.
        for place, inner in enumerate(value[:1]):
            yield from _walk(inner, f"{path}[{place}]")
    else:
        yield path, value


def lists(body: Any) -> list[str]:
    """Paths that lead to lists of objects: what one may go through."""
    found: list[str] = []
    _lists(body, "", found)
    return found[:PATHS_SHOWN_MAX]


def _lists(value: Any, path: str, found: list[str]) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            _lists(inner, f"{path}.{name}" if path else str(name), found)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        found.append(path)
        _lists(value[0], f"{path}[0]", found)
