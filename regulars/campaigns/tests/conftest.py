from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from regulars.lake import engine


@pytest.fixture
def lake(database: str) -> Iterator[Callable[[], None]]:
    """The real lake over the tests' database; call it to bring it up to date."""
    from regulars.project import lake as keeping

    before = engine._current
    keeper = keeping.Keeper(keeping.open_engine(256))
    yield keeper.drain
    engine.use(before)
