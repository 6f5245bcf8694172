"""What this room's tables hold of a person, for their export and their erasure."""

from __future__ import annotations

from regulars.store.persons import Fate, Trace, Traces

TRACES = Traces(
    rows=(
        Trace(
            "experiments_assignment",
            "customer_id = ANY(%(ids)s)",
            file="experiments",
            fate=Fate.EMPTY,
            # Nobody's row: the arms keep their sizes, and a number below zero is no customer.
            sets="customer_id = -id",
        ),
    ),
)
