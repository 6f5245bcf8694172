from __future__ import annotations

from django.apps import AppConfig


class ValueConfig(AppConfig):
    name = "regulars.value"
    label = "value"
