"""What this room's tables hold of a person, for their export and their erasure."""

from __future__ import annotations

from regulars.store.persons import Traces

_IDS_ONLY = "Ids and names of fields only; the proof of who saw and changed what."

TRACES = Traces(
    none={
        "audit_entry": _IDS_ONLY,
        "audit_waiting": _IDS_ONLY,
        "audit_link": "Seals.",
        "audit_head": "Seals.",
        "audit_checkpoint": "Seals.",
    }
)
