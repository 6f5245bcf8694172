"""What this room's tables hold of a person, for their export and their erasure."""

from __future__ import annotations

from regulars.store.persons import Trace, Traces

TRACES = Traces(
    rows=(
        Trace(
            "jobs_job",
            text="CASE WHEN finished_at IS NOT NULL"
            " THEN concat_ws(' ', key, payload::text, progress::text, reason) ELSE '' END",
            reason="Notes of the machinery about work it has done.",
        ),
    ),
)
