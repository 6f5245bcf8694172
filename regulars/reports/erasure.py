"""What this room's tables hold of a person, for their export and their erasure."""

from __future__ import annotations

from regulars.store.persons import Trace, Traces

TRACES = Traces(
    rows=(
        # Kept answers are asked anew when they are needed; they may count the person.
        Trace("reports_snapshot", "true", reason="Figures, not people."),
    )
)
