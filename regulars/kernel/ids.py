"""Identifiers that cannot be guessed and hashes that identify a message for ever."""

from __future__ import annotations

import hashlib
import secrets
import uuid

PUBLIC_ID_BYTES = 16


def new_public_id() -> str:
    """A url-safe name of 22 characters with 128 random bits, less the one of 64 with a dash first.

    At a command line what begins with a dash is an option.
    """
    made = secrets.token_urlsafe(PUBLIC_ID_BYTES)
    return made if made[0] != "-" else new_public_id()


def message_hash(source: str, message_id: str) -> uuid.UUID:
    """16 bytes that stand for (source, message id), held in a uuid for its compact column."""
    text = f"{source}\x00{message_id}".encode("utf-8", "surrogatepass")
    return uuid.UUID(bytes=hashlib.blake2b(text, digest_size=16).digest())
