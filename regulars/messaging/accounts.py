"""From a sender's settings to a server that can be connected to."""

from __future__ import annotations

from django.conf import settings

from regulars.messaging.adapters.smtp.client import Peer, Timeouts
from regulars.messaging.letters import Account
from regulars.outside.egress import checked_address

CATCHER_HOSTS = frozenset({"127.0.0.1", "localhost"})


def is_catcher(host: str, port: int) -> bool:
    """True for the built-in mail catcher of a demo, which may be reached though it is private."""
    return settings.IS_DEMO and host in CATCHER_HOSTS and port == settings.CATCHER_PORT


def peer_of(account: Account, timeouts: Timeouts) -> Peer:
    """The account's server, its name resolved and judged; blocks while the name is resolved.

    raises  HostRefused
    """
    may_be_private = True if is_catcher(account.host, account.port) else None
    return Peer(
        host=account.host,
        port=account.port,
        connect_to=checked_address(account.host, account.port, may_be_private=may_be_private),
        security=account.security,
        username=account.username,
        password=account.password,
        own_name=account.sender.domain,
        messages_max=account.messages_max,
        timeouts=timeouts,
    )
