"""Writes of value: scoring, settings, clusters."""

from __future__ import annotations

from regulars.value.actions.asking import CLUSTER_JOB, ask_for_clusters
from regulars.value.actions.clustering import find_clusters
from regulars.value.actions.scoring import forget_merged, score, touch
from regulars.value.actions.settings import save_borders

__all__ = [
    "CLUSTER_JOB",
    "ask_for_clusters",
    "find_clusters",
    "forget_merged",
    "save_borders",
    "score",
    "touch",
]
