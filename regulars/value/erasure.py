"""What this room's tables hold of a person, for their export and their erasure."""

from __future__ import annotations

from regulars.store.persons import Trace, Traces

TRACES = Traces(
    rows=(Trace("value_score", "customer_id = ANY(%(ids)s)", file="scores"),),
    none={
        "value_setting": "How customers are scored.",
        "value_cluster": "Means of groups of at least fifty customers.",
    },
)
