"""What the account says in words."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regulars.kernel.errors import RegularsError
from regulars.loyalty.reward_records import PHOTO_BYTES_MAX

Word = str | Promise
LANGUAGES = {"en": "English", "uk": "Українська", "ru": "Русский"}
WRONG_CODE: Word = _("This code does not work. Look at the newest letter, or ask for another code.")
FAULTS: dict[str, Word] = {
    "email_syntax": _("Write the whole address, such as name@example.com."),
    "email_line_break": _("Write the whole address, such as name@example.com."),
    "portal_too_often": _("That was tried too often. Try again in a quarter of an hour."),
    "portal_channel": _("Codes are not sent that way here."),
    "portal_origin": _("Write each site as https://shop.example on a line of its own, no path."),
}
TOLD: dict[str, Word] = {
    "saved": _("Saved."),
    "out": _("You are signed out."),
    "ended": _("That device is signed out."),
    "asked": _("The file is being put together. It stands here in a few minutes."),
    "enough": _("Three files a day are enough. Try again tomorrow."),
    "erasure": _("The shop has your request, and a person will answer it."),
    "ordered": _("It is ordered; the points are taken."),
    "came": _("The invitation counts: points come after your first purchase."),
    "refused": _("This invitation does not count for you: it is for people who are new here."),
    "entered": _("Taken. What came of it stands below."),
    "photo": _("The photo is here. A person will look at it; what came of it will stand below."),
    "unsure": _("Tick the box beside the button to say that you mean it."),
}
TOLD_TONES = {"refused": "info", "enough": "warn", "unsure": "warn"}
NO_FAULT: Word = ""
REFERRAL_STATES: dict[str, tuple[Word, str]] = {
    "invited": (_("Has not bought yet"), "info"),
    "waiting": (_("Points are on their way"), "info"),
    "completed": (pgettext_lazy("my account", "Points given"), "good"),
    "refused": (_("Does not count"), "neutral"),
}
FRIEND_FAULTS: dict[str, Word] = {
    "referral_code_unknown": _("There is no such invitation. Look at the code once more."),
    "referrals_closed": _("Nobody is invited just now."),
}
# Kind of an activity → its icon and its name.
ACTIVITY_KINDS: dict[str, tuple[str, Word]] = {
    "receipts": ("receipt", _("Send a receipt")),
    "lid": ("ticket", _("Code under the lid")),
    "quiz": ("circle-question-mark", _("Quiz")),
    "contest": ("trophy", _("Contest")),
    "game": ("dices", _("Wheel of fortune")),
}
ENTRY_STATES: dict[str, tuple[Word, str]] = {
    "accepted": (pgettext_lazy("my account", "Counts"), "good"),
    "waiting": (_("A person looks at it"), "info"),
    "rejected": (_("Was not accepted"), "bad"),
}
PHOTO_TOO_LARGE: Word = format_lazy(
    _("The photo is larger than {mb} MB. Take it again in a smaller size."),
    mb=PHOTO_BYTES_MAX // 1_000_000,
)
PERIODS: dict[str, Word] = {
    "day": _("today"),
    "week": _("this week"),
    "month": _("this month"),
    "year": _("this year"),
}
ENTRY_FAULTS: dict[str, Word] = {
    "activity_closed": _("This is not open now."),
    "activity_member_limit": _("You have taken part as often as one may."),
    "activity_total_limit": _("All places are taken."),
    "member_blocked": _("You cannot take part now. Ask the shop why."),
    "answers_invalid": _("Answer every question."),
    "entry_invalid": _("Write what you want to send; at most 2,000 characters."),
    "code_unknown": _("There is no such code here. Look at it once more."),
    "code_taken": _("This code came in before."),
    "code_used_up": _("This code came in before."),
    "photo_missing": _("Choose a photo of the receipt."),
    "photo_invalid": _("This file is no photo that can be taken. Send a JPEG, PNG or WebP."),
    "photo_too_large": PHOTO_TOO_LARGE,
    "photo_rejected": _("This photo was looked at before and not accepted. Take a new one."),
    "photos_too_many": _("That is enough photos for one day. Send more tomorrow."),
    "receipt_unreadable": _("This is not the text of a receipt’s QR code. Copy it whole."),
    "receipt_taken": _("This receipt came in before."),
    "receipt_old": _("The receipt is too old."),
    "receipt_early": _("The receipt’s date is yet to come."),
    "receipt_small": _("The receipt’s sum is too small."),
    "receipt_elsewhere": _("The receipt is of another shop."),
    "receipt_not_sale": _("The receipt is of a return."),
    "receipt_amount": _("The receipt’s sum cannot be read."),
    "idempotency_mismatch": _("This form was sent before with something else. Open it anew."),
    "portal_too_often": _("That was tried too often. Try again in a quarter of an hour."),
}
BAD_CODE: Word = _("This code does not work.")
NO_ENTRY: Word = _("It could not be taken.")
PRIZE_STATES: dict[str, tuple[Word, str]] = {
    "ordered": (pgettext_lazy("my account", "Ordered"), "info"),
    "ready": (_("Waits for you"), "good"),
    "handed_over": (_("Handed over"), "good"),
    "cancelled": (_("Cancelled"), "bad"),
}
PRIZE_FAULTS: dict[str, Word] = {
    "points_insufficient": _("There are not enough points for it."),
    "reward_out": _("The last one has just been taken."),
    "reward_limit": _("You have had as many of these as one may have."),
    "member_blocked": _("Your points cannot be spent now. Ask the shop why."),
}
NO_PRIZE: Word = _("This prize is not to be had now.")
CHANGED: Word = _("Points changed")
NEWS: Word = _("News and offers")
CHANNELS: dict[str, Word] = {
    "email": _("E-mail"),
    "sms": _("SMS"),
    "telegram": _("Telegram"),
    "call": _("Phone call"),
}
# Days between two letters, as customers choose them.
GAPS: dict[int, Word] = {
    0: _("As often as you write"),
    7: _("At most once a week"),
    14: _("At most once in two weeks"),
    30: _("At most once a month"),
}
RETURN: Word = _("Return")
STATUSES: dict[str, tuple[Word, str]] = {
    "new": (_("Accepted"), "info"),
    "paid": (_("Paid"), "good"),
    "processing": (_("Being packed"), "info"),
    "shipped": (_("On its way"), "info"),
    "delivered": (_("Delivered"), "good"),
    "cancelled": (_("Cancelled"), "bad"),
    "returned": (_("Returned"), "warn"),
}
STAGES: dict[str, tuple[Word, str]] = {
    "received": (_("Accepted"), "info"),
    "processing": (_("Being packed"), "info"),
    "picking": (_("Being packed"), "info"),
    "packed": (_("Packed"), "info"),
    "shipped": (_("On its way"), "info"),
    "in_transit": (_("On its way"), "info"),
    "arrived_at_branch": (_("Waits for you"), "good"),
    "delivered": (_("Delivered"), "good"),
    "cancelled": (_("Cancelled"), "bad"),
    "returned": (_("Returned"), "warn"),
    "delayed": (_("Late"), "warn"),
}
# What happened to points: kind of a transaction → what its owner reads.
POINTS: dict[str, Word] = {
    "earn": _("For a purchase"),
    "bonus": _("A gift from the programme"),
    "activate": _("Points became active"),
    "awaken": _("Points became active"),
    "capture": _("Paid with points"),
    "give_back": _("Back after a return"),
    "take_back": _("Taken off after a return"),
    "pay_debt": _("Debt settled"),
    "expire": _("Points burned"),
    "adjust": _("Changed by the shop"),
    "carry": _("Two cards became one"),
    "reward": _("For a reward"),
    "referral": _("For a friend who came"),
    "receipt": _("For a receipt"),
}
# What a key begins with tells more of a gift than its kind does.
GIFTS: dict[str, Word] = {
    "referral": _("For a friend who came"),
    "activity": _("For taking part"),
}
# The tabs: name of the page, icon, label.
TABS: tuple[tuple[str, str, Word], ...] = (
    ("home", "house", pgettext_lazy("my account", "Home")),
    ("card", "qr-code", pgettext_lazy("my account", "Card")),
    ("offers", "gift", pgettext_lazy("my account", "Offers")),
    ("points", "list", pgettext_lazy("my account", "Points")),
    ("me", "user", pgettext_lazy("my account", "Me")),
)


def points(kind: str, key: str = "") -> Word:
    """What the owner of points reads of a transaction."""
    gift = GIFTS.get(key.partition(":")[0]) if kind == "bonus" else None
    return gift or POINTS.get(kind, CHANGED)


def fault(error: RegularsError) -> Word:
    """A refusal as a sentence for the visitor."""
    return FAULTS.get(error.code, error.message)


def prize_fault(error: RegularsError) -> Word:
    """Why a prize could not be ordered."""
    return PRIZE_FAULTS.get(error.code, NO_PRIZE)


def friend_fault(error: RegularsError) -> Word:
    """Why an invitation could not be accepted."""
    return FRIEND_FAULTS.get(error.code) or fault(error)


def entry_fault(error: RegularsError) -> Word:
    """Why somebody could not take part."""
    other = BAD_CODE if error.code.startswith("code_") else NO_ENTRY
    return ENTRY_FAULTS.get(error.code, other)
