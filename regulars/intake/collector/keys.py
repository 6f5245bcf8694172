"""Which workspace a key opens, remembered for a few seconds."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.intake.collector.link import Link
from regulars.kernel import clock
from regulars.workspaces.actions import hash_of_key
from regulars.workspaces.records import KeyScope

# A revoked key is refused at the latest after this time.
REMEMBERED_S = 5.0
REMEMBERED_KEYS_MAX = 10_000
# Ours are much shorter; what is longer is not remembered either, for memory is ours to fill.
KEY_LENGTH_MAX = 200

KEY_OF_SERVER = (
    "SELECT workspace_id FROM workspaces_apikey"
    " WHERE key_hash = %s AND scope = %s AND revoked_at IS NULL"
)
KEY_OF_SITE = (
    "SELECT workspace_id, public_id, domains, consent_mode FROM intake_site"
    " WHERE key = %s AND closed_at IS NULL"
)
NOTE_LOADED = (
    "UPDATE intake_site SET loaded_at = now() WHERE key = %s"
    " AND (loaded_at IS NULL OR loaded_at < now() - interval '30 seconds')"
)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a key opens: a workspace, and the site when it is the public key of one."""

    workspace_id: int
    site: str = ""
    domains: tuple[str, ...] = ()
    consent_mode: str = ""


class Keys:
    """Looks keys up, as engine: secret ones by their hash, public ones of sites as they are.

    A public key is known to this door only; it is no key of the API and can read nothing.
    """

    def __init__(self, conninfo: str, key_scope: KeyScope) -> None:
        self._link = Link(conninfo)
        self._scope = key_scope
        self._known: dict[str, tuple[Opened | None, float]] = {}
        self._noted: dict[str, float] = {}

    async def opened(self, key: str) -> Opened | None:
        """What this open key opens, else None. raises Outside(keys_unavailable)"""
        if len(key) > KEY_LENGTH_MAX or not key.isascii() or not key.isprintable():
            return None
        found = self._known.get(key)
        if found is not None and found[1] > clock.monotonic_s():
            return found[0]
        opened = await self._look_up(key)
        if len(self._known) >= REMEMBERED_KEYS_MAX:
            self._known.clear()
        self._known[key] = (opened, clock.monotonic_s() + REMEMBERED_S)
        return opened

    async def note_loaded(self, key: str) -> None:
        """Remember that the snippet of this site was asked for, about twice a minute."""
        now = clock.monotonic_s()
        if self._noted.get(key, 0.0) > now:
            return
        if len(self._noted) >= REMEMBERED_KEYS_MAX:
            self._noted.clear()
        self._noted[key] = now + REMEMBERED_S
        await self._link.ask(NOTE_LOADED, [key])

    async def _look_up(self, key: str) -> Opened | None:
        rows = await self._link.ask(KEY_OF_SERVER, [hash_of_key(key), self._scope.value])
        if rows:
            return Opened(int(str(rows[0][0])))
        rows = await self._link.ask(KEY_OF_SITE, [key]) if key.startswith("rg_site_") else []
        if not rows:
            return None
        workspace_id, site, domains, mode = rows[0]
        assert isinstance(domains, list)
        return Opened(int(str(workspace_id)), str(site), tuple(domains), str(mode))
