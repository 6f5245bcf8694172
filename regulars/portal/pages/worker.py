"""What makes the account an app on a phone: manifest, service worker, page for no connection."""

from __future__ import annotations

import json
from pathlib import Path

from django.http import HttpResponse, JsonResponse
from django.templatetags.static import static

from regulars.portal.pages.door import Visit, open_to_all

SCRIPT = Path(__file__).parents[1] / "worker" / "worker.js"
ASSETS = (
    "web/base.css",
    "web/comp.css",
    "web/charts.css",
    "portal/portal.css",
    "portal/portal.js",
)
ICON_SIZES = (192, 512)
# A browser looks for a new worker at least daily; it must not be held back by a cache.
FRESH = "no-cache"


@open_to_all()
def manifest(visit: Visit) -> HttpResponse:
    """How the app is called and where it begins."""
    home = visit.url("home")
    told = {
        "id": home,
        "name": visit.workspace.name,
        "short_name": visit.workspace.name[:12],
        "lang": visit.language,
        "start_url": home,
        "scope": home,
        "display": "standalone",
        "background_color": "#f6f5f1",
        "theme_color": "#0b5d4e",
        "icons": [
            {
                "src": static(f"portal/icon-{size}.png"),
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": purpose,
            }
            for size in ICON_SIZES
            for purpose in ("any", "maskable")
        ],
    }
    return HttpResponse(
        json.dumps(told, ensure_ascii=False), content_type="application/manifest+json"
    )


@open_to_all()
def worker(visit: Visit) -> HttpResponse:
    """The service worker. It stands here and not among static files: its folder is its scope."""
    response = HttpResponse(SCRIPT.read_bytes(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = FRESH
    return response


@open_to_all()
def shell(visit: Visit) -> HttpResponse:
    """What the worker keeps: style, scripts, the page for no connection, where the card is."""
    return JsonResponse(
        {
            "assets": [static(name) for name in ASSETS],
            "offline": visit.url("offline"),
            "card": visit.url("card"),
            "home": visit.url("home"),
        }
    )


@open_to_all()
def offline(visit: Visit) -> HttpResponse:
    """What is shown without a connection; it says nothing of anybody."""
    return visit.page("offline", me=None)
