"""How pages call states, meetings, reasons and faults of promotions."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from regulars.kernel import clock
from regulars.kernel.errors import Invalid, RegularsError
from regulars.loyalty.promotion_records import PromotionRecord
from regulars.loyalty.pure.answers import CodeAnswer

Word = str | Promise
STATES: Mapping[str, Word] = {
    "draft": gettext_lazy("Draft"),
    "live": gettext_lazy("Live"),
    "paused": gettext_lazy("Paused"),
    "ended": gettext_lazy("Ended"),
}
TONES = {"draft": "neutral", "live": "good", "paused": "warn", "ended": "neutral"}
MOVED: Mapping[str, Word] = {
    "live": gettext_lazy("The promotion is live: tills reckon with it from now on."),
    "paused": gettext_lazy("The promotion is paused."),
    "ended": gettext_lazy("The promotion has ended."),
    "draft": gettext_lazy("The promotion is a draft again."),
}
MEETINGS: Mapping[str, Word] = {
    "same_goods": gettext_lazy("Both apply to the same goods, one after the other."),
    "exclusive": gettext_lazy("Only one of the two applies: one of them stands alone."),
    "not_with": gettext_lazy("Only one of the two applies: they exclude each other."),
    "group": gettext_lazy("Only one of the two applies: they are in one group."),
}
REASONS: Mapping[str, Word] = {
    "amount_low": gettext_lazy("The cart is too small."),
    "amount_out_of_range": gettext_lazy("The cart is too large."),
    "quantity_low": gettext_lazy("There are too few goods."),
    "quantity_out_of_range": gettext_lazy("There are too many goods."),
    "lines_low": gettext_lazy("There are too few lines."),
    "lines_out_of_range": gettext_lazy("There are too many lines."),
    "goods_absent": gettext_lazy("The goods it is about are not in the cart."),
    "goods_other": gettext_lazy("There are other goods in the cart, too."),
    "goods_few": gettext_lazy("There are too few of its goods."),
    "goods_out_of_range": gettext_lazy("There are too many of its goods."),
    "goods_excluded": gettext_lazy("All goods of the cart take no promotions."),
    "segment": gettext_lazy("The customer is not in the segment."),
    "member_unknown": gettext_lazy("It is not known who buys."),
    "member_rule": gettext_lazy("The rule about the customer does not hold."),
    "member_tier": gettext_lazy("The customer has another tier."),
    "member_points": gettext_lazy("The customer has other points."),
    "member_is_known": gettext_lazy("It is for those who are not members."),
    "member_is_first_purchase": gettext_lazy("It is not the first purchase."),
    "member_purchases": gettext_lazy("The customer has made another number of purchases."),
    "member_lifetime_spend": gettext_lazy("The customer has spent another sum so far."),
    "member_days_to_birthday": gettext_lazy("The birthday is too far."),
    "member_days_since_birthday": gettext_lazy("The birthday is too far."),
    "member_days_as_member": gettext_lazy("The customer has been a member for another time."),
    "not_offered": gettext_lazy("It was not offered to this customer."),
    "challenge": gettext_lazy("The challenge is not finished yet."),
    "excluded_by_condition": gettext_lazy("A condition excludes it."),
    "excluded": gettext_lazy("Another promotion excludes it."),
    "others_better": gettext_lazy("Without it the customer pays less."),
    "group_taken": gettext_lazy("Another promotion of its group applies."),
    "nothing_to_discount": gettext_lazy("There is nothing to take off."),
    "limit_reached": gettext_lazy("Its uses are spent."),
    "budget_spent": gettext_lazy("Its budget is spent."),
    "code_unknown": gettext_lazy("No code was given."),
    "code_missing": gettext_lazy("No code was given."),
    "shop_other": gettext_lazy("It is for other shops."),
    "identifier_unknown": gettext_lazy("The till sent no identifier."),
    "not_yet": gettext_lazy("It has not begun."),
    "over": gettext_lazy("Its time is over."),
    "outside_hours": gettext_lazy("It is for other hours."),
    "never": gettext_lazy("Its condition never holds."),
    "cart_discount": gettext_lazy("The discount so far does not fit."),
    "cart_delivery": gettext_lazy("Delivery does not fit."),
    "cart_codes": gettext_lazy("The number of codes does not fit."),
    "context_shop": gettext_lazy("It is for other shops."),
    "context_till": gettext_lazy("It is for other tills."),
    "context_cashier": gettext_lazy("It is for other cashiers."),
    "context_channel": gettext_lazy("It is for other channels."),
    "context_payment_kind": gettext_lazy("It is for other ways of paying."),
    "context_weekday": gettext_lazy("It is for other days of the week."),
    "context_hour": gettext_lazy("It is for other hours."),
    "context_day": gettext_lazy("It is for other days."),
    "context_month": gettext_lazy("It is for other months."),
    "unknown": gettext_lazy("There is no such code."),
    "same_promotion": gettext_lazy("Another code of the same promotion was used."),
    "promotion_not_live": gettext_lazy("Its promotion is not live."),
    "used_up": gettext_lazy("The code is used up."),
    "expired": gettext_lazy("The code is out of date."),
    "blocked": gettext_lazy("The code is blocked."),
    "not_yours": gettext_lazy("The code belongs to somebody else."),
    "not_needed": gettext_lazy("It was not needed."),
    "in_use": gettext_lazy("The code is being used at another till."),
}
LIMITED: Mapping[str, Word] = {
    "blocked": gettext_lazy("the member is blocked and may not spend"),
    "balance": gettext_lazy("as much as the customer has"),
    "share": gettext_lazy("the share of the cart that points may pay"),
    "excluded_goods": gettext_lazy("some goods are not paid with points"),
    "floor": gettext_lazy("the lowest price of the goods"),
    "step": gettext_lazy("whole steps only"),
    "minimum": gettext_lazy("below the least number of points"),
    "no_member": gettext_lazy("it is not known who buys"),
    "closed": gettext_lazy("points do not pay now"),
    "cart_small": gettext_lazy("the cart is too small for points"),
}
CUTS: Mapping[str, Word] = {
    "cap": gettext_lazy("cut to its cap"),
    "limit": gettext_lazy("cut to what is left of its budget"),
    "floor": gettext_lazy("cut at the lowest price"),
}
FAULTS: Mapping[str, str] = {
    "not_object": gettext_noop("{path}: an object is needed."),
    "not_list": gettext_noop("{path}: a list is needed."),
    "not_text": gettext_noop("{path}: text of 1 to {most} characters is needed."),
    "not_slug": gettext_noop("{path}: only lower-case Latin letters, digits, - and _."),
    "not_whole": gettext_noop("{path}: a whole number from {least} to {most} is needed."),
    "not_decimal": gettext_noop("{path}: a number from {least} to {most} is needed."),
    "not_bool": gettext_noop("{path}: only true or false."),
    "not_choice": gettext_noop("{path}: one of {choices}."),
    "not_moment": gettext_noop("{path}: a moment such as 2026-01-31T10:00:00+02:00."),
    "not_clock": gettext_noop("{path}: a time such as 18:30."),
    "not_day": gettext_noop("{path}: a day of the year such as 12-31."),
    "not_zone": gettext_noop("{path}: a time zone such as Europe/Kyiv."),
    "not_known": gettext_noop("{path}: nothing is known by this name."),
    "missing": gettext_noop("{path} is missing."),
    "too_many": gettext_noop("{path}: at most {most}."),
    "too_few": gettext_noop("{path}: at least {least}."),
    "too_deep": gettext_noop("{path}: groups stand at most {most} deep."),
    "twice": gettext_noop("{path} is there twice."),
    "not_together": gettext_noop("{path} cannot stand beside {other}."),
    "not_ordered": gettext_noop("{path} must come after {other}."),
    "no_effect": gettext_noop("{path}: it does nothing; give it an effect."),
    "no_field": gettext_noop("{path}: this cannot be asked here."),
    "no_value": gettext_noop("{path} takes no value."),
    "not_rule": gettext_noop("{path} is no rule: {why}"),
    "negative_expires": gettext_noop(
        "{path}: points cannot expire while a balance may go below zero."
    ),
}


ERRORS: Mapping[str, Word] = {
    "promotion_changed": gettext_lazy("Somebody changed it meanwhile: look at it again."),
    "promotion_ended": gettext_lazy("An ended promotion is not changed: make it a draft first."),
    "promotion_exists": gettext_lazy("There is a promotion of this name already."),
    "promotions_too_many": gettext_lazy("There are too many promotions."),
    "state_impossible": gettext_lazy("This cannot be done with the promotion as it is now."),
    "segment_unknown": gettext_lazy("There is no such segment any more."),
    "tier_unknown": gettext_lazy("There is no such tier."),
    "currency_unknown": gettext_lazy("There are no such points."),
    "terms_unknown": gettext_lazy("There are no such terms of points."),
    "period_invalid": gettext_lazy("A period ends after it begins and is at most a year long."),
    "date_invalid": gettext_lazy("Choose both days of the period."),
    "replays_too_many": gettext_lazy("Three replays are running: wait until one is done."),
    "cart_empty": gettext_lazy("Put something into the cart."),
    "cart_too_large": gettext_lazy("The total is beyond what a shop can sell."),
    "price_negative": gettext_lazy("A price cannot be below 0."),
    "price_zero": gettext_lazy("A price must be above 0."),
    "price_too_large": gettext_lazy("The total of the line is too large."),
    "quantity_not_positive": gettext_lazy("The quantity must be above 0."),
    "quantity_too_large": gettext_lazy("At most 100,000 units in a line."),
    "discount_out_of_range": gettext_lazy("The discount is larger than the line."),
    "goods_unknown": gettext_lazy("The catalogue does not know these goods."),
    "amount_out_of_range": gettext_lazy("A sum is 0 or more."),
    "member_unknown": gettext_lazy("No member is known by this."),
    "member_blocked": gettext_lazy("This member is blocked."),
}


def error(found: RegularsError) -> str:
    """A refusal in the reader's language; a rare one as it is."""
    return str(ERRORS.get(found.code, found.message))


def state(one: PromotionRecord) -> tuple[str, Word]:
    """Tone and name of a promotion's state; one past its time is over whatever its state."""
    schedule, now = one.promotion.schedule, clock.now()
    if one.state == "live" and schedule.ends_at and schedule.ends_at <= now:
        return "neutral", _("Over")
    if one.state == "live" and schedule.starts_at and schedule.starts_at > now:
        return "info", _("Planned")
    return TONES[one.state], STATES[one.state]


def moves(state: str) -> list[tuple[str, str]]:
    """What may be done with a promotion in this state."""
    known = {
        "draft": [("start", _("Start")), ("end", _("Put away"))],
        "live": [("pause", _("Pause")), ("end", _("End"))],
        "paused": [("start", _("Go on")), ("end", _("End"))],
        "ended": [("reopen", _("Make it a draft"))],
    }
    return known[state]


def reason(code: str) -> str:
    """A machine reason in words."""
    return str(REASONS.get(code, code))


def code(answer: CodeAnswer) -> str:
    """Why a code or a card did not work; "" for one that did."""
    if answer.status == "applied":
        return ""
    return reason(answer.reason if answer.status == "not_applied" else answer.status)


def faults(refused: Invalid) -> list[str]:
    """What is wrong with a definition, in the reader's language."""
    found = refused.details.get("faults")
    if not isinstance(found, list):
        return [error(refused)]
    return [
        _(FAULTS[one["code"]]).format(path=one["path"], **one["says"])
        for one in found
        if one["code"] in FAULTS
    ]
