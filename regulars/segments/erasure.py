"""What this room's tables hold of a person, for their export and their erasure."""

from __future__ import annotations

from regulars.store.persons import Traces

TRACES = Traces(
    none={"segments_segment": "Rules of the marketer; members are found when asked, not stored."}
)
