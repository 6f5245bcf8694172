"""What this room's tables hold of a person, for their export and their erasure."""

from __future__ import annotations

from regulars.store.persons import Traces

TRACES = Traces(
    none={
        "fields_field": "Names and types of fields, no values.",
        "fields_scan": "How far a chore got.",
    }
)
