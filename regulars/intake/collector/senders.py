"""How often one sender may use a form, so that nobody can lock it for everybody.

Of the network address a hash stays, in this process's memory alone, under a key made at random and
thrown away with all hashes after SENDERS_REMEMBERED_S (docs/decisions/0022).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from regulars.kernel import clock
from regulars.kernel.buckets import Buckets
from regulars.kernel.ids import new_public_id
from regulars.outside import callers

SENDER_PER_S, SENDER_BURST = 0.5, 10.0
SENDERS_REMEMBERED_S = 600.0
HASH_BYTES = 16


class Senders:
    """A bucket for each sender of each form."""

    def __init__(self) -> None:
        self._forget()

    def wait_s(self, form: str, address: str) -> int:
        """Take a token of the sender's: 0, or after how many seconds there will be one."""
        if not address:
            return 0
        if clock.monotonic_s() >= self._until_s:
            self._forget()
        said = hmac.digest(self._key, f"{form}\x00{address}".encode(), hashlib.sha256)
        return self._buckets.wait_s(said[:HASH_BYTES].hex())

    def _forget(self) -> None:
        self._key = new_public_id().encode()
        self._buckets = Buckets(SENDER_PER_S, SENDER_BURST)
        self._until_s = clock.monotonic_s() + SENDERS_REMEMBERED_S


def address_of(peer: str, headers: Mapping[bytes, bytes]) -> str:
    """Where a request comes from; "" when a proxy before us does not tell.

    Whoever sends past a proxy from inside may tell anything, and is held by the form's limit alone.
    """
    told = headers.get(b"x-forwarded-for", b"")[-callers.FORWARDED_CHARS_MAX :]
    return callers.address_of(peer, told.decode("latin-1"))
