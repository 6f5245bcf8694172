"""Card numbers, codes that change every half minute, and signed addresses of a card's page."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from datetime import datetime

NUMBER_DIGITS = 16
# Numbers that begin so are for the use of shops among themselves.
NUMBER_PREFIX = "29"
NUMBER_CHANCE = 10 ** (NUMBER_DIGITS - len(NUMBER_PREFIX) - 1)
NUMBER_CHARS_MIN, NUMBER_CHARS_MAX = 4, 32
STEP_S = 30
# A code is good in its own half minute, in the one before (clocks differ) and in two after it.
STEPS_AFTER, STEPS_AHEAD = 2, 1
SIGN_BYTES = 12
QR_HEAD = "RC1"


def luhn_digit(body: str) -> str:
    """The check digit of ISO/IEC 7812: it finds every wrong digit and most swapped neighbours."""
    total = 0
    for place, sign in enumerate(reversed(body)):
        digit = int(sign) * (2 if place % 2 == 0 else 1)
        total += digit - 9 if digit > 9 else digit
    return str(-total % 10)


def ean_digit(body: str) -> str:
    """The check digit of an EAN-13 from its first twelve."""
    total = sum(int(sign) * (3 if place % 2 else 1) for place, sign in enumerate(body))
    return str(-total % 10)


def number_of(chance: int) -> str:
    """A card number from a random whole number below NUMBER_CHANCE.

    Of 10^13 numbers a million are cards: who types numbers hits one in ten million times.
    """
    assert 0 <= chance < NUMBER_CHANCE
    body = NUMBER_PREFIX + str(chance).zfill(NUMBER_DIGITS - len(NUMBER_PREFIX) - 1)
    return body + luhn_digit(body)


def plain_number(text: str) -> str:
    """The number as it is kept: without spaces and hyphens, in capitals; empty when it is none."""
    kept = "".join(sign for sign in text.upper() if not sign.isspace() and sign not in "-–.")
    is_number = NUMBER_CHARS_MIN <= len(kept) <= NUMBER_CHARS_MAX and kept.isascii()
    return kept if is_number and kept.isalnum() else ""


def is_slip(number: str) -> bool:
    """Whether a number looks like one of ours and its check digit disagrees."""
    looks_ours = (
        len(number) == NUMBER_DIGITS and number.isdigit() and number.startswith(NUMBER_PREFIX)
    )
    return looks_ours and luhn_digit(number[:-1]) != number[-1]


def has_check_digit(number: str) -> bool:
    """Whether the last digit agrees with the others, by Luhn or as an EAN-13."""
    if not number.isdigit() or len(number) < NUMBER_CHARS_MIN:
        return False
    is_ean = len(number) == 13 and ean_digit(number[:-1]) == number[-1]
    return is_ean or luhn_digit(number[:-1]) == number[-1]


def spaced(number: str) -> str:
    """The number in groups of four."""
    return " ".join(number[place : place + 4] for place in range(0, len(number), 4))


def qr_text(secret: str, card_public_id: str, now: datetime) -> str:
    """What the changing code says: the card and the half minute, signed with the card's secret."""
    return _qr(secret, card_public_id, _step(now))


def qr_card(text: str) -> str:
    """The card a changing code names; empty when the text is none."""
    parts = text.split(".")
    return parts[1] if len(parts) == 4 and parts[0] == QR_HEAD else ""


def qr_fault(secret: str, text: str, now: datetime) -> str:
    """Why the code is not good now: qr_forged or qr_expired; empty when it is.

    A picture of somebody's code is worth nothing once its minute and a half are over.
    """
    _head, card, step_text, _sign = (text.split(".") + [""] * 4)[:4]
    if not (step_text.isascii() and step_text.isdigit() and len(step_text) < 12):
        return "qr_forged"
    step = int(step_text)
    if not hmac.compare_digest(_qr(secret, card, step).encode(), text.encode()):
        return "qr_forged"
    age = _step(now) - step
    return "" if -STEPS_AHEAD <= age <= STEPS_AFTER else "qr_expired"


def qr_step(text: str) -> int:
    """The half minute of a changing code that was found good."""
    return int(text.split(".")[2])


def page_token(secret: str, workspace_id: int, card_public_id: str) -> str:
    """What stands in the address of a card's page."""
    head = f"{workspace_id}.{card_public_id}"
    return f"{head}.{_sign(secret, f'card page {head}')}"


def page_workspace(token: str) -> int:
    """The workspace an address names, still to be proved; 0 when it is none."""
    head = token.split(".")[0]
    return int(head) if head.isascii() and head.isdigit() and len(head) < 18 else 0


def page_card(secret: str, token: str) -> str:
    """The card a token was signed for; empty when it was not."""
    parts = token.split(".")
    if len(parts) != 3 or not page_workspace(token):
        return ""
    made = page_token(secret, int(parts[0]), parts[1])
    return parts[1] if hmac.compare_digest(made.encode(), token.encode()) else ""


def pass_token_of(secret: str, card_public_id: str) -> str:
    """What a wallet shows to ask for this card's pass."""
    return _sign(secret, f"apple pass {card_public_id}", SIGN_BYTES * 2)


def _qr(secret: str, card_public_id: str, step: int) -> str:
    head = f"{QR_HEAD}.{card_public_id}.{step}"
    return f"{head}.{_sign(secret, head)}"


def _step(now: datetime) -> int:
    return int(now.timestamp()) // STEP_S


def _sign(secret: str, text: str, size: int = SIGN_BYTES) -> str:
    made = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()[:size]
    return urlsafe_b64encode(made).decode().rstrip("=")
