"""Writes of the rights of a person."""

from regulars.privacy.actions.advancing import Pause, advance
from regulars.privacy.actions.asking import erase
from regulars.privacy.actions.exporting import ask_export, build_export, download, expire_exports

__all__ = ["Pause", "advance", "ask_export", "build_export", "download", "erase", "expire_exports"]
