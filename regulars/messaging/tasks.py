"""What the worker runs for messaging."""

from __future__ import annotations

import threading

from regulars.messaging.bounce_door import BounceDoor
from regulars.messaging.catcher import Catcher
from regulars.messaging.receiver import run_receiver
from regulars.messaging.sender.loop import SendLoop

THIS_MACHINE = "127.0.0.1"
# Bounces come from other mail servers.
ALL_INTERFACES = "0.0.0.0"  # noqa: S104


def run_sender(stop: threading.Event) -> None:
    """Send due messages until told to stop."""
    SendLoop().run(stop)


def run_catcher(stop: threading.Event, port: int) -> None:
    """Take mail on this port of the machine itself and keep it for reading in the browser."""
    run_receiver(stop, THIS_MACHINE, port, Catcher())


def run_bounces(stop: threading.Event, port: int) -> None:
    """Take returned letters for the bounce domain on this port."""
    run_receiver(stop, ALL_INTERFACES, port, BounceDoor())
