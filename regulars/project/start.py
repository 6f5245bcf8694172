"""What every process does once after Django is set up."""

from __future__ import annotations

from regulars import wiring
from regulars.audit import gone
from regulars.customers import conditions
from regulars.loyalty import registry as loyalty
from regulars.messaging import placeholders
from regulars.portal import registry as portal
from regulars.privacy import registry as persons
from regulars.segments import registry


def wire() -> None:
    """Load plugins and hand the rooms what wiring collected for them."""
    wiring.load_plugins()
    for path in wiring.FACTS:
        registry.declare(wiring.resolve(path))
    for name, path in wiring.SEGMENT_USERS.items():
        registry.declare_users(name, wiring.resolve(path))
    for path in wiring.LIST_CONDITIONS:
        conditions.declare(wiring.resolve(path))
    for path in wiring.EXPORT_COLUMNS:
        conditions.declare_columns(wiring.resolve(path))
    for kind, path in wiring.ERASED.items():
        gone.declare(kind, wiring.resolve(path))
    for path in wiring.PLACEHOLDERS:
        placeholders.declare(wiring.resolve(path))
    for root, path in wiring.PLACEHOLDER_VALUES.items():
        placeholders.declare_values(root, wiring.resolve(path))
    for channel, path in wiring.CODE_SENDERS.items():
        portal.declare_sender(channel, wiring.resolve(path))
    loyalty.declare_burn_sender(wiring.resolve(wiring.BURN_CODES))
    for name, path in wiring.OWN_DATA.items():
        portal.declare_own_data(name, wiring.resolve(path))
    for path in wiring.TRACES:
        persons.declare(path, wiring.resolve(path))
