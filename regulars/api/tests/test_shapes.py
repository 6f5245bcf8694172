"""The shapes of the API have one meaning each: two of one name would be one in its document."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

ROOMS = Path(__file__).resolve().parents[2]


def test_no_two_shapes_have_one_name() -> None:
    names: Counter[str] = Counter()
    for path in ROOMS.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found = {
            node.name
            for node in tree.body
            if isinstance(node, ast.ClassDef) and node.name.endswith(("In", "Out"))
        }
        names.update(found)

    assert len(names) > 50
    assert [name for name, times in names.items() if times > 1] == []
