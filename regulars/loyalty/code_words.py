"""What is said of codes, certificates, rewards, referrals, activities and the coalition."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regulars.kernel.errors import RegularsError

Text = str | Promise

SERIES_KINDS: dict[str, Text] = {
    "shared": _("Shared"),
    "unique": _("Unique"),
    "personal": _("Personal"),
}
USE_STATES: dict[str, tuple[str, Text]] = {
    "reserved": ("info", _("On hold")),
    "used": ("good", _("Was used")),
    "released": ("neutral", _("Released")),
    "expired": ("neutral", _("Hold ended")),
    "returned": ("warn", _("Returned")),
}
STATES: dict[str, tuple[str, Text]] = {
    "active": ("good", _("Active")),
    "blocked": ("bad", _("Blocked")),
    "hidden": ("neutral", _("Hidden")),
    "replaced": ("neutral", _("Replaced")),
    "draft": ("neutral", _("Draft")),
    "open": ("good", pgettext_lazy("programme", "Open")),
    "closed": ("neutral", pgettext_lazy("programme", "Closed")),
    "waiting": ("info", _("Waiting")),
    "done": ("good", _("Done")),
    "failed": ("bad", _("Failed")),
    "accepted": ("good", _("Accepted")),
    "rejected": ("bad", _("Rejected")),
    "forgotten": ("neutral", _("Erased")),
    "ordered": ("info", _("To prepare")),
    "ready": ("warn", _("Ready")),
    "handed_over": ("good", _("Handed over")),
    "cancelled": ("neutral", _("Cancelled")),
    "invited": ("info", _("Invited")),
    "completed": ("good", _("Rewarded")),
    "refused": ("bad", _("Refused")),
    "committed": ("info", _("Announced")),
    "drawn": ("good", _("Drawn")),
}
ACTIVITY_KINDS: dict[str, Text] = {
    "receipts": _("Receipts"),
    "lid": _("Codes under the lid"),
    "quiz": _("Quiz"),
    "contest": _("Contest"),
    "game": _("Wheel of fortune"),
}
REFERRAL_REASONS: dict[str, Text] = {
    "self": _("Invited themselves"),
    "same_phone": _("Same phone"),
    "same_email": _("Same e-mail"),
    "same_card": _("Same card"),
    "same_device": _("Same device"),
    "same_address": _("Same address"),
    "already_customer": _("Had bought before"),
    "inviter_blocked": _("Who invited is blocked"),
    "too_many": _("Too many friends in the period"),
    "cheque_small": _("First purchase too small"),
    "returned": _("First purchase was returned"),
}
BAD_ROWS: dict[str, Text] = {
    "code_missing": _("no code in the row"),
    "code_invalid": _("not a code"),
    "code_too_long": _("too long"),
    "code_twice": _("stands above in the file"),
    "code_exists": _("is there already"),
}
REFUSALS: dict[str, Text] = {
    "series_name": _("Give a name of up to 120 characters."),
    "series_dates": _("The last day is before the first."),
    "series_limit": _("A limit is 1 or more, or none."),
    "series_prefix": _("A prefix is up to 8 Latin letters and digits."),
    "series_kind": _("Only a series of unique codes is filled by the thousand."),
    "series_unknown": _("There is no such series of codes."),
    "series_exists": _("There is such a series already."),
    "code_invalid": _("A code is 3 to 64 letters and digits."),
    "code_exists": _("There is this code already, or one that reads like it."),
    "code_unknown": _("There is no such code."),
    "codes_too_many": _("That is too many codes at once."),
    "upload_empty": _("The file has no rows."),
    "upload_too_large": _("The file is too large."),
    "upload_too_long": _("The file has too many rows."),
    "upload_unreadable": _("The file is not readable. Save it as CSV in UTF-8."),
    "batch_given_up": _("The worker gave up; try again."),
    "idempotency_mismatch": _("This form was sent before with something else. Open it anew."),
    "gift_amount": _("The amount is above 0 and has a limit."),
    "gift_dates": _("The last day is before the first."),
    "gift_card_unknown": _("There is no such gift certificate."),
    "reward_points": _("A reward costs points of one of the currencies."),
    "reward_dates": _("The last day is before the first."),
    "reward_order_step": _("The order cannot go there from here."),
    "activity_settings": _("The questions, prizes or registers are not complete."),
    "activity_dates": _("The last day is before the first."),
    "activity_points": _("Give 0 points or more of one of the currencies."),
    "entrance_decided": _("Somebody decided on this before."),
    "entrance_points_limit": _(
        "So many points want a second person: accept it with fewer, and give the rest by hand."
    ),
    "draw_early": _("Tickets are still taken."),
    "draw_waiting": _("Decide on every entry first."),
    "draw_number": _("Give the public number exactly when one was promised."),
    "draw_time": _("Tickets close after the draw is promised."),
    "referral_terms": _("Give whole numbers, 0 or more, and choose a currency."),
    "referral_completed": _("Both sides have their points already."),
    "partner_name": _("Give a name of up to 120 characters."),
    "partner_exists": _("There is a partner of this name already."),
    "partner_cost": _("The cost is 0 or more."),
    "shop_taken": _("One of the shops is another partner's."),
    "wallet_name": _("The name has at most 60 characters."),
    "wallet_colour": _("Write the colour as # and six digits."),
    "certificate_invalid": _("The certificate is not readable PEM."),
    "key_unreadable": _("The private key is not readable PEM without a password."),
    "card_number": _("A card number is 4 to 32 letters and digits."),
    "card_taken": _("This number belongs to another card."),
    "card_replaced": _("The card was replaced before."),
    "cards_too_many": _("The member has too many cards."),
    "key_differs": _("The private key belongs to another certificate."),
}


def told(error: RegularsError) -> str:
    """The refusal in the reader's language."""
    return str(REFUSALS.get(error.code, error.message))


def reason_of(code: str) -> str:
    """A reason of a referral; what a person wrote stays as it was written."""
    by_hand, _sep, text = code.partition(": ")
    return text if by_hand == "by_hand" else str(REFERRAL_REASONS.get(code, code))
