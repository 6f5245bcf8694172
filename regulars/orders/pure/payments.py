"""What was paid of an order."""

from __future__ import annotations

from regulars.kernel.errors import Invalid, Refused
from regulars.orders.records import WORTH_MAX_MINOR, PaymentState


def state_of(
    total_minor: int, paid_minor: int, refunded_minor: int, *, is_asked: bool = False
) -> PaymentState:
    """The state that the sums come to.

    paid_minor      all that came in; refunded_minor: all that went back, above zero
    is_asked        a link to pay was given, or the provider is at it
    """
    if refunded_minor > 0:
        is_all = refunded_minor >= paid_minor
        return PaymentState.REFUNDED if is_all else PaymentState.PART_REFUNDED
    if paid_minor >= total_minor and (paid_minor > 0 or total_minor == 0):
        return PaymentState.PAID
    if paid_minor > 0:
        return PaymentState.PART_PAID
    return PaymentState.PENDING if is_asked else PaymentState.UNPAID


def check_payment(
    total_minor: int, paid_minor: int, refunded_minor: int, amount_minor: int
) -> None:
    """Nothing when the money may be written down.

    raises  Invalid(payment_amount), Refused(payment_exceeds | refund_exceeds)
    """
    if amount_minor == 0 or abs(amount_minor) > WORTH_MAX_MINOR:
        raise Invalid("payment_amount", "A payment is an amount above zero, a refund below.")
    kept = paid_minor - refunded_minor
    if amount_minor > 0 and kept + amount_minor > total_minor:
        raise Refused(
            "payment_exceeds", "The order would be paid more than it costs.",
            open_minor=max(total_minor - kept, 0),
        )  # fmt: skip
    if amount_minor < 0 and -amount_minor > kept:
        raise Refused("refund_exceeds", "More would go back than was paid.", kept_minor=kept)
