"""What the worker runs for messaging."""

from __future__ import annotations

import logging
import threading

from django.conf import settings

from regulars.customers import actions as customers
from regulars.customers import queries as customer_queries
from regulars.kernel.errors import Outside
from regulars.messaging.adapters import dns
from regulars.messaging.bounce_door import BounceDoor
from regulars.messaging.catcher import Catcher
from regulars.messaging.receiver import run_receiver
from regulars.messaging.sender.loop import SendLoop
from regulars.store.scope import scope
from regulars.workspaces import queries as workspaces

log = logging.getLogger(__name__)

# At five seconds each, a round of a workspace ends within minutes.
DOMAINS_A_ROUND_MAX = 100
# Takes mail for sure: where even this is denied, nothing said of other domains counts.
WITNESS = "gmail.com"
THIS_MACHINE = "127.0.0.1"
# Bounces come from other mail servers.
ALL_INTERFACES = "0.0.0.0"  # noqa: S104


def ask_domains() -> int:
    """Ask the domain name system about domains of customers, a few a round; returns how many.

    Outside any transaction, for an answer may take seconds. What cannot be asked now is asked in
    the next round. The people of a demo do not exist and are not asked about.
    """
    if settings.IS_DEMO:
        return 0
    return sum(_ask_domains(one.id) for one in workspaces.all_workspaces())


def _ask_domains(workspace_id: int) -> int:
    with scope(workspace_id):
        due = customer_queries.domains_due(workspace_id, DOMAINS_A_ROUND_MAX)
    found: dict[str, bool] = {}
    if not due:
        return 0
    for domain in due:
        try:
            # A name server that knows nobody, as inside a closed network, is no witness.
            if not found and not dns.takes_mail(WITNESS):
                raise Outside("dns_unavailable", "The name server does not know the world.")
            found[domain] = dns.takes_mail(domain)
        except Outside:
            log.warning("the domain name system did not answer; the rest waits for a round")
            break
    if found:
        with scope(workspace_id):
            customers.record_domains(workspace_id, found)
    return len(found)


def run_sender(stop: threading.Event) -> None:
    """Send due messages until told to stop."""
    SendLoop().run(stop)


def run_catcher(stop: threading.Event, port: int) -> None:
    """Take mail on this port of the machine itself and keep it for reading in the browser."""
    run_receiver(stop, THIS_MACHINE, port, Catcher())


def run_bounces(stop: threading.Event, port: int) -> None:
    """Take returned letters for the bounce domain on this port."""
    run_receiver(stop, ALL_INTERFACES, port, BounceDoor())
