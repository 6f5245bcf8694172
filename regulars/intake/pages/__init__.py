"""Screens of the intake: imports of files and the sources of live data."""

from regulars.intake.pages.imports import imports, one_import, rejected, state
from regulars.intake.pages.sources import sources
from regulars.intake.pages.steering import run_import, try_import, upload

__all__ = [
    "imports",
    "one_import",
    "rejected",
    "run_import",
    "sources",
    "state",
    "try_import",
    "upload",
]
