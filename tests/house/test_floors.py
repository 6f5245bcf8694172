"""Every room has its floor, and imports go down only."""

from __future__ import annotations

import subprocess
import sys

from tests.house import house


def test_every_room_has_exactly_one_floor() -> None:
    placed = [room for floor in house.floors() for room in floor]

    assert len(placed) == len(set(placed))
    assert set(house.rooms()) - set(placed) == set()


def test_imports_keep_the_contracts() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()",
         "--no-cache"],
        cwd=house.ROOT, capture_output=True, text=True,
    )  # fmt: skip

    assert "0 broken" in told.stdout, told.stdout + told.stderr
    assert told.returncode == 0
