"""What comes back: unsubscribing, bounces and complaints."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from regulars.customers import actions as customers
from regulars.customers import queries as customer_queries
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.messaging.actions.suppressing import suppress_receiver
from regulars.messaging.pure.bounces import Kind, Report, read_report
from regulars.store.scope import cursor

CHANNEL = "email"
MARKETING = "marketing"
UNSUBSCRIBED = "unsubscribed"
# A full mailbox may be emptied; one that stays full is given up.
SOFT_BOUNCES_MAX = 3
SOFT_BOUNCES_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class _Sent:
    id: int
    public_id: str
    campaign_id: int | None
    customer_id: int
    address_hash: bytes | None


def unsubscribe(workspace_id: int, message_public_id: str, *, source: str) -> bool:
    """Withdraw the receiver's consent to marketing mail; False when the message is unknown.

    Effective before the next hand-over, because consent is read there: marks under way end first,
    and those that come later see the withdrawal. Repeating changes nothing. When the letter went
    to an address that is not the customer's any more, its owner is meant, whoever that is: nothing
    more goes to that address either.
    """
    sent = _sent(workspace_id, message_public_id)
    if sent is None:
        return False
    now = clock.now()
    customers.withdraw_consent(
        workspace_id,
        sent.customer_id,
        channel=CHANNEL,
        purpose=MARKETING,
        source=source,
        actor="customer",
        at=now,
    )
    kept = sent.address_hash
    own = customer_queries.hashes_now(workspace_id, [sent.customer_id], channel=CHANNEL)
    if kept is not None and own.get(sent.customer_id) != kept:
        customers.suppress(
            workspace_id, channel=CHANNEL, reason=UNSUBSCRIBED, address_hash=kept,
            past_owner_id=sent.customer_id, at=now,
        )  # fmt: skip
    _record(workspace_id, sent, "message.unsubscribed", now, {"source": source})
    return True


def subscribe_again(workspace_id: int, message_public_id: str, *, source: str) -> bool:
    """Give the receiver's consent back, by their own hand; False when the message is unknown."""
    sent = _sent(workspace_id, message_public_id)
    if sent is None:
        return False
    customers.give_consent(
        workspace_id,
        sent.customer_id,
        channel=CHANNEL,
        purpose=MARKETING,
        source=source,
        actor="customer",
        at=clock.now(),
    )
    return True


def take_bounce(workspace_id: int, message_public_id: str, raw: bytes) -> Report:
    """Read a returned letter and do what it calls for.

    A hard bounce suppresses the address, and so does the third soft one within thirty days; a
    complaint withdraws the consent and suppresses it.
    """
    report = read_report(raw)
    sent = _sent(workspace_id, message_public_id)
    if sent is None or report.kind not in _EFFECTS:
        return report
    now = clock.now()
    if report.kind is Kind.COMPLAINT:
        _complained(workspace_id, sent, now)
    else:
        _bounced(workspace_id, sent, report, now)
    return report


_EFFECTS = frozenset({Kind.HARD, Kind.SOFT, Kind.COMPLAINT})


def _bounced(workspace_id: int, sent: _Sent, report: Report, now: datetime) -> None:
    is_hard = report.kind is Kind.HARD
    # `unknown` is settled too: what bounced was taken.
    cursor().execute(
        "UPDATE messaging_message SET state = 'bounced', reason = %s, bounced_at = %s,"
        " accepted_at = coalesce(accepted_at, handed_at), finished_at = %s"
        " WHERE workspace_id = %s AND id = %s AND state IN ('accepted', 'unknown', 'handing')",
        [f"{report.kind.value} {report.status}".strip(), now, now, workspace_id, sent.id],
    )
    props = {"is_hard": is_hard, "status": report.status}
    _record(workspace_id, sent, "message.bounced", now, props)
    if is_hard or _soft_bounces(workspace_id, sent, now) >= SOFT_BOUNCES_MAX:
        _suppress(workspace_id, sent, "bounce", now)


def _soft_bounces(workspace_id: int, sent: _Sent, now: datetime) -> int:
    raw = cursor()
    raw.execute(
        "SELECT count(*) FROM messaging_message WHERE workspace_id = %s AND customer_id = %s"
        " AND state = 'bounced' AND reason LIKE 'soft%%' AND bounced_at > %s"
        " AND (address_hash IS NULL OR address_hash = %s)",
        [workspace_id, sent.customer_id, now - SOFT_BOUNCES_WITHIN, sent.address_hash],
    )
    row = raw.fetchone()
    assert row is not None
    return int(row[0])


def _complained(workspace_id: int, sent: _Sent, now: datetime) -> None:
    customers.withdraw_consent(
        workspace_id,
        sent.customer_id,
        channel=CHANNEL,
        purpose=MARKETING,
        source="complaint",
        actor="provider",
        at=now,
    )
    _suppress(workspace_id, sent, "complaint", now)
    _record(workspace_id, sent, "message.complained", now, {})


def _suppress(workspace_id: int, sent: _Sent, reason: str, now: datetime) -> None:
    suppress_receiver(workspace_id, sent.customer_id, sent.address_hash, reason=reason, at=now)


def _sent(workspace_id: int, public_id: str) -> _Sent | None:
    raw = cursor()
    raw.execute(
        "SELECT id, public_id, campaign_id, customer_id, address_hash FROM messaging_message"
        " WHERE workspace_id = %s AND public_id = %s",
        [workspace_id, public_id],
    )
    row = raw.fetchone()
    if row is None:
        return None
    # Whoever was merged meanwhile is asked about under the name they have now.
    id_, message, campaign_id, customer_id, kept = row
    address_hash = None if kept is None else bytes(kept)
    sent = _Sent(id_, message, campaign_id, customer_id, address_hash)
    root_id = customer_queries.roots_of(workspace_id, [sent.customer_id]).get(sent.customer_id)
    return replace(sent, customer_id=root_id or sent.customer_id)


def _record(
    workspace_id: int, sent: _Sent, kind: str, now: datetime, props: dict[str, object]
) -> None:
    events.record(
        workspace_id,
        NewEvent(
            kind=kind,
            time=now,
            key=f"{kind}:{sent.id}",
            customer_id=sent.customer_id,
            subject_id=sent.id,
            props={
                "message": sent.public_id,
                "campaign": sent.campaign_id,
                "channel": CHANNEL,
                **props,
            },
        ),
    )
