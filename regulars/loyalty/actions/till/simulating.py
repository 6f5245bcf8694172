"""A cart tried out: at another moment, under rules that are not live, with every rule explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from regulars.kernel import clock
from regulars.kernel.errors import Invalid
from regulars.loyalty.actions.till import telling
from regulars.loyalty.actions.till.quoting import quote
from regulars.loyalty.pure.answers import to_json
from regulars.loyalty.pure.promotions.reading import read_promotion
from regulars.loyalty.queries import programme
from regulars.loyalty.till_records import Ask

DRAFT = "draft"
DRAFTS_MAX = 20


def simulate(
    workspace_id: int,
    ask: Ask,
    language: str,
    *,
    now: datetime | None = None,
    drafts: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """The quote of a cart and why each rule did or did not apply; nothing is kept.

    drafts  promotions as they would be written, beside those that are live
    raises  Invalid for a cart or a promotion nobody can mean
    """
    moment = now or clock.now()
    if drafts and len(drafts) > DRAFTS_MAX:
        raise Invalid(
            "too_many_drafts",
            f"At most {DRAFTS_MAX} promotions may be tried beside those that are live.",
            path="draft_rules",
        )
    live = programme.live(workspace_id)
    if drafts:
        written = tuple(
            read_promotion(one, slug=f"{DRAFT}-{n}", name=DRAFT, version=1)
            for n, one in enumerate(drafts, 1)
        )
        live = programme.live_of(
            workspace_id, live.version, live.is_open, live.programme,
            (*live.promotions.promotions, *written),
        )  # fmt: skip
    found = quote(workspace_id, ask, moment, is_simulated=True, live=live, explain=True)
    told = telling.quoted(found.answer, ask.purchase_id, language, moment)
    return {**told, "explained": to_json(found.answer)}
