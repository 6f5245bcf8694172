"""Codes, gift certificates and cards over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.http import HttpRequest
from ninja import Field, File, Form, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import ConfigDict

from regulars.customers import queries as customers
from regulars.kernel.errors import Invalid, NotFound
from regulars.loyalty.actions import cards as card_actions
from regulars.loyalty.actions import codes as issuing
from regulars.loyalty.actions import gift_cards as gift_actions
from regulars.loyalty.actions import series as actions
from regulars.loyalty.actions.series import Terms
from regulars.loyalty.card_records import REASON_CHARS_MAX, CardRecord
from regulars.loyalty.code_records import (
    BATCH_CODES_MAX,
    FACE_MINOR_MAX,
    KEY_CHARS_MAX,
    NAME_CHARS_MAX,
    NOTE_CHARS_MAX,
    PAGE_ROWS,
    PREFIX_CHARS_MAX,
    SLUG_CHARS_MAX,
    UPLOAD_BYTES_MAX,
    USES_MAX,
    VALID_DAYS_MAX,
    BatchRecord,
    CodeRecord,
    GiftCardRecord,
    SeriesRecord,
)
from regulars.loyalty.queries import cards, members
from regulars.loyalty.queries import gift_cards as gifts
from regulars.loyalty.queries import series as queries
from regulars.workspaces.records import WorkspaceRecord

router = Router(tags=["loyalty"])
CODE_CHARS_MAX = 64
ISSUED_MAX = 1_000


class Strict(Schema):
    """A body in which an unknown field is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid")


class SeriesTermsIn(Strict):
    name: str = Field(min_length=1, max_length=NAME_CHARS_MAX)
    promotion: str = Field("", max_length=SLUG_CHARS_MAX)
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    valid_days: int | None = Field(None, ge=1, le=VALID_DAYS_MAX)
    uses_per_code: int | None = Field(None, ge=1, le=USES_MAX)
    uses_per_member: int | None = Field(None, ge=1, le=USES_MAX)
    uses_total: int | None = Field(None, ge=1, le=USES_MAX)


class SeriesIn(SeriesTermsIn):
    kind: Literal["shared", "unique", "personal"]
    slug: str = Field("", max_length=SLUG_CHARS_MAX)
    period: Literal["all", "day", "week", "month"] = "all"
    prefix: str = Field("", max_length=PREFIX_CHARS_MAX)
    key: str | None = Field(None, min_length=1, max_length=KEY_CHARS_MAX)


class CodeIn(Strict):
    code: str = Field(min_length=1, max_length=CODE_CHARS_MAX)


class GenerateIn(Strict):
    count: int = Field(ge=1, le=BATCH_CODES_MAX)
    key: str = Field(min_length=1, max_length=KEY_CHARS_MAX)


class IssueOneIn(Strict):
    """Whose code it is, by the customer's public id; the same key gives the same code."""

    customer: str = Field(min_length=1, max_length=22)
    key: str = Field(min_length=1, max_length=KEY_CHARS_MAX)


class IssueIn(Strict):
    codes: list[IssueOneIn] = Field(min_length=1, max_length=ISSUED_MAX)


class BlockIn(Strict):
    is_blocked: bool
    reason: str = Field("", max_length=REASON_CHARS_MAX)


class GiftIn(Strict):
    """Money in minor units of the workspace's currency."""

    amount: int = Field(ge=1, le=FACE_MINOR_MAX)
    code: str = Field("", max_length=CODE_CHARS_MAX)
    customer: str = Field("", max_length=22)
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    note: str = Field("", max_length=NOTE_CHARS_MAX)
    key: str = Field(min_length=1, max_length=KEY_CHARS_MAX)


class CardIn(Strict):
    """A card for a member; a number only for plastic that was printed before."""

    member: str = Field(min_length=1, max_length=22)
    number: str = Field("", max_length=64)
    key: str = Field(min_length=1, max_length=KEY_CHARS_MAX)


class SwapIn(Strict):
    number: str = Field("", max_length=64)
    key: str = Field(min_length=1, max_length=KEY_CHARS_MAX)


class SeriesOut(Schema):
    id: str
    slug: str
    name: str
    kind: str
    promotion: str
    state: str
    starts_at: datetime | None
    ends_at: datetime | None
    valid_days: int | None
    uses_per_code: int | None
    uses_per_member: int | None
    uses_total: int | None
    period: str
    prefix: str


class SeriesListOut(Schema):
    series: list[SeriesOut]


class CodeOut(Schema):
    code: str
    state: str
    uses_max: int | None
    used: int
    reserved: int
    issued_at: datetime | None
    ends_at: datetime | None


class CodesOut(Schema):
    """A page of codes; `next` goes into `after` for the next one, null at the end."""

    codes: list[CodeOut]
    next: int | None


class CodeUseOut(Schema):
    purchase: str
    state: str
    at: datetime


class CodeHistoryOut(CodeOut):
    series: str
    uses: list[CodeUseOut]


class IssuedOut(Schema):
    codes: list[str]


class CodeBatchOut(Schema):
    id: str
    kind: str
    state: str
    asked: int
    made: int
    rejected: int
    reason: str


class CodeRejectOut(Schema):
    row: int
    value: str
    reason: str


class CodeRejectsOut(Schema):
    rejects: list[CodeRejectOut]


class GiftOut(Schema):
    id: str
    code: str
    state: str
    currency: str
    amount: int
    available: int
    held: int
    ends_at: datetime | None


class MemberCardOut(Schema):
    id: str
    number: str
    state: str
    page_url: str
    issued_at: datetime


@router.get("/codes/series", response=SeriesListOut)
def list_code_series(request: HttpRequest) -> dict[str, object]:
    """Series of codes, newest first."""
    return {"series": [_series(one) for one in queries.all_series(_workspace(request).id)]}


@router.post("/codes/series", response={201: SeriesOut})
def create_code_series(request: HttpRequest, body: SeriesIn) -> Status[dict[str, object]]:
    """A new series; the same key with the same content answers with what is there."""
    made = actions.create_series(
        _workspace(request).id, _terms(body), kind=body.kind, slug=body.slug, period=body.period,
        prefix=body.prefix, key=body.key, actor="api",
    )  # fmt: skip
    return Status(201, _series(made))


@router.put("/codes/series/{public_id}", response=SeriesOut)
def change_code_series(
    request: HttpRequest, public_id: str, body: SeriesTermsIn
) -> dict[str, object]:
    """The series on other terms."""
    return _series(actions.change_series(_workspace(request).id, public_id, _terms(body)))


@router.post("/codes/series/{public_id}/block", response=SeriesOut)
def block_code_series(request: HttpRequest, public_id: str, body: BlockIn) -> dict[str, object]:
    """Stop every code of a series, or let them be used again."""
    workspace_id = _workspace(request).id
    return _series(actions.block_series(workspace_id, public_id, is_blocked=body.is_blocked))


@router.get("/codes/series/{public_id}/codes", response=CodesOut)
def list_codes(request: HttpRequest, public_id: str, after: int = 0) -> dict[str, object]:
    """Codes of a series in the order they were made."""
    workspace_id = _workspace(request).id
    one = queries.series(workspace_id, public_id)
    found = queries.codes_of(workspace_id, one.id, after=max(after, 0), limit=PAGE_ROWS + 1)
    has_more = len(found) > PAGE_ROWS
    return {
        "codes": [_code(row) for row in found[:PAGE_ROWS]],
        "next": found[PAGE_ROWS - 1].id if has_more else None,
    }


@router.post("/codes/series/{public_id}/codes", response={201: CodeOut})
def add_code(request: HttpRequest, public_id: str, body: CodeIn) -> Status[dict[str, object]]:
    """A code thought up by hand; the same one again changes nothing."""
    return Status(201, _code(actions.add_code(_workspace(request).id, public_id, body.code)))


@router.post("/codes/series/{public_id}/generate", response={202: CodeBatchOut})
def generate_codes(
    request: HttpRequest, public_id: str, body: GenerateIn
) -> Status[dict[str, object]]:
    """Ask for many codes at once; the batch tells how far they are."""
    made = actions.generate_codes(
        _workspace(request).id, public_id, body.count, key=body.key, actor="api"
    )
    return Status(202, _batch(made))


@router.post("/codes/series/{public_id}/upload", response={202: CodeBatchOut})
def upload_codes(
    request: HttpRequest,
    public_id: str,
    file: File[UploadedFile | None] = None,
    key: Form[str] = "",
) -> Status[dict[str, object]]:
    """Codes of a CSV file; rows that are none are told by the batch's rejects."""
    queries.series(_workspace(request).id, public_id)
    if file is None or not key:
        raise Invalid("upload_empty", "Send a file and a key as multipart/form-data.")
    if file.size is None or file.size > UPLOAD_BYTES_MAX:
        raise Invalid("upload_too_large", f"A file has at most {UPLOAD_BYTES_MAX} bytes.")
    made = actions.upload_codes(
        _workspace(request).id, public_id, file.read(), file_name=file.name or "", key=key,
        actor="api",
    )  # fmt: skip
    return Status(202, _batch(made))


@router.get("/codes/batches/{public_id}", response=CodeBatchOut)
def code_batch(request: HttpRequest, public_id: str) -> dict[str, object]:
    """How far a batch is."""
    return _batch(queries.batch(_workspace(request).id, public_id))


@router.get("/codes/batches/{public_id}/rejects", response=CodeRejectsOut)
def code_rejects(request: HttpRequest, public_id: str) -> dict[str, object]:
    """Rows of a file that became no codes, with reasons."""
    workspace_id = _workspace(request).id
    batch = queries.batch(workspace_id, public_id)
    return {
        "rejects": [
            {"row": one.row_no, "value": one.value, "reason": one.reason}
            for one in queries.rejects(workspace_id, batch.id)
        ]
    }


@router.post("/codes/series/{public_id}/issue", response=IssuedOut)
def issue_codes(request: HttpRequest, public_id: str, body: IssueIn) -> dict[str, object]:
    """Give a code to each customer; the same key gives the same code, whenever it is asked."""
    workspace_id = _workspace(request).id
    one = queries.series(workspace_id, public_id)
    ids = [_customer(workspace_id, asked.customer) for asked in body.codes]
    wanted = list(zip(ids, (asked.key for asked in body.codes), strict=True))
    return {"codes": issuing.issue_codes(workspace_id, one, wanted)}


@router.get("/codes/{text}", response=CodeHistoryOut)
def code_history(request: HttpRequest, text: str) -> dict[str, object]:
    """One code, however it is typed, with the purchases that used it."""
    workspace_id = _workspace(request).id
    one = queries.code(workspace_id, text)
    return {
        **_code(one),
        "series": queries.series_by_id(workspace_id, one.series_id).public_id,
        "uses": [
            {"purchase": use.purchase_id, "state": use.state, "at": use.at}
            for use in queries.uses_of(workspace_id, one.id)
        ],
    }


@router.post("/codes/{text}/block", response=CodeOut)
def block_code(request: HttpRequest, text: str, body: BlockIn) -> dict[str, object]:
    """Stop one code, or let it be used again."""
    return _code(actions.block_code(_workspace(request).id, text, is_blocked=body.is_blocked))


@router.post("/gift-cards", response={201: GiftOut})
def issue_gift_card(request: HttpRequest, body: GiftIn) -> Status[dict[str, object]]:
    """A gift certificate; the same key gives the same one."""
    workspace_id = _workspace(request).id
    customer_id = _customer(workspace_id, body.customer) if body.customer else None
    made = gift_actions.issue_gift_card(
        workspace_id, body.amount, key=body.key, code=body.code, customer_id=customer_id,
        starts_at=body.starts_at, ends_at=body.ends_at, note=body.note, actor="api",
    )  # fmt: skip
    return Status(201, _gift(made))


@router.get("/gift-cards/{text}", response=GiftOut)
def gift_card(request: HttpRequest, text: str) -> dict[str, object]:
    """A certificate by its code."""
    return _gift(gifts.gift_card_by_code(_workspace(request).id, text))


@router.post("/gift-cards/{text}/block", response=GiftOut)
def block_gift_card(request: HttpRequest, text: str, body: BlockIn) -> dict[str, object]:
    """Stop a certificate, or let it be spent again."""
    workspace_id = _workspace(request).id
    one = gifts.gift_card_by_code(workspace_id, text)
    return _gift(
        gift_actions.block_gift_card(workspace_id, one.public_id, is_blocked=body.is_blocked)
    )


@router.post("/cards", response={201: MemberCardOut})
def issue_card(request: HttpRequest, body: CardIn) -> Status[dict[str, object]]:
    """A card for a member; the same key gives the same one."""
    workspace = _workspace(request)
    member = members.member(workspace.id, body.member)
    if member is None:
        raise NotFound("member_unknown", "There is no such member.")
    made = card_actions.issue_card(
        workspace.id, member.id, key=body.key, number=body.number, actor="api"
    )
    return Status(201, _card(workspace, made))


@router.get("/cards/{public_id}", response=MemberCardOut)
def card(request: HttpRequest, public_id: str) -> dict[str, object]:
    """One card."""
    workspace = _workspace(request)
    return _card(workspace, cards.card(workspace.id, public_id))


@router.post("/cards/{public_id}/block", response=MemberCardOut)
def block_card(request: HttpRequest, public_id: str, body: BlockIn) -> dict[str, object]:
    """Block a card, or let it be used again."""
    workspace = _workspace(request)
    if body.is_blocked:
        done = card_actions.block_card(workspace.id, public_id, reason=body.reason, actor="api")
    else:
        done = card_actions.unblock_card(workspace.id, public_id)
    return _card(workspace, done)


@router.post("/cards/{public_id}/swap", response={201: MemberCardOut})
def swap_card(request: HttpRequest, public_id: str, body: SwapIn) -> Status[dict[str, object]]:
    """Another card in place of this one."""
    workspace = _workspace(request)
    made = card_actions.swap_card(
        workspace.id, public_id, key=body.key, number=body.number, actor="api"
    )
    return Status(201, _card(workspace, made))


def _terms(body: SeriesTermsIn) -> Terms:
    return Terms(
        name=body.name,
        promotion_slug=body.promotion,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        valid_days=body.valid_days,
        uses_per_code=body.uses_per_code,
        uses_per_member=body.uses_per_member,
        uses_total=body.uses_total,
    )


def _customer(workspace_id: int, public_id: str) -> int:
    found = customers.ids_of_public(workspace_id, [public_id])
    if not found:
        raise NotFound("customer_unknown", "There is no such customer.")
    return found[0]


def _series(one: SeriesRecord) -> dict[str, object]:
    names = (
        "slug", "name", "kind", "state", "starts_at", "ends_at", "valid_days", "uses_per_code",
        "uses_per_member", "uses_total", "period", "prefix",
    )  # fmt: skip
    said = {name: getattr(one, name) for name in names}
    return {**said, "id": one.public_id, "promotion": one.promotion_slug}


def _code(one: CodeRecord) -> dict[str, object]:
    names = ("state", "uses_max", "used", "reserved", "issued_at", "ends_at")
    return {"code": one.shown, **{name: getattr(one, name) for name in names}}


def _batch(one: BatchRecord) -> dict[str, object]:
    names = ("kind", "state", "asked", "made", "rejected", "reason")
    return {"id": one.public_id, **{name: getattr(one, name) for name in names}}


def _gift(one: GiftCardRecord) -> dict[str, object]:
    return {
        "id": one.public_id,
        "code": one.shown,
        "state": one.state,
        "currency": one.currency,
        "amount": one.face_minor,
        "available": one.available_minor,
        "held": one.held_minor,
        "ends_at": one.ends_at,
    }


def _card(workspace: WorkspaceRecord, one: CardRecord) -> dict[str, object]:
    return {
        "id": one.public_id,
        "number": one.number,
        "state": one.state,
        "page_url": cards.page_url(workspace, one.public_id),
        "issued_at": one.issued_at,
    }


def _workspace(request: HttpRequest) -> WorkspaceRecord:
    workspace: WorkspaceRecord = request.workspace  # type: ignore[attr-defined]
    return workspace
