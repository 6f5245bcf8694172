"""Leads over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from regulars.customers import queries as customers
from regulars.orders import actions, queries
from regulars.orders.api.common import (
    CommentIn,
    CommentsOut,
    Strict,
    member_named,
    staff_of,
    workspace_id_of,
)
from regulars.orders.pure import keys
from regulars.orders.queries import LeadFilter, desk
from regulars.orders.records import LeadItem, LeadRecord, LeadStatus, NewLead, NewLine, Outcome

router = Router(tags=["leads"])
ITEMS_MAX = 100


class ItemIn(Strict):
    sku: str = Field("", max_length=200)
    name: str = Field("", max_length=200)
    quantity: Decimal = Field(Decimal(1), gt=0, max_digits=18, decimal_places=6)
    unit_price: Decimal | None = Field(None, ge=0, max_digits=18, decimal_places=6)


class LeadIn(Strict):
    key: str = Field(min_length=1, max_length=200)
    source: str = Field("api", min_length=1, max_length=60)
    customer_id: str | None = Field(None, max_length=40)
    name: str = Field("", max_length=200)
    phone: str = Field("", max_length=40)
    email: str = Field("", max_length=254)
    comment: str = Field("", max_length=5_000)
    items: list[ItemIn] = Field(default_factory=list, max_length=ITEMS_MAX)
    page_url: str = Field("", max_length=2_000)
    utm: dict[str, str] = Field(default_factory=dict, max_length=20)


class LeadPatch(Strict):
    status: LeadStatus | None = None
    lost_reason: str = Field("", max_length=500)
    responsible: str | None = Field(None, max_length=254)


class LeadLineIn(Strict):
    sku: str = Field(min_length=1, max_length=200)
    quantity: Decimal = Field(Decimal(1), gt=0, max_digits=18, decimal_places=6)
    unit_price: Decimal = Field(ge=0, max_digits=18, decimal_places=6)
    name: str | None = Field(None, max_length=500)


class ConvertIn(Strict):
    lines: list[LeadLineIn] | None = Field(None, max_length=1_000)
    place: str = Field("", max_length=40)


class ItemOut(Schema):
    sku: str
    name: str
    quantity: str
    unit_price: str | None


class LeadOut(Schema):
    id: str
    status: str
    lost_reason: str
    source: str
    customer_id: str | None
    name: str
    phone: str
    email: str
    comment: str
    items: list[ItemOut]
    page_url: str
    utm: dict[str, str]
    responsible: str | None
    order_id: str | None
    created_at: datetime
    updated_at: datetime


class LeadsOut(Schema):
    leads: list[LeadOut]
    next: str | None


class ConvertedOut(Schema):
    order_id: str
    number: str


@router.post("", response={200: LeadOut})
def take_lead(request: HttpRequest, body: LeadIn) -> dict[str, object]:
    """Write a lead down, once for a key; another body under the key is a conflict."""
    workspace_id = workspace_id_of(request)
    said = body.dict(exclude={"key", "items", "customer_id"})
    customer_id = None
    if body.customer_id:
        customer_id = customers.customer_id_of(workspace_id, body.customer_id)
    items = tuple(LeadItem(**item.dict()) for item in body.items)
    made = actions.take_lead(
        workspace_id, NewLead(**said, items=items, customer_id=customer_id), key=f"api:{body.key}"
    )
    return _out(workspace_id, [made])[0]


@router.get("", response=LeadsOut)
def list_leads(
    request: HttpRequest, status: str = "", source: str = "", text: str = "", after: str = ""
) -> dict[str, object]:
    """Leads of the filter, the newest first, 50 a page; `next` is `after` of the next page."""
    workspace_id = workspace_id_of(request)
    found = queries.leads(
        workspace_id,
        LeadFilter(status=status, source=source, text=text[:100]),
        before=keys.read(after, tuple[datetime, int]),
    )
    shown = found[: queries.PAGE_ROWS]
    return {
        "leads": _out(workspace_id, shown),
        "next": keys.write((shown[-1].created_at, shown[-1].id))
        if len(found) > len(shown)
        else None,
    }


@router.get("/{public_id}", response=LeadOut)
def one_lead(request: HttpRequest, public_id: str) -> dict[str, object]:
    """One lead."""
    workspace_id = workspace_id_of(request)
    return _out(workspace_id, [queries.lead(workspace_id, public_id)])[0]


@router.patch("/{public_id}", response=LeadOut)
def change_lead(request: HttpRequest, public_id: str, body: LeadPatch) -> dict[str, object]:
    """Move a lead, or give it to a member by address; an empty address takes it from all."""
    workspace_id = workspace_id_of(request)
    keeper: int | actions.Unsaid | None = actions.UNSAID
    if "responsible" in body.model_fields_set:
        keeper = member_named(workspace_id, body.responsible) if body.responsible else None
    changed = actions.change_lead(
        workspace_id,
        public_id,
        status=body.status,
        lost_reason=body.lost_reason,
        responsible_id=keeper,
    )
    return _out(workspace_id, [changed])[0]


@router.post("/{public_id}/order", response={200: ConvertedOut, 201: ConvertedOut})
def convert_lead(request: HttpRequest, public_id: str, body: ConvertIn) -> Any:
    """Make the lead an order, once: 201 when new, 200 with the same order ever after."""
    workspace_id = workspace_id_of(request)
    place_id = desk.place(workspace_id, body.place).id if body.place else None
    lines = None if body.lines is None else [NewLine(**line.dict()) for line in body.lines]
    made = actions.convert_lead(workspace_id, public_id, lines=lines, place_id=place_id)
    status = 201 if made.outcome is Outcome.NEW else 200
    return status, {"order_id": made.public_id, "number": made.number}


@router.get("/{public_id}/comments", response=CommentsOut)
def comments(request: HttpRequest, public_id: str) -> dict[str, object]:
    """What staff and programs wrote about the lead, the newest first, at most 200."""
    workspace_id = workspace_id_of(request)
    found = queries.lead(workspace_id, public_id)
    staff = staff_of(workspace_id)
    rows = desk.comments(workspace_id, "lead", found.id)
    return {"comments": [{"text": r.text, "at": r.at, "by": staff.get(r.actor_id)} for r in rows]}


@router.post("/{public_id}/comments", response={204: None})
def add_comment(request: HttpRequest, public_id: str, body: CommentIn) -> Any:
    """Write a comment, once for a key; it is never changed."""
    workspace_id = workspace_id_of(request)
    found = queries.lead(workspace_id, public_id)
    actions.add_comment(workspace_id, "lead", found.id, text=body.text, key=f"api:{body.key}"[:100])
    return 204, None


def _out(workspace_id: int, leads: Sequence[LeadRecord]) -> list[dict[str, object]]:
    ids = [lead.customer_id for lead in leads if lead.customer_id is not None]
    roots = customers.roots_of(workspace_id, ids)
    people = customers.profiles(workspace_id, list(set(roots.values())))
    orders = {
        lead.id: queries.order_by_id(workspace_id, lead.order_id).public_id
        for lead in leads
        if lead.order_id is not None
    }
    staff = staff_of(workspace_id)
    told = []
    for lead in leads:
        owner = people.get(roots.get(lead.customer_id or 0, 0))
        told.append(
            {
                "id": lead.public_id,
                "customer_id": owner.public_id if owner else None,
                "items": [
                    {
                        "sku": item.sku,
                        "name": item.name,
                        "quantity": f"{item.quantity.normalize():f}",
                        "unit_price": None if item.unit_price is None else f"{item.unit_price:f}",
                    }
                    for item in lead.items
                ],
                "utm": dict(lead.utm),
                "responsible": staff.get(lead.responsible_id),
                "order_id": orders.get(lead.id),
                **{
                    name: getattr(lead, name)
                    for name in (
                        "status", "lost_reason", "source", "name", "phone", "email", "comment",
                        "page_url", "created_at", "updated_at",
                    )
                },
            }
        )  # fmt: skip
    return told
