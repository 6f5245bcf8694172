"""What a cashier may be told when something cannot be: sentences of decisions that know no words.

Decisions say them in English; here they are marked, so that they have other languages too.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

SENTENCES = (
    _("No member is known by this."),
    _("This member is blocked."),
    _("The cart has no lines."),
    _("The quantity must be above 0."),
    _("At most 100,000 units in a line."),
    _("A price cannot be below 0."),
    _('A line at price 0 must be a gift: attrs {"gift": true}.'),
    _("The line's total is too large."),
    _("The catalogue does not know these goods; send their name along to sell them."),
    _("Another purchase holds this code."),
    _("The price changed since the quote; show the customer the new one."),
    _("This code has paid for another purchase; show the card anew in a moment."),
    _("This id was used before with another body; nothing was changed."),
    _("There is no purchase of this id."),
    _("The purchase is confirmed: take the goods back by a return."),
    _("Only a confirmed purchase can come back; cancel a hold instead."),
    _("Everything of this purchase came back before."),
    _("More would come back than was sold."),
    _("The code is wrong, was used or is too old."),
    _("Several codes were sent just now; wait for one of them."),
    _("One-time codes cannot be sent here."),
    _(
        "The programme asks for a one-time code before points are burnt: identify with"
        " send_code, then hold with burn_code."
    ),
    _("A digit of the card number is wrong."),
    _("The code is no longer good; show the card anew."),
)
