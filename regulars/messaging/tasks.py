"""What the worker runs for messaging."""

from __future__ import annotations

import threading

from regulars.messaging.receiver import run_receiver
from regulars.messaging.sender.loop import SendLoop


def run_sender(stop: threading.Event) -> None:
    """Send due messages until told to stop."""
    SendLoop().run(stop)


def run_catcher(stop: threading.Event, port: int) -> None:
    """Take mail on this port of the machine itself and keep it for reading in the browser."""
    from regulars.messaging.catcher import Catcher

    run_receiver(stop, "127.0.0.1", port, Catcher())


def run_bounces(stop: threading.Event, port: int) -> None:
    """Take returned letters for the bounce domain on this port."""
    from regulars.messaging.bounce_door import BounceDoor

    run_receiver(stop, "0.0.0.0", port, BounceDoor())
