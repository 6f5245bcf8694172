from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from regulars.lake import engine
from regulars.project import lake as keeping
from regulars.segments import suggestions
from regulars.segments.tests.shop import Shop, open_shop


@pytest.fixture
def feed(db: None) -> Iterator[Callable[[], None]]:
    """The real lake; the call copies into it all that was committed."""
    before = engine._current
    keeper = keeping.Keeper(keeping.open_engine(256))
    suggestions._kept.clear()
    yield keeper.drain
    engine.use(before)


@pytest.fixture
def shop(feed: Callable[[], None]) -> Shop:
    found = open_shop()
    feed()
    return found
