"""What this room's tables hold of a person, for their export and their erasure."""

from __future__ import annotations

from regulars.store.persons import Trace, Traces

MINE = "customer_id = ANY(%(ids)s)"

TRACES = Traces(
    rows=(
        Trace(
            "events_failedevent",
            text="payload",
            file="failed_events",
            select="SELECT jsonb_build_object('received_at', received_at, 'reason', reason,"
            " 'payload', encode(payload, 'escape')) AS row FROM events_failedevent",
        ),
        Trace("events_parked", MINE, reason="Its events are given with all others."),
        Trace("events_event", MINE, file="events"),
    ),
    none={
        "events_inbox": "Erasing waits until what was received before is processed.",
        "events_seen": "Hashes of message ids, so that a repeat is known for ever.",
        "events_lane": "How far the consumers got.",
    },
)
