"""What this room's tables hold of a person, for their export and their erasure."""

from __future__ import annotations

from regulars.store.persons import Trace, Traces

MINE = "customer_id = ANY(%(ids)s)"
TRACES = Traces(
    rows=(
        Trace(
            "portal_session",
            MINE,
            file="own_account_sessions",
            select="SELECT jsonb_build_object('device', device, 'created_at', created_at,"
            " 'seen_at', seen_at, 'ended_at', ended_at) AS row FROM portal_session",
        ),
        Trace(
            "portal_challenge",
            MINE,
            file="own_account_codes",
            select="SELECT jsonb_build_object('channel', channel, 'asked_at', asked_at,"
            " 'used_at', used_at) AS row FROM portal_challenge",
        ),
    ),
    none={
        "portal_setting": "Whether the account is open.",
        "portal_limit": "Counts under a keyed hash, gone after two days.",
    },
)
