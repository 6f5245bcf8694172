"""The room's API: each noun has a router in a module of its own."""

from __future__ import annotations

from ninja import Router

from regulars.loyalty import promotions_api

router = Router(tags=["loyalty"])
MORE: list[tuple[str, Router]] = []
router.add_router("", promotions_api.router)
