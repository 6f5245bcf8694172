"""What advertising cost, over HTTP."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from regulars.kernel.money import decimal_string, to_minor
from regulars.orders.actions.costs import CostRow, replace_costs
from regulars.orders.api.common import Strict, workspace_id_of
from regulars.orders.queries.costs import PAGES_MAX, CostFilter, cost_sums, costs

router = Router(tags=["costs"])
ROWS_MAX = 10_000


class CostIn(Strict):
    day: date
    campaign: str = Field(max_length=300)
    ad_group: str = Field("", max_length=300)
    currency: str = Field(min_length=3, max_length=3)
    amount: Decimal = Field(max_digits=18, decimal_places=6)
    impressions: int = Field(0, ge=0)
    clicks: int = Field(0, ge=0)


class CostsIn(Strict):
    source: str = Field(min_length=1, max_length=60)
    account: str = Field("", max_length=100)
    rows: list[CostIn] = Field(min_length=1, max_length=ROWS_MAX)


class ReplacedOut(Schema):
    rows: int
    added: int
    changed: int
    same: int
    gone: int


class CostOut(Schema):
    day: date | None
    source: str
    account: str
    campaign: str
    ad_group: str
    currency: str
    amount: str
    impressions: int
    clicks: int


class SumOut(Schema):
    currency: str
    amount: str
    impressions: int
    clicks: int


class CostsOut(Schema):
    costs: list[CostOut]
    sums: list[SumOut]
    next: int | None


@router.get("", response=CostsOut)
def list_costs(
    request: HttpRequest,
    since: date | None = None,
    until: date | None = None,
    source: str = "",
    campaign: str = "",
    by: Literal["day", "date", "campaign", "account", "source"] = "day",
    account: str = "",
    page: int = 1,
) -> Any:
    """Costs by day, date, campaign, account or source, with their sums by currency."""
    chosen = CostFilter(since, until, source[:60], campaign[:300], by, account[:100])
    number = min(max(page, 1), PAGES_MAX)
    workspace_id = workspace_id_of(request)
    rows, has_more = costs(workspace_id, chosen, number=number)
    return {
        "costs": [
            {
                "day": row.day, "source": row.source, "account": row.account,
                "campaign": row.campaign, "ad_group": row.ad_group,
                "currency": row.currency,
                "amount": decimal_string(row.amount_minor, row.currency),
                "impressions": row.impressions, "clicks": row.clicks,
            }
            for row in rows
        ],
        "sums": [
            {
                "currency": one.currency, "impressions": one.impressions, "clicks": one.clicks,
                "amount": decimal_string(one.amount_minor, one.currency),
            }
            for one in cost_sums(workspace_id, chosen)
        ],
        "next": number + 1 if has_more and number < PAGES_MAX else None,
    }  # fmt: skip


@router.put("", response=ReplacedOut)
def put_costs(request: HttpRequest, body: CostsIn) -> Any:
    """Let the days of these rows, for this account, cost what they say and nothing else."""
    rows = [
        CostRow(
            day=row.day, source=body.source, campaign=row.campaign, ad_group=row.ad_group,
            currency=row.currency, amount_minor=to_minor(row.amount, row.currency),
            impressions=row.impressions, clicks=row.clicks, account=body.account,
        )
        for row in body.rows
    ]  # fmt: skip
    return replace_costs(workspace_id_of(request), rows)
