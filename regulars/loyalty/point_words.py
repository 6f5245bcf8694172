"""What happened to points, in words for staff."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

Word = str | Promise
# Kind of a transaction → what staff read, its icon, its tone.
KINDS: dict[str, tuple[Word, str, str]] = {
    "earn": (gettext_lazy("Earned by a purchase"), "plus", "brand"),
    "bonus": (gettext_lazy("Earned by a rule"), "sparkles", "brand"),
    "activate": (gettext_lazy("Became active"), "check", "neutral"),
    "awaken": (gettext_lazy("Began to count, after what they waited for"), "check", "neutral"),
    "hold": (gettext_lazy("Kept for a purchase"), "lock", "neutral"),
    "release": (gettext_lazy("Given back by a purchase that was not made"), "lock-open", "neutral"),
    "capture": (gettext_lazy("Paid with"), "minus", "amber"),
    "give_back": (gettext_lazy("Given back by a return"), "undo-2", "brand"),
    "take_back": (gettext_lazy("Taken back by a return"), "undo-2", "amber"),
    "pay_debt": (gettext_lazy("Debt paid in money"), "banknote", "neutral"),
    "repay": (gettext_lazy("A debt was repaid with points"), "banknote", "neutral"),
    "active": (gettext_lazy("Activity that keeps points alive"), "clock", "neutral"),
    "expire": (gettext_lazy("Burned"), "flame", "bad"),
    "adjust": (gettext_lazy("Changed by hand"), "pencil", "amber"),
    "carry": (gettext_lazy("Carried over, as two cards became one or one two"), "merge", "neutral"),
    "reward": (gettext_lazy("Spent on a reward"), "gift", "amber"),
    "referral": (gettext_lazy("Earned by a friend"), "user-plus", "brand"),
    "receipt": (gettext_lazy("Earned by a receipt"), "receipt", "brand"),
    "coalition": (gettext_lazy("Settled between partners"), "handshake", "neutral"),
    "giftcard.issue": (gettext_lazy("Certificate issued"), "ticket", "neutral"),
    "giftcard.redeem": (gettext_lazy("Certificate paid"), "ticket-check", "neutral"),
    "giftcard.return": (gettext_lazy("Given back to a certificate"), "undo-2", "neutral"),
    "giftcard.expire": (gettext_lazy("Certificate ended"), "flame", "neutral"),
}
ACCOUNTS: dict[str, Word] = {
    "member:available": gettext_lazy("Member, to spend"),
    "member:pending": gettext_lazy("Member, not active yet"),
    "member:held": gettext_lazy("Member, kept for a purchase"),
    "member:debt": gettext_lazy("Member, owed"),
    "member:active": gettext_lazy("Member, last activity"),
    "issued": gettext_lazy("Programme, given"),
    "redeemed": gettext_lazy("Programme, spent"),
    "expired": gettext_lazy("Programme, burned"),
    "revoked": gettext_lazy("Programme, taken back"),
    "adjust": gettext_lazy("Programme, by hand"),
    "partner:settlement": gettext_lazy("Settlement with a partner"),
    "giftcard": gettext_lazy("Certificate"),
    "giftcard_liability": gettext_lazy("Owed to holders of certificates"),
    "budget": gettext_lazy("Budget of a promotion"),
}


def kind(name: str) -> tuple[str, str, str]:
    """What staff read of a transaction, its icon, its tone; an unknown kind by its own name."""
    text, icon, tone = KINDS.get(name, (name, "circle", "neutral"))
    return str(text), icon, tone


def account(name: str) -> str:
    """What an account is called."""
    return str(ACCOUNTS.get(name, name))
