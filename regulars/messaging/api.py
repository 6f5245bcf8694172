"""Subscriptions over HTTP: an address is asked by letter before anything is sent to it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Header, Router, Schema, Status
from pydantic import ConfigDict, Field

from regulars.customers import actions as customers
from regulars.customers import queries as customer_queries
from regulars.customers.records import TOPIC_MARK, Identity, Purpose
from regulars.kernel.errors import Invalid
from regulars.messaging import actions

router = Router(tags=["subscriptions"])
KEY_CHARS_MAX = 150
Key: Any = Header("", alias="Idempotency-Key", max_length=KEY_CHARS_MAX)  # type: ignore[type-arg]


class SubscriptionIn(Schema):
    """An address may come without a person; a topic narrows what is asked for."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=254)
    first_name: str = Field("", max_length=200)
    language: str = Field("", max_length=20)
    topic: str = Field("", max_length=40)
    text_version: str = Field(min_length=1, max_length=200)
    source: str = Field("api", max_length=200)


class AskedOut(Schema):
    customer: str


@router.post("", response={202: AskedOut})
def subscribe(request: HttpRequest, body: SubscriptionIn, key: str = Key) -> Any:
    """Ask the owner of the address by letter; the consent is written when they confirm.

    Needs an Idempotency-Key; the same key asks once. Refused past five letters a day to an address.
    """
    if not key:
        raise Invalid("key_missing", "Send an Idempotency-Key, so that a retry asks once.")
    workspace_id: int = request.workspace.id  # type: ignore[attr-defined]
    told = {"first_name": body.first_name, "language": body.language}
    identity = Identity(email=body.email, traits={k: v for k, v in told.items() if v})
    (fault,) = customer_queries.identity_faults(workspace_id, [identity])
    if fault:
        raise Invalid(fault, "The e-mail cannot be read.", path="email")
    topics = customer_queries.topics(workspace_id)
    if body.topic and body.topic not in {topic.key for topic in topics}:
        raise Invalid("topic_unknown", "There is no such topic.", path="topic")
    (customer_id,) = customers.identify_many(workspace_id, [identity], source="form")
    actions.ask_double_opt_in(
        workspace_id,
        customer_id,
        address=body.email,
        purpose=f"{TOPIC_MARK}{body.topic}" if body.topic else Purpose.MARKETING.value,
        text_version=body.text_version,
        source=body.source,
        key=f"api:{key}",
    )
    profile = customer_queries.profiles(workspace_id, [customer_id])[customer_id]
    return Status(202, {"customer": profile.public_id})
