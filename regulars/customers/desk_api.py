"""Notes, tasks and companies over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from regulars.customers import actions, history, queries
from regulars.customers.queries.companies import COMPANIES_PAGE, MEMBERS_PAGE
from regulars.customers.queries.desk import NOTES_PAGE
from regulars.customers.queries.lists import keyed, read_key
from regulars.customers.records import CompanyRecord, Membership, NoteRecord, TaskRecord
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound
from regulars.kernel.numbers import whole_number
from regulars.workspaces import queries as workspaces

router = Router(tags=["customers"])
BY_API = "api"


class Strict(Schema):
    """A body in which an unknown field is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid")


class NoteIn(Strict):
    text: str = Field(min_length=1, max_length=4_000)
    author: str = Field("API", min_length=1, max_length=200)
    key: str | None = Field(None, min_length=1, max_length=100)


class NoteOut(Schema):
    id: str
    text: str
    author: str
    is_pinned: bool
    created_at: datetime
    edited_at: datetime | None


class NotesOut(Schema):
    notes: list[NoteOut]
    next: str | None


class TaskIn(Strict):
    title: str = Field(min_length=1, max_length=200)
    due_on: date | None = None
    assignee: str = Field(min_length=3, max_length=254)
    key: str | None = Field(None, min_length=1, max_length=100)


class TaskOut(Schema):
    id: str
    customer: str | None
    title: str
    due_on: date | None
    assignee: str
    created_at: datetime
    done_at: datetime | None


class TasksOut(Schema):
    tasks: list[TaskOut]


class CompanyIn(Strict):
    group_id: str = Field(min_length=1, max_length=200)
    name: str | None = Field(None, max_length=200)
    traits: dict[str, Any] = Field(default_factory=dict, max_length=200)


class CompanyOut(Schema):
    id: str
    group_id: str
    name: str | None
    traits: dict[str, Any]
    members: int
    created_at: datetime


class CompaniesOut(Schema):
    companies: list[CompanyOut]
    next: str | None


class MembersOut(Schema):
    customers: list[str]
    next: str | None


class JoinIn(Strict):
    group_id: str = Field(min_length=1, max_length=200)
    at: datetime | None = None


# Before the addresses of single customers, which would take these words for an id.
@router.get("/companies", response=CompaniesOut)
def list_companies(request: HttpRequest, search: str = "", after: str = "") -> dict[str, object]:
    """Companies by name, 50 a page; `next` of a page is `after` of the following one."""
    rows = queries.companies(
        _workspace_id(request),
        search=search[:100],
        after=read_key(after, "sort_name") if after else None,
    )
    page = rows[:COMPANIES_PAGE]
    return {
        "companies": [_company(one) for one, _name in page],
        "next": keyed(page[-1][1], page[-1][0].id) if len(rows) > COMPANIES_PAGE else None,
    }


@router.post("/companies", response=CompanyOut)
def save_company(request: HttpRequest, body: CompanyIn) -> dict[str, object]:
    """Make the company of this group id, or tell more about it; null forgets a trait."""
    workspace_id = _workspace_id(request)
    public_id = actions.save_company(
        workspace_id, group_id=body.group_id, name=body.name, traits=body.traits
    )
    return _company(queries.company(workspace_id, public_id))


@router.get("/companies/{company_id}", response=CompanyOut)
def one_company(request: HttpRequest, company_id: str) -> dict[str, object]:
    """A company."""
    return _company(queries.company(_workspace_id(request), company_id))


@router.get("/companies/{company_id}/members", response=MembersOut)
def company_members(request: HttpRequest, company_id: str, after: str = "") -> dict[str, object]:
    """Ids of the company's customers by name, 50 a page."""
    workspace_id = _workspace_id(request)
    one = queries.company(workspace_id, company_id)
    rows = queries.members(
        workspace_id, one.id, after=read_key(after, "sort_name") if after else None
    )
    page = rows[:MEMBERS_PAGE]
    return {
        "customers": [profile.public_id for profile, _name in page],
        "next": keyed(page[-1][1], page[-1][0].id) if len(rows) > MEMBERS_PAGE else None,
    }


@router.post("/tasks/{task_id}/done", response=TaskOut)
def finish_task(request: HttpRequest, task_id: str) -> dict[str, object]:
    """The task is done; saying it again changes nothing."""
    workspace_id = _workspace_id(request)
    actions.finish_task(workspace_id, task_id, actor=BY_API)
    return _task(workspace_id, queries.task(workspace_id, task_id))


@router.get("/{public_id}/notes", response=NotesOut)
def list_notes(request: HttpRequest, public_id: str, after: str = "") -> dict[str, object]:
    """Notes about the customer, pinned ones first, then the newest."""
    workspace_id = _workspace_id(request)
    before = whole_number(after) if after else None
    if after and before is None:
        raise Invalid("list_key", "The page is not one of this list; start from the top.")
    found = queries.notes_of(workspace_id, _ids(workspace_id, public_id), before_id=before)
    page = found[:NOTES_PAGE]
    return {
        "notes": [_note(one) for one in page],
        "next": str(page[-1].id) if len(found) > NOTES_PAGE else None,
    }


@router.post("/{public_id}/notes", response=NoteOut)
def add_note(request: HttpRequest, public_id: str, body: NoteIn) -> dict[str, object]:
    """Write a note about the customer; the same key writes one note."""
    workspace_id = _workspace_id(request)
    note_id = actions.add_note(
        workspace_id,
        queries.customer_id_of(workspace_id, public_id),
        text=body.text,
        author_id=None,
        author=body.author,
        key=f"api:{body.key}" if body.key else None,
    )
    return _note(queries.note(workspace_id, note_id))


@router.get("/{public_id}/tasks", response=TasksOut)
def list_tasks(request: HttpRequest, public_id: str) -> dict[str, object]:
    """Tasks about the customer: open ones by day, then the newest done; 20 at most."""
    workspace_id = _workspace_id(request)
    found = queries.tasks_of(workspace_id, _ids(workspace_id, public_id))
    return {"tasks": [_task(workspace_id, one) for one in found]}


@router.post("/{public_id}/tasks", response=TaskOut)
def give_task(request: HttpRequest, public_id: str, body: TaskIn) -> dict[str, object]:
    """Give somebody of the team, named by e-mail, something to do; the same key gives one task."""
    workspace_id = _workspace_id(request)
    team = {member.email: member.user_id for member in workspaces.members(workspace_id)}
    task_id = actions.give_task(
        workspace_id,
        customer_id=queries.customer_id_of(workspace_id, public_id),
        title=body.title,
        due_on=body.due_on,
        assignee_id=team.get(body.assignee.lower(), 0),
        author=BY_API,
        key=f"api:{body.key}" if body.key else None,
    )
    return _task(workspace_id, queries.task(workspace_id, task_id))


@router.get("/{public_id}/companies", response=list[CompanyOut])
def companies_of(request: HttpRequest, public_id: str) -> list[dict[str, object]]:
    """Whom the customer belongs to."""
    workspace_id = _workspace_id(request)
    found = queries.companies_of(workspace_id, _ids(workspace_id, public_id))
    return [_company(one) for one in found]


@router.post("/{public_id}/companies", response=list[CompanyOut])
def join_company(request: HttpRequest, public_id: str, body: JoinIn) -> list[dict[str, object]]:
    """Let the customer belong to the company of this group id, made when it is new."""
    workspace_id = _workspace_id(request)
    if queries.group_id_of(workspace_id, body.group_id) is None:
        raise Invalid("group_syntax", "A group id is one line of at most 200 characters.")
    customer_id = queries.customer_id_of(workspace_id, public_id)
    row = Membership(customer_id, body.group_id, {}, body.at or clock.now())
    actions.join_companies(workspace_id, [row], source=BY_API)
    return companies_of(request, public_id)


@router.delete("/{public_id}/companies/{company_id}", response={204: None})
def leave_company(request: HttpRequest, public_id: str, company_id: str) -> tuple[int, None]:
    """The customer does not belong to the company any more."""
    workspace_id = _workspace_id(request)
    one = queries.company(workspace_id, company_id)
    if not actions.leave_company(workspace_id, one.id, _ids(workspace_id, public_id)):
        raise NotFound("membership_unknown", "The customer does not belong to this company.")
    return 204, None


def _workspace_id(request: HttpRequest) -> int:
    workspace_id: int = request.workspace.id  # type: ignore[attr-defined]
    return workspace_id


def _ids(workspace_id: int, public_id: str) -> tuple[int, ...]:
    card = queries.card(workspace_id, queries.customer_id_of(workspace_id, public_id))
    return history.ids_of(card)


def _note(one: NoteRecord) -> dict[str, object]:
    return {
        "id": one.public_id,
        "text": one.text,
        "author": one.author,
        "is_pinned": one.is_pinned,
        "created_at": one.created_at,
        "edited_at": one.edited_at,
    }


def _task(workspace_id: int, one: TaskRecord) -> dict[str, object]:
    emails = {member.user_id: member.email for member in workspaces.members(workspace_id)}
    return {
        "id": one.public_id,
        "customer": one.customer_public_id,
        "title": one.title,
        "due_on": one.due_on,
        "assignee": emails.get(one.assignee_id, ""),
        "created_at": one.created_at,
        "done_at": one.done_at,
    }


def _company(one: CompanyRecord) -> dict[str, object]:
    return {
        "id": one.public_id,
        "group_id": one.group_id,
        "name": one.name,
        "traits": one.traits,
        "members": one.members,
        "created_at": one.created_at,
    }
