"""One small town for all tests: a bakery, its people, and Zoe, who belongs to another shop."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass

from regulars.store.scope import scope
from regulars.workspaces import actions
from regulars.workspaces.records import WorkspaceRecord

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Town:
    """bakery and other are workspaces; mira and oleg live in the first, zoe in the second.

    mira   a regular: e-mail, phone, consent to marketing e-mail
    oleg   e-mail, never consented
    zoe    another workspace, e-mail and consent
    """

    bakery: WorkspaceRecord
    other: WorkspaceRecord
    mira: int
    oleg: int
    zoe: int


def workspace(name: str = "bakery", **fields: str) -> WorkspaceRecord:
    """A workspace nobody else uses."""
    given = {"currency": "UAH", "time_zone": "Europe/Kyiv", "region": "UA", **fields}
    return actions.create_workspace(f"{name}-{os.getpid()}-{next(_numbers)}", **given)


def town() -> Town:
    """A new town."""
    from regulars.customers import actions as customers
    from regulars.customers.records import Identity

    bakery, other = workspace("bakery"), workspace("florist")
    with scope(bakery.id):
        mira, oleg = customers.identify_many(
            bakery.id,
            [
                Identity(
                    external_id="mira",
                    email="mira@example.com",
                    phone="+380671234567",
                    traits={"first_name": "Mira", "city": "Kyiv"},
                ),
                Identity(
                    external_id="oleg",
                    email="oleg@example.com",
                    traits={"first_name": "Oleg", "city": "Lviv"},
                ),
            ],
        )
        customers.give_consent(bakery.id, mira, channel="email", purpose="marketing", source="test")
    with scope(other.id):
        (zoe,) = customers.identify_many(
            other.id,
            [Identity(external_id="zoe", email="zoe@example.com", traits={"first_name": "Zoe"})],
        )
        customers.give_consent(other.id, zoe, channel="email", purpose="marketing", source="test")
    return Town(bakery=bakery, other=other, mira=mira, oleg=oleg, zoe=zoe)
