"""Who asks: the network address of a request, as far as a proxy before us tells it."""

from __future__ import annotations

from ipaddress import ip_address

FORWARDED_CHARS_MAX = 2_000


def address_of(peer: str, forwarded_for: str) -> str:
    """Where a request comes from; "" when a proxy before us does not tell.

    A peer of our own network is a proxy, and what it adds last is the address it was asked from.
    Whoever sends past it from inside may tell anything.
    """
    if not peer or not _is_inside(peer):
        return peer
    last = forwarded_for[-FORWARDED_CHARS_MAX:].rpartition(",")[2].strip()
    try:
        return str(ip_address(last))
    except ValueError:
        return ""


def _is_inside(peer: str) -> bool:
    try:
        return not ip_address(peer).is_global
    except ValueError:
        return True
