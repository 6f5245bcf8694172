"""Screens of the intake: imports of files and the sources of live data."""

from regulars.intake.pages.forms import close_form, edit_form, new_form, one_form
from regulars.intake.pages.imports import imports, one_import, rejected, state
from regulars.intake.pages.sites import close_site, edit_site, new_site, one_site, site_check
from regulars.intake.pages.sources import sources
from regulars.intake.pages.steering import run_import, try_import, upload

__all__ = [
    "close_form",
    "close_site",
    "edit_form",
    "edit_site",
    "imports",
    "new_form",
    "new_site",
    "one_form",
    "one_import",
    "one_site",
    "rejected",
    "run_import",
    "site_check",
    "sources",
    "state",
    "try_import",
    "upload",
]
