"""Chores have their turn every hour."""

from __future__ import annotations

import pytest

from regulars.kernel import clock
from regulars.project import loops

done: list[str] = []


def breaks() -> int:
    raise OSError("the disk is gone")


def tidies() -> int:
    done.append("tidied")
    return 1


def test_each_has_its_turn_once_an_hour_whatever_befalls_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moment_s = 5.0
    monkeypatch.setattr(clock, "monotonic_s", lambda: moment_s)
    chores = {"a": f"{__name__}:breaks", "b": f"{__name__}:tidies"}
    done.clear()
    step = loops.ChoreStep(chores, loops.CHORES_EVERY_S)

    assert (step(), step(), done) == (False, False, ["tidied"])
    moment_s += loops.CHORES_EVERY_S - 1
    step()
    assert done == ["tidied"]
    moment_s += 1
    step()
    assert done == ["tidied", "tidied"]
