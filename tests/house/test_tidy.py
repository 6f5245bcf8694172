"""The root is small, rooms introduce themselves, and nothing names one machine."""

from __future__ import annotations

import re

import pytest

from tests.house import house

ROOT_ENTRIES_MAX = 15
ROOM_README_LINES_MAX = 40
# Written in pieces, so that this file does not catch itself.
MACHINE_PATHS = re.compile(r"(?<![\w.])/(" + "work|root|farm|Users" + r")/\w|/home/(?!user\b)\w+/")
REGISTRIES = re.compile("|".join([r"pypi\.or" + "g", "pythonhos" + "ted", r"npmjs\.or" + "g",
                                  r"npmjs\.co" + "m", r"deb\.deb" + "ian", r"unpkg\.c" + "om",
                                  r"jsdeli" + "vr"]))  # fmt: skip
TEXT_SUFFIXES = frozenset(
    {".py", ".md", ".toml", ".txt", ".html", ".css", ".js", ".po", ".json", ".sh", ".svg", ".xml"}
)


def _texts() -> list[tuple[str, str]]:
    return [
        (house.name_of(path), path.read_text(errors="replace"))
        for path in house.project_files()
        if path.suffix in TEXT_SUFFIXES or path.suffix == ""
    ]


def test_the_root_has_few_entries() -> None:
    names = {path.relative_to(house.ROOT).parts[0] for path in house.project_files()}
    visible = sorted(name for name in names if not name.startswith("."))

    assert len(visible) <= ROOT_ENTRIES_MAX, visible


@pytest.mark.parametrize("room", house.rooms())
def test_a_room_introduces_itself(room: str) -> None:
    readme = house.PACKAGE / room / "README.md"

    assert readme.exists(), f"{room} has no README.md"
    lines = readme.read_text().rstrip().splitlines()
    assert lines[0] == f"# {room}"
    assert 3 <= len(lines) <= ROOM_README_LINES_MAX


def test_no_file_names_one_machine() -> None:
    found = [
        f"{name}: {m.group()}" for name, text in _texts() for m in MACHINE_PATHS.finditer(text)
    ]

    assert found == []


def test_no_file_names_a_registry() -> None:
    found = [f"{name}: {m.group()}" for name, text in _texts() for m in REGISTRIES.finditer(text)]

    assert found == []


# pytest forgets the module of that name, and whoever imports it runs it a second time.
BARE_CONFTEST = re.compile(r"^\s*(from|import) conftest\b", re.MULTILINE)


def test_nobody_imports_the_conftest_of_the_root() -> None:
    assert BARE_CONFTEST.search("def f():\n    from conftest import ROOT\n")
    assert not BARE_CONFTEST.search("from tests.browser.conftest import WIDE\n")
    found = [name for name, text in _texts() if name[-3:] == ".py" and BARE_CONFTEST.search(text)]

    assert found == []


DOCUMENTS = re.compile(r"docs/[\w/.-]+\.md")
LINKS = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


def test_documents_that_are_named_exist() -> None:
    named = {(name, found) for name, text in _texts() for found in DOCUMENTS.findall(text)}
    linked = {
        (house.name_of(path), str((path.parent / target).resolve().relative_to(house.ROOT)))
        for path in house.project_files()
        if path.suffix == ".md"
        for target in LINKS.findall(path.read_text())
    }

    lost = sorted((a, b) for a, b in named | linked if not (house.ROOT / b).exists())

    assert lost == []
    assert len(named) > 5 and len(linked) > 5


def test_a_sample_is_caught() -> None:
    assert MACHINE_PATHS.search("open('" + "/home/" + "ann/data.csv')")
    assert MACHINE_PATHS.search("see " + "/work" + "/main")
    assert not MACHINE_PATHS.search("https://example.com" + "/work" + "/main")
    assert REGISTRIES.search("https://" + "pypi." + "org/simple")


def test_every_test_file_is_collected_from_a_tests_folder() -> None:
    lost = [
        house.name_of(path)
        for path in house.project_files()
        if re.fullmatch(r"test_.*\.py", path.name) and "tests" not in path.parts
    ]

    assert lost == []
