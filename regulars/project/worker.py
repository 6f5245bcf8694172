"""The worker: processor, consumers, lake, jobs, sender; as many processes as needed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial

from regulars.store.roles import Role

STOP_WAIT_S = 20.0
JOB_THREADS = 2
# Tills and pages are waited for; what happens behind them takes the processor they leave. Letters
# go between: a code to sign in with is waited for too.
NICENESS, NICENESS_OF_LETTERS = 10, 5


def run() -> int:
    """Work until told to stop."""
    os.environ["REGULARS_ROLE"] = Role.ENGINE.value
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.project.settings")
    import django

    django.setup()
    from regulars import wiring
    from regulars.project import lake, loops, start
    from regulars.store import niceness

    start.wire()
    niceness.follow_threads()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    # On Linux a thread starts with the niceness that its parent has at that moment.
    os.nice(NICENESS_OF_LETTERS)
    threads = _senders(stop)
    for thread in threads:
        thread.start()
    os.nice(NICENESS - NICENESS_OF_LETTERS)
    bell = loops.Bell()
    keeper = lake.Keeper(lake.open_engine(lake.WORKER_MEMORY_MB))
    steps: dict[str, Callable[[], int | bool]] = {
        "processor": loops.process_inbox,
        "consumers": partial(loops.gathered, loops.ConsumerStep(), stop),
        "lake": lambda: _paced(keeper, stop),
        "lake-tidy": keeper.tidy,
        "audit": loops.seal_audit,
        "chores": loops.ChoreStep(wiring.CHORES, loops.CHORES_EVERY_S),
        "minute-chores": loops.ChoreStep(wiring.MINUTE_CHORES, loops.MINUTE_S),
    }
    for name, path in wiring.FOLLOWERS.items():
        steps[name] = partial(loops.rested, loops.followed(path), stop)
    # A long import must not keep a campaign from starting.
    steps.update({f"jobs-{number}": loops.run_jobs for number in range(JOB_THREADS)})
    behind = [
        threading.Thread(
            target=loops.forever, args=(name, step, stop, bell.new()), name=name, daemon=True
        )
        for name, step in steps.items()
    ]
    behind.append(threading.Thread(target=loops.listen, args=(stop, bell), daemon=True))
    for thread in behind:
        thread.start()
    threads += behind
    parent = os.getppid()
    while not stop.wait(1.0):
        # An orphan must not go on working beside the next supervisor's worker.
        if os.environ.get("REGULARS_SUPERVISED") and os.getppid() != parent:
            stop.set()
    bell.ring()
    deadline = time.monotonic() + STOP_WAIT_S
    for thread in threads:
        thread.join(max(0.1, deadline - time.monotonic()))
    return 0


def _senders(stop: threading.Event) -> list[threading.Thread]:
    """The loops that send, and the doors that letters come back through."""
    from django.conf import settings

    from regulars import wiring
    from regulars.messaging import tasks

    doors = {
        tasks.run_catcher: settings.CATCHER_PORT if settings.IS_DEMO else 0,
        tasks.run_bounces: settings.BOUNCE_PORT,
    }
    senders = [
        threading.Thread(
            target=wiring.resolve(path), args=(stop,), name=f"send-{channel}", daemon=True
        )
        for channel, path in wiring.CHANNELS.items()
    ]
    return senders + [
        threading.Thread(target=listen, args=(stop, port), name=listen.__name__, daemon=True)
        for listen, port in doors.items()
        if port
    ]


def _paced(keeper: object, stop: threading.Event) -> int:
    from regulars.project import lake, loops

    assert isinstance(keeper, lake.Keeper)
    rows = keeper.feed()
    # One tail file a tick: a short pause makes fewer and larger files and stays far below 5 s.
    stop.wait(loops.LAKE_PAUSE_S)
    return rows


if __name__ == "__main__":
    raise SystemExit(run())
