"""Every drawing that events, flags and channels are shown with exists in the set of icons."""

from __future__ import annotations

import pytest

from regulars.customers import words
from regulars.web.templatetags import ui

HAPPENINGS = {**words.HAPPENINGS, **words.VISITS}


@pytest.mark.parametrize("kind", sorted(HAPPENINGS))
def test_what_happens_has_an_icon_that_can_be_drawn(kind: str) -> None:
    _title, name, _tone = HAPPENINGS[kind]

    assert ui.icon(name).startswith("<svg")


@pytest.mark.parametrize("name", sorted({one[2] for one in words.FLAGS.values()}))
def test_a_flag_has_an_icon_that_can_be_drawn(name: str) -> None:
    assert ui.icon(name).startswith("<svg")


@pytest.mark.parametrize("name", sorted(set(words.CHANNEL_ICONS.values())))
def test_a_channel_has_an_icon_that_can_be_drawn(name: str) -> None:
    assert ui.icon(name).startswith("<svg")
