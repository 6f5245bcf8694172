"""What the house tests read: files of the project, rooms and their floors."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "regulars"
# Floors every room may call as they are: they hold no rows of a domain.
OPEN_ROOMS = frozenset({"kernel", "store", "outside", "lake", "rules", "analytics"})


@cache
def project_files() -> tuple[Path, ...]:
    """Every file under version control or about to be, without what is ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return tuple(path for name in listed if (path := ROOT / name).is_file())


@cache
def modules() -> tuple[Path, ...]:
    """Modules of the product; tests and migrations have rules of their own."""
    return tuple(
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if "tests" not in path.parts and "migrations" not in path.parts
    )


@cache
def tree_of(path: Path) -> ast.Module:
    """The module, parsed once."""
    return ast.parse(path.read_text(), str(path))


def name_of(path: Path) -> str:
    """The path as people say it, from the root of the project."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def rooms() -> list[str]:
    """Packages under regulars/."""
    return sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


@cache
def floors() -> tuple[frozenset[str], ...]:
    """Floors from the top down, as the import contract names them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (layers,) = [c["layers"] for c in contracts["contracts"] if c["id"] == "floors"]
    return tuple(frozenset(room.strip(" ()") for room in line.split("|")) for line in layers)


def floor_of(room: str) -> int:
    """How far below the roof the room lies; neighbours have the same number."""
    (found,) = [number for number, floor in enumerate(floors()) if room in floor]
    return found
