"""Every path on the switchboard leads somewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from regulars import wiring


def paths() -> Iterator[tuple[str, str]]:
    """(dict, path) of every line of wiring."""
    for name, lines in vars(wiring).items():
        if not name.isupper() or isinstance(lines, str):
            continue
        for line in lines.values() if isinstance(lines, dict) else lines:
            yield name, getattr(line, "handler", line)


@pytest.mark.parametrize(("name", "path"), paths())
def test_a_line_of_wiring_resolves(name: str, path: str) -> None:
    found = wiring.resolve(path)

    assert found is not None
    if name not in ("FACTS", "PLACEHOLDERS", "LAKE", "TRACES", "LIST_CONDITIONS", "EXPORT_COLUMNS"):
        assert callable(found)


def test_the_switchboard_has_lines() -> None:
    assert len({name for name, _ in paths()}) >= 5


def test_a_dead_line_is_noticed() -> None:
    with pytest.raises(AttributeError):
        wiring.resolve("regulars.kernel.clock:sundial")
    with pytest.raises(ImportError):
        wiring.resolve("regulars.kernel.sundial:now")
