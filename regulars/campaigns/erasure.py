"""What this room's tables hold of a person, for their export and their erasure."""

from __future__ import annotations

from collections.abc import Mapping

from regulars.store.persons import Fate, Person, Trace, Traces
from regulars.store.scope import cursor


def leave_audiences(person: Person) -> Mapping[str, int]:
    """Take them out of frozen audiences; how many there were stands in the campaign itself."""
    raw, count = cursor(), 0
    for customer_id in person.ids:
        raw.execute(
            "UPDATE campaigns_part SET customer_ids = array_remove(customer_ids, %(id)s)"
            " WHERE workspace_id = %(workspace)s AND customer_ids @> ARRAY[%(id)s::bigint]",
            {"workspace": person.workspace_id, "id": customer_id},
        )
        count += raw.rowcount
    return {"campaigns_part": count}


TRACES = Traces(
    before=(leave_audiences,),
    files=(leave_audiences,),
    rows=(
        Trace(
            "campaigns_exclusion",
            "customer_id = ANY(%(ids)s)",
            file="left_out_of_campaigns",
            fate=Fate.EMPTY,
            sets="customer_id = -id",
        ),
    ),
    none={
        "campaigns_campaign": "What the marketer wrote.",
        "campaigns_part": "Ids of an audience; a step takes the person's out.",
    },
)
