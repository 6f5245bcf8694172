"""Writes of value: scoring, settings, clusters."""

from __future__ import annotations

from regulars.value.actions.scoring import forget_merged, score, touch
from regulars.value.actions.settings import save_borders

__all__ = ["forget_merged", "save_borders", "score", "touch"]
