"""What a page without a sign-in may say of a person: enough to know oneself, no more."""

from __future__ import annotations

DOTS = "•••"


def name(text: str | None) -> str:
    """The first word and the letter of the next: Mira K."""
    words = (text or "").split()
    if not words or "@" in words[0] or words[0].lstrip("+").isdigit():
        return ""
    rest = f" {words[1][0]}." if len(words) > 1 else ""
    return f"{words[0][:20]}{rest}"


def email(text: str | None) -> str:
    """The first letter of the box and of its host: m•••@e•••.com"""
    box, mark, host = (text or "").partition("@")
    if not (box and mark and host):
        return ""
    _, dot, land = host.rpartition(".")
    return f"{box[0]}{DOTS}@{host[0]}{DOTS}{dot}{land}"


def phone(text: str | None) -> str:
    """The last two digits."""
    digits = [sign for sign in text or "" if sign.isdigit()]
    return f"{DOTS} {''.join(digits[-2:])}" if len(digits) > 4 else ""
