"""Rates of a mailing, each with what it is a rate of."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.analytics.ratios import Ratio

COMPLAINT_ALARM = 0.001
COMPLAINT_LIMIT = 0.003


@dataclass(frozen=True, slots=True)
class MessageCounts:
    """Recipients at each step of one mailing; a recipient counts once at a step.

    sent             handed over and accepted
    bounced          came back afterwards
    opened           the picture was fetched, by a person or by a mail provider's machine
    opened_by_machine  of these, only a machine has been seen: whether they read is unknown
    clicked          followed a link, scanners left out
    ordered          bought within the attribution window after a click
    orders           those orders; a recipient may have placed several
    revenue_minor    and their money
    """

    sent: int = 0
    bounced: int = 0
    opened: int = 0
    opened_by_machine: int = 0
    clicked: int = 0
    ordered: int = 0
    orders: int = 0
    revenue_minor: int = 0
    unsubscribed: int = 0
    complained: int = 0

    @property
    def delivered(self) -> int:
        """Sent and not come back."""
        return self.sent - self.bounced

    @property
    def opened_confirmed(self) -> int:
        """Openers of whom a person has been seen."""
        return self.opened - self.opened_by_machine

    @property
    def delivery_rate(self) -> Ratio:
        """Delivered of sent."""
        return Ratio(self.delivered, self.sent)

    @property
    def open_rate(self) -> Ratio:
        """All openers of delivered: an upper bound, machines open too."""
        return Ratio(self.opened, self.delivered)

    @property
    def confirmed_open_rate(self) -> Ratio:
        """Human openers of those whose mail no machine alone has opened.

        Apple Mail Privacy Protection fetches pictures whether or not the mail is read and
        hides a later reading, so its recipients leave both sides of the rate.
        """
        return Ratio(self.opened_confirmed, self.delivered - self.opened_by_machine)

    @property
    def click_rate_sent(self) -> Ratio:
        """CTR (sent)."""
        return Ratio(self.clicked, self.sent)

    @property
    def click_rate_delivered(self) -> Ratio:
        """CTR (delivered)."""
        return Ratio(self.clicked, self.delivered)

    @property
    def click_to_open_rate(self) -> Ratio:
        """CTOR: clickers of all openers."""
        return Ratio(self.clicked, self.opened)

    @property
    def conversion_of_clicks(self) -> Ratio:
        """Buyers of clickers."""
        return Ratio(self.ordered, self.clicked)

    @property
    def conversion_of_delivered(self) -> Ratio:
        """Buyers of delivered."""
        return Ratio(self.ordered, self.delivered)

    @property
    def unsubscribe_rate(self) -> Ratio:
        """Unsubscribed of delivered."""
        return Ratio(self.unsubscribed, self.delivered)

    @property
    def complaint_rate(self) -> Ratio:
        """Complaints of delivered; mailbox providers act above `COMPLAINT_LIMIT`."""
        return Ratio(self.complained, self.delivered)

    @property
    def revenue_per_delivered(self) -> Ratio:
        """Minor units per delivered message."""
        return Ratio(self.revenue_minor, self.delivered)
