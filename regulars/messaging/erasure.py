"""What this room's tables hold of a person, for their export and their erasure."""

from __future__ import annotations

from collections.abc import Mapping

from regulars.kernel import clock
from regulars.store.persons import Fate, Person, Trace, Traces
from regulars.store.scope import cursor

MINE = "customer_id = ANY(%(ids)s)"


def stop(person: Person) -> Mapping[str, int]:
    """Nothing that waits goes out any more."""
    raw = cursor()
    raw.execute(
        "UPDATE messaging_message SET state = 'cancelled', reason = 'erased', finished_at = %(now)s"
        " WHERE workspace_id = %(workspace)s AND customer_id = ANY(%(ids)s)"
        " AND state IN ('planned', 'deferred')",
        {**person.values, "now": clock.now()},
    )
    return {"cancelled_messages": raw.rowcount}


TRACES = Traces(
    before=(stop,),
    rows=(
        Trace("messaging_question", MINE, file="questions_asked",
              hidden=("address_hash", "input_hash", "key")),
        Trace(
            "messaging_caught",
            text="rcpt_to",
            file="letters_caught",
            select="SELECT jsonb_build_object('received_at', received_at, 'to', rcpt_to,"
            " 'subject', subject, 'letter', encode(raw, 'escape')) AS row FROM messaging_caught",
        ),
        Trace(
            "messaging_message",
            MINE,
            file="messages",
            select="SELECT jsonb_build_object('id', public_id, 'channel', channel, 'state', state,"
            " 'reason', reason, 'planned_at', planned_at, 'accepted_at', accepted_at,"
            " 'bounced_at', bounced_at, 'is_marketing', is_marketing, 'topic', topic,"
            " 'subject', (SELECT subject FROM messaging_templateversion v"
            "   WHERE v.id = template_version_id),"
            " 'text', (SELECT text FROM messaging_templateversion v"
            "   WHERE v.id = template_version_id)) AS row FROM messaging_message",
            fate=Fate.EMPTY,
            # Nobody's row: what was sent, bounced and refused is still counted once.
            sets="customer_id = -id, address_hash = NULL",
        ),
    ),
    none={
        "messaging_template": "What the marketer wrote.",
        "messaging_templateversion": "What the marketer wrote.",
        "messaging_sender": "The mail server of the shop.",
    },
)  # fmt: skip
