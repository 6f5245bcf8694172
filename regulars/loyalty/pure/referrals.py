"""Whether somebody invited a friend or themselves: what two people share, and what it means."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

# The friend is somebody who would have come anyway, or is the inviter: nothing is given.
REFUSALS = (
    "self", "same_phone", "same_email", "same_card", "same_device", "same_address",
    "already_customer", "inviter_blocked", "too_many", "cheque_small", "returned",
)  # fmt: skip
ADDRESS_CHARS_MIN = 8
PHONE_DIGITS = 9
# Mail hosts where dots in the name mean nothing.
DOTLESS = frozenset({"gmail.com", "googlemail.com"})


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of one side."""

    customer_id: int
    emails: Sequence[str] = ()
    phones: Sequence[str] = ()
    cards: frozenset[str] = field(default_factory=frozenset)
    devices: frozenset[str] = field(default_factory=frozenset)
    address: str = ""


def shared(inviter: Person, friend: Person) -> list[str]:
    """What speaks against two different people, strongest first."""
    if inviter.customer_id == friend.customer_id:
        return ["self"]
    found = {
        "same_phone": _meet(map(plain_phone, inviter.phones), map(plain_phone, friend.phones)),
        "same_email": _meet(map(plain_email, inviter.emails), map(plain_email, friend.emails)),
        "same_card": _meet(inviter.cards, friend.cards),
        "same_device": _meet(inviter.devices, friend.devices),
        "same_address": _meet([plain_address(inviter.address)], [plain_address(friend.address)]),
    }
    return [reason for reason, is_shared in found.items() if is_shared]


def plain_email(text: str) -> str:
    """An address without what people add to have many: tags after a plus, dots of some hosts."""
    name, at, host = text.strip().lower().partition("@")
    name = name.partition("+")[0]
    return f"{name.replace('.', '') if host in DOTLESS else name}{at}{host}" if at else ""


def plain_phone(text: str) -> str:
    """The last nine digits: the same number with and without the country."""
    digits = re.sub(r"\D", "", text)
    return digits[-PHONE_DIGITS:] if len(digits) >= PHONE_DIGITS else ""


def plain_address(text: str) -> str:
    """An address as letters and digits alone; short ones say too little to compare."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(sign for sign in folded if sign.isalnum())
    return kept if len(kept) >= ADDRESS_CHARS_MIN and any(s.isdigit() for s in kept) else ""


def device_hash(secret: str, device: str) -> str:
    """What stands for a device; empty for none."""
    device = device.strip()
    return hashlib.sha256(f"{secret}\x00device\x00{device}".encode()).hexdigest() if device else ""


def _meet(one: object, other: object) -> bool:
    left = {text for text in one if text}  # type: ignore[attr-defined]
    right = {text for text in other if text}  # type: ignore[attr-defined]
    return not left.isdisjoint(right)
