"""Segment's message shape: from the bytes of a request to items ready to be identified.

Source: the public HTTP Tracking API. Nulls are absent; numeric ids become text; the client's clock
is corrected by the difference between sentAt and the time of receipt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from regulars.customers.records import Identity
from regulars.events.claims import InboxRow
from regulars.events.records import Origin

SOURCE = "segment"
BATCH_EVENTS_MAX = 2_500
MESSAGE_BYTES_MAX = 32 << 10
MESSAGE_ID_LENGTH_MAX = 200
IDENTIFIER_LENGTH_MAX = 256
CALLS = ("identify", "track", "page", "screen", "group", "alias", "batch")

# Traits whose name is ours under another spelling.
TRAIT_NAMES = {
    "firstName": "first_name",
    "lastName": "last_name",
    "birthday": "birth_on",
}
KINDS_OF_CALL = {
    "identify": "customer.identified",
    "page": "Page Viewed",
    "screen": "Screen Viewed",
}


class Envelope(msgspec.Struct):
    """The outside of a request; a single message is its own envelope."""

    batch: list[msgspec.Raw] | None = None
    writeKey: str | None = None  # noqa: N815 - Segment's spelling
    sentAt: str | None = None  # noqa: N815


class Message(msgspec.Struct):
    """One message; what is not named here is of no use yet and is left out."""

    type: str | None = None
    event: str | None = None
    name: str | None = None
    userId: str | int | float | None = None  # noqa: N815
    anonymousId: str | int | float | None = None  # noqa: N815
    messageId: str | None = None  # noqa: N815
    timestamp: str | None = None
    sentAt: str | None = None  # noqa: N815
    properties: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    context: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message understood."""

    key: str
    kind: str
    time: datetime
    identity: Identity
    props: Mapping[str, Any] = field(default_factory=dict)
    payload: bytes = b""
    origin: Origin = Origin.LIVE


@dataclass(frozen=True, slots=True)
class Reject:
    """A message not understood, with the reason and the bytes that would be replayed."""

    reason: str
    detail: str
    payload: bytes


class _BadMessageError(Exception):
    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


_envelope = msgspec.json.Decoder(Envelope)
_message = msgspec.json.Decoder(Message)
_encode = msgspec.json.Encoder().encode


def open_envelope(body: bytes) -> Envelope:
    """The outside of the body. raises msgspec.DecodeError (its text says where)"""
    return _envelope.decode(body)


def decode(row: InboxRow) -> list[Incoming | Reject]:
    """Each message of a stored request, understood or rejected, in order."""
    try:
        envelope = open_envelope(row.body)
    except (msgspec.DecodeError, RecursionError) as error:
        return [Reject("json_malformed", str(error), row.body)]
    raws = envelope.batch
    call: str | None = None
    if raws is None:
        raws, call = [msgspec.Raw(row.body)], row.source
    answers: list[Incoming | Reject] = []
    for number, raw in enumerate(raws):
        try:
            if number >= BATCH_EVENTS_MAX:
                raise _BadMessageError("batch_too_long", f"a batch has {BATCH_EVENTS_MAX} messages")
            answers.append(_understand(raw, row, number, call, envelope.sentAt))
        except _BadMessageError as error:
            payload = _as_replayable(bytes(raw), call, envelope.sentAt)
            answers.append(Reject(error.reason, error.detail, payload))
    return answers


def _as_replayable(raw: bytes, call: str | None, sent_at: str | None) -> bytes:
    # A replay comes as a batch, so that the client's clock can still be corrected.
    if call is not None:
        return raw
    return _encode({"sentAt": sent_at, "batch": [msgspec.Raw(raw)]})


def _understand(
    raw: msgspec.Raw, row: InboxRow, number: int, call: str | None, sent_at: str | None
) -> Incoming:
    if len(bytes(raw)) > MESSAGE_BYTES_MAX:
        raise _BadMessageError("message_too_large", "a message has at most 32 KB")
    try:
        message = _message.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _BadMessageError("message_shape", str(error)) from error
    kind = _kind_of(message, message.type or call)
    traits = _traits_of(message)
    identity = Identity(
        external_id=_identifier(message.userId),
        anonymous_id=_identifier(message.anonymousId),
        email=_text(traits.pop("email", None)),
        phone=_text(traits.pop("phone", None)),
        traits=traits,
    )
    if identity.external_id is None and identity.anonymous_id is None:
        raise _BadMessageError("identifier_missing", "give userId or anonymousId")
    message_id = message.messageId or f"inbox:{row.id}:{number}"
    if len(message_id) > MESSAGE_ID_LENGTH_MAX:
        raise _BadMessageError("message_id_too_long", "messageId has at most 200 characters")
    props = {k: v for k, v in (message.properties or {}).items() if v is not None}
    if message.name and kind != message.event:
        props.setdefault("name", message.name)
    return Incoming(
        key=message_id,
        kind=kind,
        time=_time_of(message, row.received_at, message.sentAt or sent_at),
        identity=identity,
        props=props,
        payload=_as_replayable(bytes(raw), call, sent_at),
        origin=Origin.REPLAY if row.is_replay else Origin.LIVE,
    )


def _kind_of(message: Message, call: str | None) -> str:
    if call == "track":
        if not message.event or not message.event.strip():
            raise _BadMessageError("event_missing", "a track call needs the name of its event")
        return message.event.strip()
    if call in KINDS_OF_CALL:
        return KINDS_OF_CALL[call]
    if call in CALLS:
        raise _BadMessageError(
            "type_unsupported", f"{call} is not taken yet; it is kept for replay"
        )
    raise _BadMessageError("type_unknown", "type must be identify, track, page or screen")


def _traits_of(message: Message) -> dict[str, Any]:
    given = message.traits
    if given is None and message.context is not None:
        found = message.context.get("traits")
        given = found if isinstance(found, dict) else None
    return {TRAIT_NAMES.get(k, k): v for k, v in (given or {}).items() if v is not None}


def _identifier(value: str | int | float | None) -> str | None:
    if value is None:
        return None
    text = str(value).strip()
    if len(text) > IDENTIFIER_LENGTH_MAX:
        raise _BadMessageError("identifier_too_long", "an id has at most 256 characters")
    return text or None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _time_of(message: Message, received_at: datetime, sent_at: str | None) -> datetime:
    if message.timestamp is None:
        return received_at
    said = _instant(message.timestamp, "timestamp")
    if sent_at is None:
        return said
    try:
        return received_at - (_instant(sent_at, "sentAt") - said)
    except OverflowError as error:
        raise _BadMessageError(
            "time_malformed", "timestamp and sentAt are too far apart"
        ) from error


def _instant(text: str, name: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise _BadMessageError("time_malformed", f"{name} must be ISO 8601") from error
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
