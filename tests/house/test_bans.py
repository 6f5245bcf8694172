"""No module does what is banned, and each ban catches a sample of what it bans."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.house import bans, house

LONG_FUNCTION = "def f():\n" + "    x = 1\n" * bans.FUNCTION_LINES_MAX
LONG_MODULE = "x = 1\n" * (bans.MODULE_LINES_MAX + 1)

CAUGHT = [
    ("clock read", "orders/actions.py", "import datetime\nnow = datetime.datetime.now()"),
    ("clock read", "orders/actions.py", "day = date.today()"),
    ("clock read", "orders/actions.py", "t = time.time()"),
    ("clock read", "orders/actions.py", "from django.utils import timezone\nt = timezone.now()"),
    ("clock read", "orders/actions.py", "from django.utils.timezone import now"),
    ("chance in a decision", "orders/pure/meaning.py", "import random"),
    ("chance in a decision", "rules/memory.py", "from secrets import token_hex"),
    ("chance in a decision", "analytics/lift.py", "x = np.random.default_rng(1)"),
    ("query in a door", "orders/pages.py", "rows = Order.objects.filter(id=1)"),
    ("query in a door", "orders/pages/lists.py", "rows = Order.objects.all()"),
    ("float money", "orders/records.py", "class A:\n    total_minor: float"),
    ("float money", "orders/records.py", "def f(total_minor: float | None): ..."),
    ("float money", "orders/records.py", "a.total_minor = b / 2"),
    ("float money", "orders/models.py", "total_minor = models.FloatField()"),
    ("float money", "orders/records.py", "f(total_minor=1.5)"),
    ("late decoder", "orders/actions.py", "a = msgspec.json.decode(row.body, type=Touch)"),
    ("late decoder", "orders/actions.py", "a = msgspec.convert(row.body, records.Touch)"),
    ("long function", "orders/actions.py", LONG_FUNCTION),
    ("long module", "orders/actions.py", LONG_MODULE),
]
SPARED = [
    ("clock read", "kernel/clock.py", "t = datetime.now(UTC)"),
    ("clock read", "orders/actions.py", "t = clock.now(); s = time.monotonic()"),
    ("chance in a decision", "kernel/ids.py", "import secrets"),
    ("chance in a decision", "orders/actions.py", "import secrets"),
    ("chance in a decision", "analytics/lift.py", "def f(rng: np.random.Generator): ..."),
    ("query in a door", "orders/queries.py", "rows = Order.objects.all()"),
    ("float money", "orders/records.py", "class A:\n    total_minor: int = 0"),
    ("float money", "orders/records.py", "f(total_minor=a // 2)"),
    ("late decoder", "orders/actions.py", "a = msgspec.json.decode(row.body)"),
    (
        "late decoder",
        "orders/actions.py",
        "a = msgspec.json.decode(row.body, type=tuple[int, str])",
    ),
]


def _findings(ban: str, path: Path, tree: ast.Module) -> list[str]:
    return [f"{house.name_of(path)}:{line} {word}" for line, word in bans.ALL[ban](path, tree)]


@pytest.mark.parametrize("ban", bans.ALL)
def test_no_module_does_what_is_banned(ban: str) -> None:
    found = [line for path in house.modules() for line in _findings(ban, path, house.tree_of(path))]

    assert found == []


@pytest.mark.parametrize(("ban", "name", "code"), CAUGHT)
def test_a_sample_is_caught(ban: str, name: str, code: str) -> None:
    assert len(_findings(ban, Path("regulars") / name, ast.parse(code))) == 1


@pytest.mark.parametrize(("ban", "name", "code"), SPARED)
def test_what_is_allowed_is_spared(ban: str, name: str, code: str) -> None:
    assert _findings(ban, Path("regulars") / name, ast.parse(code)) == []
