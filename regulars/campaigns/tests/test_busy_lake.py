"""A launch that meets a busy lake."""

from __future__ import annotations

import pytest

from regulars.campaigns import queries, tasks
from regulars.campaigns.records import State
from regulars.campaigns.tests.shop import draft, found, messages, send, shop, take_job
from regulars.kernel.errors import Outside


def test_a_launch_that_meets_a_busy_lake_is_tried_again(as_engine, lake, monkeypatch):
    bakery = shop()
    lake()
    one = draft(bakery)
    send(bakery, one)
    job = take_job(bakery.bakery.id)

    def busy(*_):
        raise Outside("lake_busy", "Too many questions at once.")

    with monkeypatch.context() as patched:
        patched.setattr(queries, "audience", busy)
        with pytest.raises(Outside):
            tasks.launch(job)
    assert found(bakery, one).state is State.LAUNCHING
    assert messages(bakery.bakery.id) == {}

    tasks.launch(job)
    assert found(bakery, one).state is State.SENDING
    assert messages(bakery.bakery.id) != {}
