"""Segment's message shape: from the bytes of a request to items ready to be identified.

Source: the public HTTP Tracking API. Nulls are absent; numeric ids become text; the client's clock
is corrected by the difference between sentAt and the time of receipt; the context of a batch holds
for each of its messages that does not say otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from regulars.customers.records import Identifier, IdentifierKind, Identity
from regulars.events.claims import InboxRow
from regulars.events.records import Origin
from regulars.intake.pure import context as contexts
from regulars.intake.pure import own

SOURCE = "segment"
# Events of a site carry its public id behind this, in the log and in the inbox.
SITE_PREFIX = "site:"
BATCH_EVENTS_MAX = 2_500
MESSAGE_BYTES_MAX = 32 << 10
MESSAGE_ID_LENGTH_MAX = 100
IDENTIFIER_LENGTH_MAX = 256
DEVICE_LENGTH_MAX = 512
CALLS = ("identify", "track", "page", "screen", "group", "alias", "batch")
# Segment's library for browsers posts to paths of one letter.
SHORT_CALLS = {
    "i": "identify", "t": "track", "p": "page", "s": "screen", "g": "group", "a": "alias",
    "b": "batch",
}  # fmt: skip

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
    "group": "customer.grouped",
    "alias": "customer.aliased",
}


class Envelope(msgspec.Struct):
    """The outside of a request; a single message is its own envelope."""

    batch: list[msgspec.Raw] | None = None
    writeKey: str | None = None  # noqa: N815 - Segment's spelling
    sentAt: str | None = None  # noqa: N815
    context: dict[str, Any] | None = None


class Inside(NamedTuple):
    """What holds for every message of a request: its call, if it is one, and the batch's words."""

    call: str | None
    sent_at: str | None
    context: dict[str, Any]
    site: str


class Message(msgspec.Struct):
    """One message; what is not named here is of no use yet and is left out."""

    type: str | None = None
    event: str | None = None
    name: str | None = None
    category: str | None = None
    groupId: str | int | float | None = None  # noqa: N815
    previousId: str | int | float | None = None  # noqa: N815
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
    """A message understood.

    site      public id of the site it came from; empty for servers and programs
    visitor   who the browser says it is, for the visits of a site
    context   as received, for deciding where a visitor came from
    group     the company of a group call and what is told about it
    """

    key: str
    kind: str
    time: datetime
    identity: Identity
    props: Mapping[str, Any] = field(default_factory=dict)
    payload: bytes = b""
    origin: Origin = Origin.LIVE
    site: str = ""
    visitor: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    group: tuple[str, Mapping[str, Any]] | None = None

    @property
    def source(self) -> str:
        """The source of the event, of which each has message ids of its own."""
        return f"{SITE_PREFIX}{self.site}" if self.site else SOURCE


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
    call, site = call_and_site(row.source)
    inside = Inside(None, envelope.sentAt, envelope.context or {}, site)
    raws = envelope.batch
    if raws is None:
        raws, inside = [msgspec.Raw(row.body)], inside._replace(call=call)
    answers: list[Incoming | Reject] = []
    for number, raw in enumerate(raws):
        try:
            if number >= BATCH_EVENTS_MAX:
                raise _BadMessageError("batch_too_long", f"a batch has {BATCH_EVENTS_MAX} messages")
            answers.append(_understand(raw, row, number, inside))
        except _BadMessageError as error:
            answers.append(Reject(error.reason, error.detail, _as_replayable(bytes(raw), inside)))
    return answers


def row_source(call: str, site: str = "") -> str:
    """What the inbox writes down about a request: its call, and the site it came from."""
    return f"{call}@{site}" if site else call


def call_and_site(source: str) -> tuple[str, str]:
    """The call and the site of a row; a replay of an event of the log knows the site only."""
    if source.startswith(SITE_PREFIX):
        return "", source.removeprefix(SITE_PREFIX)
    call, _, site = source.partition("@")
    return call, site


def _as_replayable(raw: bytes, inside: Inside) -> bytes:
    # A replay comes as a batch, so that the client's clock can still be corrected.
    if inside.call is not None:
        return raw
    shell: dict[str, Any] = {"sentAt": inside.sent_at, "batch": [msgspec.Raw(raw)]}
    return _encode(shell | ({"context": inside.context} if inside.context else {}))


def _understand(raw: msgspec.Raw, row: InboxRow, number: int, inside: Inside) -> Incoming:
    if len(bytes(raw)) > MESSAGE_BYTES_MAX:
        raise _BadMessageError("message_too_large", "a message has at most 32 KB")
    try:
        message = _message.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _BadMessageError("message_shape", str(error)) from error
    call = message.type or inside.call
    kind = _kind_of(message, call)
    context = {**inside.context, **{k: v for k, v in (message.context or {}).items() if v}}
    at = _time_of(message, row.received_at, message.sentAt or inside.sent_at)
    identity = _identity_of(message, call, context, at)
    message_id = message.messageId or f"inbox:{row.id}:{number}"
    if len(message_id) > MESSAGE_ID_LENGTH_MAX:
        raise _BadMessageError(
            "message_id_too_long", f"messageId has at most {MESSAGE_ID_LENGTH_MAX} characters"
        )
    return Incoming(
        key=message_id,
        kind=kind,
        time=at,
        identity=identity,
        props=_props_of(message, call, context, is_replay=row.is_replay),
        payload=_as_replayable(bytes(raw), inside),
        origin=Origin.REPLAY if row.is_replay else Origin.LIVE,
        site=inside.site,
        visitor=identity.anonymous_id or f"user:{identity.external_id}",
        context=context,
        group=_group_of(message) if call == "group" else None,
    )


def _identity_of(
    message: Message, call: str | None, context: Mapping[str, Any], at: datetime
) -> Identity:
    traits = _traits_of(message, call, context)
    identity = Identity(
        external_id=_identifier(message.userId),
        anonymous_id=_identifier(message.anonymousId),
        email=_text(traits.pop("email", None)),
        phone=_text(traits.pop("phone", None)),
        traits=traits,
        seen_at=at,
        others=_devices_of(context),
        previous_id=_previous_of(message) if call == "alias" else None,
    )
    if identity.external_id is None and identity.anonymous_id is None:
        raise _BadMessageError("identifier_missing", "give userId or anonymousId")
    return identity


def _devices_of(context: Mapping[str, Any]) -> tuple[Identifier, ...]:
    device = context.get("device")
    if not isinstance(device, dict):
        return ()
    told = (
        (IdentifierKind.DEVICE, _text(device.get("id"))),
        (IdentifierKind.PUSH, _text(device.get("token"))),
    )
    return tuple(
        Identifier(kind, value)
        for kind, value in told
        if value is not None and len(value) <= DEVICE_LENGTH_MAX
    )


def _props_of(
    message: Message, call: str | None, context: Mapping[str, Any], *, is_replay: bool
) -> dict[str, Any]:
    props = {k: v for k, v in (message.properties or {}).items() if v is not None}
    if not is_replay:
        props.pop(contexts.NAME, None)
    if message.name and call != "track":
        props.setdefault("name", message.name)
    if message.category and call in ("page", "screen"):
        props.setdefault("category", message.category)
    if call == "group":
        props["group_id"] = _identifier(message.groupId)
    if call == "alias":
        props["previous_id"] = _identifier(message.previousId)
    if kept := contexts.kept(context):
        props[contexts.NAME] = kept
    return props


def _group_of(message: Message) -> tuple[str, Mapping[str, Any]]:
    group_id = _identifier(message.groupId)
    if group_id is None:
        raise _BadMessageError("group_missing", "a group call needs groupId")
    return group_id, message.traits or {}


def _previous_of(message: Message) -> str:
    previous = _identifier(message.previousId)
    if previous is None or _identifier(message.userId) is None:
        raise _BadMessageError("previous_missing", "an alias call needs previousId and userId")
    return previous


def _kind_of(message: Message, call: str | None) -> str:
    if call == "track":
        if not message.event or not message.event.strip():
            raise _BadMessageError("event_missing", "a track call needs the name of its event")
        kind = message.event.strip()
        if kind in own.KINDS:
            raise _BadMessageError(
                "event_reserved", "only the product writes events of this name; take another"
            )
        return kind
    if call in KINDS_OF_CALL:
        return KINDS_OF_CALL[call]
    raise _BadMessageError(
        "type_unknown", "type must be identify, track, page, screen, group or alias"
    )


def _traits_of(message: Message, call: str | None, context: Mapping[str, Any]) -> dict[str, Any]:
    # The traits of a group call are those of the company.
    given = message.traits if call != "group" else None
    if given is None:
        found = context.get("traits")
        given = found if isinstance(found, dict) else {}
    traits = {TRAIT_NAMES.get(k, k): v for k, v in given.items() if v is not None}
    address = traits.get("address")
    if isinstance(address, dict):
        for name in ("city", "country"):
            if isinstance(address.get(name), str):
                traits.setdefault(name, address[name])
    return traits


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
