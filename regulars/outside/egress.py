"""Where the product may connect to: names are resolved and judged before a connection is made."""

from __future__ import annotations

import ipaddress
import socket

from django.conf import settings

from regulars.kernel.errors import Outside

ALLOW_PRIVATE = "REGULARS_ALLOW_PRIVATE_HOSTS"


class HostRefused(Outside):
    """The host does not exist or lies inside our own network."""


def checked_address(host: str, port: int, *, may_be_private: bool | None = None) -> str:
    """The network address to connect to for this host; connect to it, not to the name.

    may_be_private  None asks the operator's setting REGULARS_ALLOW_PRIVATE_HOSTS
    raises          HostRefused; is_permanent False when the name may resolve later
    """
    if may_be_private is None:
        may_be_private = settings.ALLOW_PRIVATE_HOSTS
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise HostRefused("host_unknown", "The host's name has no address.") from error
    addresses = [str(entry[4][0]) for entry in found]
    # One private address among public ones is enough to refuse: the answer is not honest.
    if not may_be_private and not all(is_public(address) for address in addresses):
        message = (
            "The host lies in a private network. The operator allows such hosts with "
            f"{ALLOW_PRIVATE}=1."
        )
        raise HostRefused("host_private", message, is_permanent=True)
    return addresses[0]


def is_public(address: str) -> bool:
    """True for an address on the open internet, whichever way it is written."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or _nat64(found)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


def _nat64(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in ipaddress.ip_network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
