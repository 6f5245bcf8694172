"""Which till a key opens, remembered for a while."""

from __future__ import annotations

from dataclasses import dataclass, replace

from regulars.kernel import clock
from regulars.loyalty.queries import tills
from regulars.loyalty.till.http import KeyRefused
from regulars.loyalty.till_records import Counter
from regulars.store.scope import scope
from regulars.workspaces import actions as workspace_actions
from regulars.workspaces import queries as workspaces
from regulars.workspaces.records import KeyScope, WorkspaceRecord

# A revoked key is refused at the latest after this time; tills call every few seconds each.
REMEMBERED_S = 20.0
REMEMBERED_KEYS_MAX = 20_000
KEY_LENGTH_MAX = 200
SCOPES = {"rg_pos_": KeyScope.POS, "rg_api_": KeyScope.API}


@dataclass(frozen=True, slots=True)
class Opened:
    """What a key opens."""

    workspace: WorkspaceRecord
    counter: Counter
    is_till: bool = True


class Keys:
    """Looks keys up; used from the till's threads only."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Opened, float]] = {}

    def opened(self, key: str) -> Opened:
        """What the key opens. raises KeyRefused(key_unknown)"""
        key_hash = workspace_actions.hash_of_key(key)
        found = self._known.get(key_hash)
        if found is not None and found[1] > clock.monotonic_s():
            return found[0]
        opened = _look_up(key)
        if len(self._known) >= REMEMBERED_KEYS_MAX:
            self._known.clear()
        self._known[key_hash] = (opened, clock.monotonic_s() + REMEMBERED_S)
        return opened


def _look_up(key: str) -> Opened:
    wanted = next((found for mark, found in SCOPES.items() if key.startswith(mark)), None)
    is_sane = len(key) <= KEY_LENGTH_MAX and key.isascii() and key.isprintable()
    held = workspaces.holder_of_key(key, wanted) if wanted and is_sane else None
    if held is None or wanted is None:
        raise KeyRefused("key_unknown", "Show an open key of a till.")
    workspace, key_id = held
    if wanted is KeyScope.API:
        # A program of the shop: a site's cart.
        counter = Counter(channel="site", key_id=key_id, may_hold_long=True)
        return Opened(workspace, replace(counter, language=workspace.language), is_till=False)
    with scope(workspace.id):
        till = tills.till_of_key(workspace.id, key_id)
    if till is None:
        return Opened(workspace, Counter(key_id=key_id, language=workspace.language))
    return Opened(
        workspace,
        Counter(
            channel=till.channel,
            shop=till.shop,
            till=till.till,
            key_id=key_id,
            may_hold_long=till.channel == "site",
            language=workspace.language,
        ),
    )
