"""The room's API: each noun has a router in a module of its own."""

from __future__ import annotations

from ninja import Router

router = Router(tags=["loyalty"])
MORE: list[tuple[str, Router]] = []
