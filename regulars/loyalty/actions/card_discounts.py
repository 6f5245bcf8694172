"""Fixed discount cards: a share that stands on the card and is taken whoever holds it."""

from __future__ import annotations

from regulars.audit import actions as audit
from regulars.kernel import clock
from regulars.kernel.errors import Invalid
from regulars.loyalty.card_records import CardRecord
from regulars.loyalty.models.cards import Card
from regulars.loyalty.queries import cards

DISCOUNT_MAX = 10_000  # basis points


def set_discount(workspace_id: int, public_id: str, discount: int) -> CardRecord:
    """The card with this discount in basis points; 0 takes it away.

    Of the tier's, the cumulative and the discounts of the member's active cards the best is taken.
    raises  NotFound(card_unknown), Invalid(discount_invalid)
    """
    if not 0 <= discount <= DISCOUNT_MAX:
        raise Invalid("discount_invalid", "A discount is from 0 to 100 percent.", path="discount")
    one = cards.card(workspace_id, public_id)
    if one.discount != discount:
        Card.objects.filter(workspace_id=workspace_id, id=one.id).update(
            discount=discount, changed_at=clock.now()
        )
        audit.note(workspace_id, "card.discount", "card", public_id, number=discount)
    return cards.card(workspace_id, public_id)
