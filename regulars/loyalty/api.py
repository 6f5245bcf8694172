"""The room's API: each noun has a router in a module of its own."""

from __future__ import annotations

from ninja import Router

from regulars.loyalty import codes_api, members_api, promotions_api, rewards_api

router = Router(tags=["loyalty"])
MORE: list[tuple[str, Router]] = []
router.add_router("", promotions_api.router)
router.add_router("", codes_api.router)
router.add_router("", rewards_api.router)
router.add_router("", members_api.router)
