"""Addresses of the shell itself."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from regulars.web import pages

app_name = "web"

urlpatterns: list[URLPattern | URLResolver] = [
    path("search", pages.search, name="search"),
    path("search/results", pages.search_results, name="search_results"),
    path("look", pages.choose_look, name="look"),
    path("language", pages.choose_language, name="language"),
    path("favicon.ico", pages.favicon, name="favicon"),
]

if settings.DEBUG:
    from regulars.web import styleguide

    urlpatterns.append(path("styleguide", include([path("", styleguide.page, name="styleguide")])))
