"""Events out: what a posting did to a member's points, in the transaction that did it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.loyalty.pure.ledger import Account, Draft, currency_of
from regulars.loyalty.queries.members import customers_of

SOURCE = "loyalty"
# What is told of which kind of transaction, by the account of the programme it stands on.
_TOLD = {
    Account.ISSUED: "points.earned",
    Account.REDEEMED: "points.spent",
    Account.REVOKED: "points.returned",
    Account.ADJUST: "points.adjusted",
}


def tell(
    workspace_id: int,
    drafts: Sequence[Draft],
    now: datetime,
    customers: Mapping[int, int] | None = None,
    also: Sequence[NewEvent] = (),
) -> None:
    """Record what new transactions did: points earned, spent, given back or taken, adjusted.

    also  what made them happen, recorded before them in the same statement
    """
    found = [one for draft in drafts for one in _events(draft)]
    if found and customers is None:
        customers = customers_of(workspace_id, [member_id for member_id, _, _ in found])
    told = [
        NewEvent(
            kind=kind, time=now, key=None, customer_id=(customers or {}).get(member_id),
            props=props, source=SOURCE,
        )
        for member_id, kind, props in found
    ]  # fmt: skip
    events.record_many(workspace_id, [*also, *told])


def _events(draft: Draft) -> Iterable[tuple[int, str, dict[str, object]]]:
    owners = {e.owner_id for e in draft.entries if e.account.startswith("member:")}
    if len(owners) != 1:
        return
    (member_id,) = owners
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for entry in draft.entries:
        currency = currency_of(entry.unit)
        if entry.account in _TOLD and currency is not None:
            sums[entry.account, currency] += entry.amount
    for (account, currency), amount in sums.items():
        if not amount or member_id is None:
            continue
        kind = _TOLD[Account(account)]
        # Given back: the member has more, though it stands on the account of what was spent.
        if account == Account.REDEEMED and amount < 0:
            kind = "points.returned"
        sign = -1 if account in (Account.REDEEMED, Account.REVOKED, Account.ADJUST) else 1
        points = abs(amount) if kind in ("points.earned", "points.spent") else sign * amount
        props: dict[str, object] = {"currency": currency, "points": points, "kind": draft.kind}
        if draft.purchase_id:
            props["purchase"] = draft.purchase_id
        if draft.reason:
            props["reason"] = draft.reason
        yield member_id, kind, props
