from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from regulars.lake import engine
from regulars.project import lake as keeping


@pytest.fixture
def feed(db: None) -> Iterator[Callable[[], None]]:
    """The real lake; the call copies into it all that was committed."""
    before = engine._current
    keeper = keeping.Keeper(keeping.open_engine(256))
    yield keeper.drain
    engine.use(before)
