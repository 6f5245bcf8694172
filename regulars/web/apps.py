"""The shell every page stands in: layout, navigation, components, charts."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Registers templates, static files and template tags of the shell."""

    name = "regulars.web"
    label = "web"
