"""Webhooks of segments over HTTP, and questions about one customer or several segments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict

from regulars.audit import actions as audit
from regulars.customers import queries as customers
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound
from regulars.rules import language
from regulars.rules.explaining import Reason
from regulars.segments import queries
from regulars.segments.actions import hooks as actions
from regulars.segments.pure.overlapping import SEGMENTS_MAX, SEGMENTS_MIN
from regulars.segments.queries import hooks as reads
from regulars.segments.records import URL_CHARS_MAX, HookRecord

router = Router(tags=["segments"])
KEY_CHARS_MAX = 200
# Digits of a number that the database can hold.
NUMBER_CHARS_MAX = 18


class Strict(Schema):
    """A body in which an unknown field is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid")


class SizeOut(Schema):
    at: datetime
    count: int


class SizesOut(Schema):
    sizes: list[SizeOut]


class ReasonOut(Schema):
    """One condition: its place in the rule, itself, whether it holds, and what was found."""

    path: str
    condition: dict[str, Any]
    said: str
    holds: bool
    found: Any
    parts: list[ReasonOut]


class WhyOut(Schema):
    customer: str
    holds: bool
    reason: ReasonOut


class OverlapIn(Strict):
    segments: list[str] = Field(min_length=SEGMENTS_MIN, max_length=SEGMENTS_MAX)


class RegionOut(Schema):
    inside: list[str]
    outside: list[str]
    customers: int
    rule: dict[str, Any]


class OverlapOut(Schema):
    regions: list[RegionOut]


class HookIn(Strict):
    url: str = Field(min_length=1, max_length=URL_CHARS_MAX)
    on_entry: bool = True
    on_exit: bool = True
    key: str | None = Field(None, min_length=1, max_length=KEY_CHARS_MAX)


class HookOut(Schema):
    id: str
    url: str
    on_entry: bool
    on_exit: bool
    state: str
    reason: str
    waiting: int
    created_at: datetime
    # Until when the secret before the present one signs too.
    former_until: datetime | None = None
    # Told once, when the webhook is made or its secret is renewed.
    secret: str | None = None


class HooksOut(Schema):
    webhooks: list[HookOut]


class StateIn(Strict):
    is_on: bool


class PushIn(Strict):
    key: str = Field(min_length=1, max_length=KEY_CHARS_MAX)


class PushOut(Schema):
    messages: int


class HookDeliveryOut(Schema):
    id: int
    message_id: str
    kind: str
    at: datetime
    customers: int
    state: str
    attempts: int
    next_at: datetime
    status: int | None
    error: str


class DeliveriesOut(Schema):
    deliveries: list[HookDeliveryOut]


class WhyIn(Schema):
    customer: str = ""


def overlap(request: HttpRequest, body: OverlapIn) -> dict[str, object]:
    """How many customers are in each combination of two or three segments, by their ids."""
    workspace_id = _workspace_id(request)
    asked = [queries.segment(workspace_id, public_id) for public_id in body.segments]
    found = queries.overlap(workspace_id, [one.slug for one in asked], clock.now())
    return {
        "regions": [
            {
                "inside": _named(body.segments, region.inside, wanted=True),
                "outside": _named(body.segments, region.inside, wanted=False),
                "customers": region.customers,
                "rule": region.rule,
            }
            for region in found
        ]
    }


def _named(names: list[str], inside: tuple[bool, ...], *, wanted: bool) -> list[str]:
    return [name for name, is_in in zip(names, inside, strict=True) if is_in is wanted]


@router.get("/{public_id}/sizes", response=SizesOut)
def sizes(request: HttpRequest, public_id: str) -> dict[str, object]:
    """How the size went: each hour of a month, then each day."""
    return {"sizes": queries.sizes(_workspace_id(request), public_id)}


@router.get("/{public_id}/why", response=WhyOut)
def why(request: HttpRequest, public_id: str, about: Query[WhyIn]) -> dict[str, object]:
    """Why a customer is in the segment or not: each condition, its answer, what was found."""
    workspace_id = _workspace_id(request)
    one = queries.segment(workspace_id, public_id)
    if not about.customer:
        raise Invalid("customer_missing", "Name the customer: ?customer=ID.")
    customer_id = customers.customer_id_of(workspace_id, about.customer)
    reason = queries.why(workspace_id, one.rule, customer_id, clock.now())
    if reason is None:
        raise NotFound("customer_unknown", "This customer is not in the lake yet.")
    return {
        "customer": about.customer,
        "holds": reason.holds,
        "reason": _reason(workspace_id, reason),
    }


def _reason(workspace_id: int, reason: Reason) -> dict[str, object]:
    (said,) = queries.phrases(workspace_id, [reason.node], "en")
    found = reason.found
    return {
        "path": reason.path,
        "condition": language.node_json(reason.node),
        "said": said,
        "holds": reason.holds,
        "found": None if found is None else {"kind": found.kind, "value": _plain(found.value)},
        "parts": [_reason(workspace_id, part) for part in reason.parts],
    }


def _plain(value: object) -> object:
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


@router.get("/{public_id}/webhooks", response=HooksOut)
def list_hooks(request: HttpRequest, public_id: str) -> dict[str, object]:
    """The webhooks of the segment."""
    workspace_id = _workspace_id(request)
    one = queries.segment(workspace_id, public_id)
    return {"webhooks": [_out(hook) for hook in reads.hooks(workspace_id, one.id)]}


@router.post("/{public_id}/webhooks", response={201: HookOut})
def create_hook(request: HttpRequest, public_id: str, body: HookIn) -> Status[dict[str, object]]:
    """Subscribe an address to entries and exits; the secret is told in this answer alone."""
    workspace_id = _workspace_id(request)
    one = queries.segment(workspace_id, public_id)
    made, secret = actions.create_hook(
        workspace_id,
        one.id,
        url=body.url,
        on_entry=body.on_entry,
        on_exit=body.on_exit,
        key=body.key,
        actor="api",
    )
    return Status(201, {**_out(made), "secret": secret or None})


@router.patch("/{public_id}/webhooks/{hook_id}", response=HookOut)
def change_hook(
    request: HttpRequest, public_id: str, hook_id: str, body: StateIn
) -> dict[str, object]:
    """Pause the webhook, or let it go on."""
    workspace_id = _workspace_id(request)
    _of(workspace_id, public_id, hook_id)
    (actions.resume_hook if body.is_on else actions.pause_hook)(workspace_id, hook_id)
    return _out(reads.hook(workspace_id, hook_id))


@router.post("/{public_id}/webhooks/{hook_id}/secret", response=HookOut)
def renew_secret(
    request: HttpRequest, public_id: str, hook_id: str, body: PushIn
) -> dict[str, object]:
    """A new secret, told in this answer; for a day both sign every message. Once for each key."""
    workspace_id = _workspace_id(request)
    _of(workspace_id, public_id, hook_id)
    secret = actions.renew_secret(workspace_id, hook_id, key=body.key)
    audit.note(workspace_id, "segments.webhook_secret_renewed", "webhooks", hook_id)
    return {**_out(reads.hook(workspace_id, hook_id)), "secret": secret}


@router.delete("/{public_id}/webhooks/{hook_id}/secret/former", response=HookOut)
def end_former_secret(request: HttpRequest, public_id: str, hook_id: str) -> dict[str, object]:
    """Let the former secret sign no more, before its day is over."""
    workspace_id = _workspace_id(request)
    _of(workspace_id, public_id, hook_id)
    actions.end_former_secret(workspace_id, hook_id)
    return _out(reads.hook(workspace_id, hook_id))


@router.delete("/{public_id}/webhooks/{hook_id}", response={204: None})
def delete_hook(request: HttpRequest, public_id: str, hook_id: str) -> Status[None]:
    """Remove the webhook with its log."""
    workspace_id = _workspace_id(request)
    _of(workspace_id, public_id, hook_id)
    actions.delete_hook(workspace_id, hook_id)
    return Status(204, None)


@router.get("/{public_id}/webhooks/{hook_id}/deliveries", response=DeliveriesOut)
def list_deliveries(request: HttpRequest, public_id: str, hook_id: str) -> dict[str, object]:
    """The newest messages, with what came of them."""
    workspace_id = _workspace_id(request)
    _of(workspace_id, public_id, hook_id)
    return {"deliveries": reads.deliveries(workspace_id, hook_id)}


@router.post("/{public_id}/webhooks/{hook_id}/push", response=PushOut)
def push(request: HttpRequest, public_id: str, hook_id: str, body: PushIn) -> dict[str, object]:
    """Tell the webhook everybody who is in the segment now, 500 a message; once for each key."""
    workspace_id = _workspace_id(request)
    _of(workspace_id, public_id, hook_id)
    return {"messages": actions.push_members(workspace_id, hook_id, key=body.key)}


@router.post("/{public_id}/webhooks/{hook_id}/deliveries/{delivery_id}/again", response=HookOut)
def send_again(
    request: HttpRequest, public_id: str, hook_id: str, delivery_id: str
) -> dict[str, object]:
    """Send a message once more under its own id; one that still waits is left alone."""
    workspace_id = _workspace_id(request)
    _of(workspace_id, public_id, hook_id)
    if not delivery_id.isdecimal() or len(delivery_id) > NUMBER_CHARS_MAX:
        raise NotFound("delivery_unknown", "There is no such message.")
    actions.send_again(workspace_id, hook_id, int(delivery_id))
    return _out(reads.hook(workspace_id, hook_id))


def _of(workspace_id: int, public_id: str, hook_id: str) -> HookRecord:
    """The webhook, when it is one of this segment. raises NotFound"""
    one, hook = queries.segment(workspace_id, public_id), reads.hook(workspace_id, hook_id)
    if hook.segment_id != one.id:
        raise NotFound("hook_unknown", "There is no such webhook.")
    return hook


def _out(one: HookRecord) -> dict[str, object]:
    names = [name for name in HookOut.model_fields if name not in ("id", "secret")]
    return {"id": one.public_id, **{name: getattr(one, name) for name in names}}


def _workspace_id(request: HttpRequest) -> int:
    workspace_id: int = request.workspace.id  # type: ignore[attr-defined]
    return workspace_id
