"""A delivery as it lies in the inbox: one line about it, then the bytes as received."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from regulars.kernel.errors import Invalid


class Head(msgspec.Struct):
    """What is known of a delivery besides its body."""

    connection: str
    key: str
    topic: str = ""
    # Its sender gave it no id: the key is the hash of its body.
    is_by_content: bool = False


@dataclass(frozen=True, slots=True)
class Envelope:
    """A delivery with its body."""

    head: Head
    body: bytes


_head = msgspec.json.Decoder(Head)


def pack(
    connection: str, key: str, topic: str, body: bytes, *, is_by_content: bool = False
) -> bytes:
    """The delivery as one piece of bytes."""
    return msgspec.json.encode(Head(connection, key, topic, is_by_content)) + b"\n" + body


def unpack(stored: bytes) -> Envelope:
    """The delivery. raises Invalid(envelope_malformed)"""
    line, mark, body = stored.partition(b"\n")
    try:
        if not mark:
            raise msgspec.DecodeError
        return Envelope(_head.decode(line), body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid("envelope_malformed", "The stored delivery cannot be read.") from error
