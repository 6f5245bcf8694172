"""Making and closing tills; each has a key of its own."""

from __future__ import annotations

from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound
from regulars.kernel.ids import new_public_id
from regulars.loyalty.models.purchases import Till
from regulars.loyalty.queries import tills as queries
from regulars.loyalty.till_records import TillRecord
from regulars.workspaces import actions as workspaces
from regulars.workspaces import queries as workspace_queries
from regulars.workspaces.records import KeyScope

CHANNELS = ("till", "site")
NAME_CHARS_MAX = 120
TILLS_MAX = 10_000


def open_till(
    workspace_id: int, name: str, *, shop: str = "", till: str = "", channel: str = "till"
) -> tuple[TillRecord, str]:
    """A new till and its key, which can be read this once.

    shop, till  empty: the key of a server that speaks for many tills and names them in each call
    raises      Invalid(till_name | till_channel | tills_too_many)
    """
    name, shop, till = name.strip(), shop.strip(), till.strip()
    if not 0 < len(name) <= NAME_CHARS_MAX:
        raise Invalid("till_name", f"Give the till a name of 1 to {NAME_CHARS_MAX} characters.")
    if len(shop) > NAME_CHARS_MAX or len(till) > NAME_CHARS_MAX:
        raise Invalid("till_name", f"A shop and a till have at most {NAME_CHARS_MAX} characters.")
    if channel not in CHANNELS:
        raise Invalid("till_channel", "A till is of the channel till or site.")
    if Till.objects.filter(workspace_id=workspace_id, closed_at__isnull=True).count() >= TILLS_MAX:
        raise Invalid("tills_too_many", f"A workspace has at most {TILLS_MAX} open tills.")
    key = workspaces.create_key(workspace_id, KeyScope.POS, name=name)
    # The newest with these last signs; asking by the key itself would leave the workspace.
    key_id = next(one.id for one in workspace_queries.keys(workspace_id) if key.endswith(one.hint))
    row = Till.objects.create(
        workspace_id=workspace_id,
        public_id=new_public_id(),
        key_id=key_id,
        name=name,
        shop=shop,
        till=till,
        channel=channel,
        created_at=clock.now(),
    )
    found = queries.till(workspace_id, row.public_id)
    assert found is not None
    return found, key


def close_till(workspace_id: int, public_id: str) -> None:
    """Close the till and its key; closed once more nothing happens. raises NotFound"""
    found = queries.till(workspace_id, public_id)
    if found is None:
        raise NotFound("till_unknown", "There is no such till.")
    changed = Till.objects.filter(
        workspace_id=workspace_id, public_id=public_id, closed_at__isnull=True
    ).update(closed_at=clock.now())
    if changed:
        workspaces.revoke_key(workspace_id, found.key_id)
