"""Customers over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Schema
from ninja.params.functions import Header
from pydantic import ConfigDict, Field

from regulars.audit import actions as audit
from regulars.customers import actions, history, queries
from regulars.customers.actions.duplicates import refuse_apart
from regulars.customers.desk_api import router
from regulars.customers.records import (
    Basis,
    Card,
    ConsentEntry,
    Identifier,
    IdentifierKind,
    Identity,
    ListFilter,
    Profile,
    TopicRecord,
)
from regulars.customers.views_api import filter_of_view
from regulars.kernel.errors import Invalid

IDENTIFY_ROWS_MAX = 1_000
EVENTS_ROWS = 100
IdempotencyKey = Header("", alias="Idempotency-Key", max_length=200)


class Strict(Schema):
    """A body in which an unknown field is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid")


class IdentifierIn(Strict):
    kind: IdentifierKind
    value: str = Field(min_length=1, max_length=254)


class IdentityIn(Strict):
    external_id: str | None = Field(None, max_length=200)
    email: str | None = Field(None, max_length=254)
    phone: str | None = Field(None, max_length=40)
    anonymous_id: str | None = Field(None, max_length=200)
    others: list[IdentifierIn] = Field(default_factory=list, max_length=20)
    previous_id: str | None = Field(None, max_length=200)
    confirmed: list[IdentifierKind] = Field(default_factory=list, max_length=10)
    access: list[IdentifierKind] = Field(default_factory=list, max_length=10)
    traits: dict[str, Any] = Field(default_factory=dict, max_length=200)
    seen_at: datetime | None = None

    def identity(self) -> Identity:
        """How rooms within speak of it."""
        told = self.dict(exclude={"others", "confirmed", "access"})
        return Identity(
            **told,
            others=tuple(Identifier(one.kind, one.value) for one in self.others),
            confirmed=frozenset(self.confirmed),
            access=frozenset(self.access),
        )


class ConsentIn(Strict):
    channel: str = Field(min_length=1, max_length=60)
    purpose: str = Field("marketing", min_length=1, max_length=60)
    state: Literal["given", "withdrawn"]
    source: str = Field("api", max_length=200)
    text_version: str = Field("", max_length=200)
    at: datetime | None = None
    basis: Basis = Basis.CONSENT


class TopicIn(Strict):
    """Names by language, one at least."""

    en: str = Field("", max_length=80)
    uk: str = Field("", max_length=80)
    ru: str = Field("", max_length=80)


class TopicOut(Schema):
    key: str
    purpose: str
    names: dict[str, str]
    is_archived: bool


class TopicsOut(Schema):
    topics: list[TopicOut]


class LedgerOut(Schema):
    channel: str
    purpose: str
    state: str
    at: datetime
    source: str
    actor: str
    text_version: str
    basis: str


class CustomerOut(Schema):
    id: str
    external_id: str | None
    name: str | None
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None
    city: str | None
    country: str | None
    language: str | None
    gender: str | None
    birth_on: date | None
    attrs: dict[str, Any]
    first_seen_at: datetime


class ConsentOut(Schema):
    channel: str
    purpose: str
    state: str
    at: datetime
    source: str
    text_version: str


class ConsentsOut(Schema):
    """Where the customer stands now, the whole ledger behind it, and what they chose."""

    states: list[ConsentOut]
    ledger: list[LedgerOut]
    paused_until: datetime | None
    gap_days: dict[str, int]


class IdentifierOut(Schema):
    kind: str
    value: str


class CardOut(CustomerOut):
    identifiers: list[IdentifierOut]
    consents: list[ConsentOut]


class PageOut(Schema):
    customers: list[CustomerOut]
    next: str | None
    count: int
    is_count_capped: bool


class IdsOut(Schema):
    ids: list[str]


class ChangeIn(Strict):
    external_id: str | None = Field(None, max_length=200)
    email: str | None = Field(None, max_length=254)
    phone: str | None = Field(None, max_length=40)
    name: str | None = Field(None, max_length=200)
    first_name: str | None = Field(None, max_length=200)
    last_name: str | None = Field(None, max_length=200)
    city: str | None = Field(None, max_length=200)
    country: str | None = Field(None, max_length=200)
    language: str | None = Field(None, max_length=200)
    gender: str | None = Field(None, max_length=200)
    birth_on: date | None = None


class EventOut(Schema):
    kind: str
    time: datetime
    origin: str
    properties: dict[str, Any]


class TimelineOut(Schema):
    events: list[EventOut]
    next: str | None


@router.get("", response=PageOut)
def list_customers(
    request: HttpRequest,
    search: str = "",
    country: str = "",
    city: str = "",
    language: str = "",
    has: str = "",
    consent: str = "",
    company: str = "",
    tag: str = "",
    attribute: str = "",
    sort: str = "-seen",
    view: str = "",
    after: str = "",
) -> dict[str, object]:
    """Customers of the filter or of a saved view, 50 a page; `next` of a page is `after` of the
    following one. A view is its own filter and order: others may not stand beside it."""
    workspace_id = _workspace_id(request)
    chosen = ListFilter(
        search=search, country=country, city=city, language=language, has=has, consent=consent,
        company=company, tag=tag, attribute=attribute, sort=sort,
    )  # fmt: skip
    if view and chosen != ListFilter(sort="-seen"):
        raise Invalid("list_view", "Give a view or a filter, not both.")
    if view:
        chosen = filter_of_view(workspace_id, view)
    page = queries.page(workspace_id, chosen, after=after)
    return {
        "customers": [_out(profile) for profile in page.rows],
        "next": page.after,
        "count": page.count,
        "is_count_capped": page.is_count_capped,
    }


# Before the addresses of single customers, which would take its word for an id.
@router.post("/identify", response=IdsOut)
def identify(request: HttpRequest, body: list[IdentityIn]) -> dict[str, list[str]]:
    """Find or make a customer for each identity; the ids stand in the order of the body."""
    if len(body) > IDENTIFY_ROWS_MAX:
        raise Invalid("identities_too_many", f"Send at most {IDENTIFY_ROWS_MAX} at once.")
    workspace_id = _workspace_id(request)
    identities = [row.identity() for row in body]
    for place, fault in enumerate(queries.identity_faults(workspace_id, identities)):
        if fault:
            raise Invalid(fault, "An identity cannot be read; mend it and send again.", row=place)
    found = actions.identify_many(workspace_id, identities)
    known = queries.profiles(workspace_id, found)
    return {"ids": [known[customer_id].public_id for customer_id in found]}


@router.get("/topics", response=TopicsOut)
def list_topics(request: HttpRequest) -> dict[str, object]:
    """What marketing may be about; a consent to one has the purpose marketing:<key>."""
    found = queries.topics(_workspace_id(request), with_archived=True)
    return {"topics": [_topic(topic) for topic in found]}


@router.put("/topics/{key}", response=TopicOut)
def save_topic(request: HttpRequest, key: str, body: TopicIn) -> dict[str, object]:
    """Make a topic or name it anew; the same again changes nothing."""
    workspace_id = _workspace_id(request)
    actions.save_topic(workspace_id, key, body.dict())
    found = queries.topics(workspace_id, with_archived=True)
    return next(_topic(topic) for topic in found if topic.key == key)


class MergeOut(Schema):
    act: str
    customer: str
    into: str
    reason: str
    rule: str
    actor: str
    at: datetime
    undone_at: datetime | None


class MergesOut(Schema):
    merges: list[MergeOut]
    next: str | None


class MergeIn(Strict):
    other: str = Field(max_length=22)
    winner: Literal["order", "this", "other"] = "order"
    # They, or cards merged into them, were told apart; merge them all the same.
    is_confirmed: bool = False


class MergedOut(Schema):
    id: str
    merged: str
    rule: str


@router.get("/merges", response=MergesOut)
def list_merges(
    request: HttpRequest,
    customer: str = "",
    act: Literal["", "merged", "undone", "split"] = "",
    after: str = "",
) -> dict[str, object]:
    """The merge log, the newest first; `next` of a page is `after` of the following one."""
    workspace_id = _workspace_id(request)
    customer_id = queries.own_id_of(workspace_id, customer) if customer else None
    page = queries.merges(workspace_id, customer_id=customer_id, act=act, after=after)
    told = [
        {
            "act": row.act,
            "customer": row.loser_public_id,
            "into": row.into_public_id,
            "reason": row.reason,
            "rule": row.rule,
            "actor": row.actor,
            "at": row.at,
            "undone_at": row.undone_at,
        }
        for row in page.rows
    ]
    return {"merges": told, "next": page.after or None}


@router.post("/{public_id}/merge", response=MergedOut)
def merge_customers(
    request: HttpRequest, public_id: str, body: MergeIn, key: str = IdempotencyKey
) -> dict[str, object]:
    """Make two customers one; the written order says who stays, unless `winner` does.

    409 pair_told_apart when somebody said that they are two people, unless `is_confirmed`.
    With an Idempotency-Key a repeat is answered as the first time, and 409 when it names others.
    """
    workspace_id = _workspace_id(request)
    one = queries.own_id_of(workspace_id, public_id)
    other = queries.own_id_of(workspace_id, body.other)
    if not body.is_confirmed:
        refuse_apart(workspace_id, one, other)
    if body.winner == "order":
        verdict = actions.merge_two(
            workspace_id, one, other, reason="api", actor="api", key=key or None
        )
        winner, loser, rule = verdict.winner, verdict.loser, verdict.rule
    else:
        winner, loser = (one, other) if body.winner == "this" else (other, one)
        rule = "chosen"
        actions.merge(workspace_id, loser, winner, reason="api", actor="api", key=key or None)
    names = {one: public_id, other: body.other}
    return {"id": names[winner], "merged": names[loser], "rule": rule}


@router.post("/{public_id}/unmerge", response=CardOut)
def unmerge_customer(request: HttpRequest, public_id: str) -> dict[str, object]:
    """Split a merged customer off, with contacts, orders, consents and events as they were.

    409 when the customer stands alone, so a repeat does no harm.
    """
    workspace_id = _workspace_id(request)
    customer_id = queries.own_id_of(workspace_id, public_id)
    actions.unmerge(workspace_id, customer_id, actor="api")
    return _card(queries.card(workspace_id, customer_id))


@router.get("/{public_id}", response=CardOut)
def one_customer(request: HttpRequest, public_id: str) -> dict[str, object]:
    """A customer with identifiers and consents; an id merged away answers with its root."""
    workspace_id = _workspace_id(request)
    found = queries.card(workspace_id, queries.customer_id_of(workspace_id, public_id))
    audit.note(workspace_id, "customer.viewed", "customer", found.profile.public_id)
    return _card(found)


@router.patch("/{public_id}", response=CardOut)
def change_customer(request: HttpRequest, public_id: str, body: ChangeIn) -> dict[str, object]:
    """Set what the body names, null for what is not known; the rest stays.

    409 when an identifier belongs to another customer.
    """
    workspace_id = _workspace_id(request)
    customer_id = queries.customer_id_of(workspace_id, public_id)
    actions.change_profile(workspace_id, customer_id, body.dict(exclude_unset=True), actor="api",
                           source="api")  # fmt: skip
    return _card(queries.card(workspace_id, customer_id))


@router.get("/{public_id}/events", response=TimelineOut)
def timeline(request: HttpRequest, public_id: str, after: str = "") -> dict[str, object]:
    """What happened to the customer, the newest first; `next` is `after` of the following page."""
    workspace_id = _workspace_id(request)
    card = queries.card(workspace_id, queries.customer_id_of(workspace_id, public_id))
    found, following = history.page_of(workspace_id, history.ids_of(card), after, EVENTS_ROWS)
    return {
        "events": [
            {"kind": e.kind, "time": e.time, "origin": e.origin, "properties": e.props}
            for e in found
        ],
        "next": following or None,
    }


@router.get("/{public_id}/consents", response=ConsentsOut)
def consents(request: HttpRequest, public_id: str) -> dict[str, object]:
    """What the customer agreed to and refused, with the proof of each word; the newest first."""
    workspace_id = _workspace_id(request)
    customer_id = queries.customer_id_of(workspace_id, public_id)
    card = queries.card(workspace_id, customer_id, is_whole=True)
    chosen = queries.preferences(workspace_id, customer_id)
    return {
        "states": [_consent(entry) for entry in card.consents],
        "ledger": [
            _consent(entry) | {"actor": entry.actor, "basis": entry.basis} for entry in card.history
        ],
        "paused_until": chosen.paused_until,
        "gap_days": dict(chosen.gap_days),
    }


@router.post("/{public_id}/consents", response=CardOut)
def say_consent(request: HttpRequest, public_id: str, body: ConsentIn) -> dict[str, object]:
    """Write down what the customer agreed to or refused."""
    workspace_id = _workspace_id(request)
    customer_id = queries.customer_id_of(workspace_id, public_id)
    say = actions.give_consent if body.state == "given" else actions.withdraw_consent
    say(
        workspace_id,
        customer_id,
        channel=body.channel,
        purpose=body.purpose,
        source=body.source,
        actor="api",
        at=body.at,
        text_version=body.text_version,
        **({"basis": body.basis} if body.state == "given" else {}),
    )
    return _card(queries.card(workspace_id, customer_id))


def _workspace_id(request: HttpRequest) -> int:
    workspace_id: int = request.workspace.id  # type: ignore[attr-defined]
    return workspace_id


def _out(profile: Profile) -> dict[str, object]:
    names = [name for name in CustomerOut.model_fields if name != "id"]
    return {"id": profile.public_id, **{name: getattr(profile, name) for name in names}}


def _card(card: Card) -> dict[str, object]:
    return {
        **_out(card.profile),
        "identifiers": [{"kind": i.kind.value, "value": i.value} for i in card.identifiers],
        "consents": [_consent(entry) for entry in card.consents],
    }


def _topic(topic: TopicRecord) -> dict[str, object]:
    return {
        "key": topic.key,
        "purpose": topic.purpose,
        "names": dict(topic.names),
        "is_archived": topic.is_archived,
    }


def _consent(entry: ConsentEntry) -> dict[str, object]:
    return {
        "channel": entry.channel,
        "purpose": entry.purpose,
        "state": entry.state.value,
        "at": entry.at,
        "source": entry.source,
        "text_version": entry.text_version,
    }
