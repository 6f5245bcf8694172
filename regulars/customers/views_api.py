"""Saved views of the list over HTTP, and the list itself by view or filter.

A view belongs to a member of the team, named by e-mail; a program sees those that are shared, and
those of a member when it names them.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qsl

from django.http import HttpRequest
from ninja import Schema
from pydantic import Field, StringConstraints

from regulars.customers import actions, asked, conditions, queries
from regulars.customers.desk_api import Strict, router
from regulars.customers.queries.views import VIEWS_PAGE
from regulars.customers.records import ListFilter, ViewRecord
from regulars.kernel.errors import Invalid
from regulars.kernel.numbers import whole_number
from regulars.workspaces import queries as workspaces
from regulars.workspaces.records import Member, Right

CONDITIONS_MAX = 30
Word = Annotated[str, StringConstraints(max_length=asked.TEXT_LENGTH_MAX)]


class ViewIn(Strict):
    name: str = Field(min_length=1, max_length=60)
    owner: str = Field(min_length=3, max_length=254)
    filter: dict[str, Word] = Field(default_factory=dict, max_length=CONDITIONS_MAX)
    is_shared: bool = True


class ViewChangeIn(Strict):
    name: str | None = Field(None, min_length=1, max_length=60)
    filter: dict[str, Word] | None = Field(None, max_length=CONDITIONS_MAX)
    is_shared: bool | None = None


class ViewOut(Schema):
    id: str
    name: str
    owner: str
    filter: dict[str, str]
    is_shared: bool


class ViewsOut(Schema):
    views: list[ViewOut]
    next: str | None


@router.get("/views", response=ViewsOut)
def list_views(request: HttpRequest, owner: str = "", after: str = "") -> dict[str, object]:
    """Views the team shares, with `owner` those of this member too; 50 a page."""
    workspace_id = _workspace_id(request)
    after_id = whole_number(after) if after else 0
    if after_id is None:
        raise Invalid("list_key", "The page is not one of this list; start from the top.")
    owner_id = _member(workspace_id, owner).user_id if owner else None
    found = queries.views_after(workspace_id, owner_id=owner_id, after_id=after_id)
    page = found[:VIEWS_PAGE]
    emails = _emails(workspace_id)
    return {
        "views": [_out(one, emails) for one in page],
        "next": str(page[-1].id) if len(found) > VIEWS_PAGE else None,
    }


@router.post("/views", response=ViewOut)
def add_view(request: HttpRequest, body: ViewIn) -> dict[str, object]:
    """Keep a filter under a name. The name is the key: the same again makes no second view,
    something else under it is 409."""
    workspace_id = _workspace_id(request)
    public_id = actions.add_view(
        workspace_id,
        owner_id=_member(workspace_id, body.owner).user_id,
        name=body.name,
        query=_query(workspace_id, body.filter),
        is_shared=body.is_shared,
    )
    return _out(queries.any_view(workspace_id, public_id), _emails(workspace_id))


@router.get("/views/{view_id}", response=ViewOut)
def one_view(request: HttpRequest, view_id: str) -> dict[str, object]:
    """A view; `GET /customers?view=` lists its customers."""
    workspace_id = _workspace_id(request)
    return _out(queries.any_view(workspace_id, view_id), _emails(workspace_id))


@router.patch("/views/{view_id}", response=ViewOut)
def change_view(request: HttpRequest, view_id: str, body: ViewChangeIn) -> dict[str, object]:
    """Change what is given; a given filter replaces the old one."""
    workspace_id = _workspace_id(request)
    queries.any_view(workspace_id, view_id)
    actions.change_view(
        workspace_id,
        view_id,
        name=body.name,
        query=None if body.filter is None else _query(workspace_id, body.filter),
        is_shared=body.is_shared,
    )
    return _out(queries.any_view(workspace_id, view_id), _emails(workspace_id))


@router.delete("/views/{view_id}", response={204: None})
def delete_view(request: HttpRequest, view_id: str) -> tuple[int, None]:
    """Forget a view; lists that opened with it open with everybody."""
    actions.delete_view(_workspace_id(request), view_id)
    return 204, None


def filter_of_view(workspace_id: int, view_id: str) -> ListFilter:
    """What a view asks for. raises NotFound(view_unknown)"""
    return asked.filter_of_query(queries.any_view(workspace_id, view_id).query)


def _query(workspace_id: int, given: dict[str, str]) -> str:
    """The filter as views keep it. raises Invalid(view_filter), what a condition raises"""
    known = (*asked.OWN, *conditions.known(), "sort")
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise Invalid(
            "view_filter", f"Filter by {', '.join(known)}.", unknown=[name[:40] for name in unknown]
        )
    if given.get("sort", "-seen") not in asked.SORTS:
        raise Invalid("view_filter", f"Sort by {', '.join(asked.SORTS)}.")
    for name in conditions.known():
        conditions.narrowing(workspace_id, name, given.get(name, ""))
    query = asked.query_of(given)
    if len(query) >= asked.QUERY_LENGTH_MAX:
        raise Invalid("view_query", "The filter is too long to be kept.")
    return query


def _member(workspace_id: int, email: str) -> Member:
    """Who of the team is meant. raises Invalid(member_unknown)"""
    for member in workspaces.members(workspace_id):
        if member.email == email.strip().lower() and member.may(Right.CUSTOMERS_VIEW):
            return member
    raise Invalid("member_unknown", "Nobody of the team who sees customers has this e-mail.")


def _emails(workspace_id: int) -> dict[int, str]:
    return {member.user_id: member.email for member in workspaces.members(workspace_id)}


def _out(one: ViewRecord, emails: dict[int, str]) -> dict[str, object]:
    return {
        "id": one.public_id,
        "name": one.name,
        "owner": emails.get(one.owner_id, ""),
        "filter": dict(parse_qsl(one.query)),
        "is_shared": one.is_shared,
    }


def _workspace_id(request: HttpRequest) -> int:
    workspace_id: int = request.workspace.id  # type: ignore[attr-defined]
    return workspace_id
