"""Screens of connections."""

from regulars.intake.connectors.pages.connections import (
    connection,
    connections,
    delete,
    log,
    pause,
    pull_now,
    replay,
    reveal,
    save,
)
from regulars.intake.connectors.pages.mapping import save_map

__all__ = [
    "connection",
    "connections",
    "delete",
    "log",
    "pause",
    "pull_now",
    "replay",
    "reveal",
    "save",
    "save_map",
]
