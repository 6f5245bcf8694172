"""A process that only writes letters; started by `writers.py`.

It reads batches from its parent and answers with letters. It has no settings, no database and no
clock, and it ends with its parent, whose end of the connection closes even when it is killed.
"""

from __future__ import annotations

import logging
import pickle
import signal
import sys
from collections import OrderedDict
from dataclasses import dataclass
from multiprocessing.connection import Connection

from regulars.customers.records import Profile
from regulars.kernel.errors import RegularsError
from regulars.messaging.writing import Address, Reading, Written, read_recipe, write_letter

log = logging.getLogger(__name__)

READINGS_KEPT = 50


@dataclass(frozen=True, slots=True)
class Batch:
    """Letters of one recipe to write.

    recipe  as bytes, which are its name too: a recipe that is known is not read again
    """

    recipe: bytes
    letters: tuple[tuple[Profile, Address], ...]


# A letter, or why there is none.
Answer = Written | str


class Desk:
    """Writes batches and keeps the recipes it has read."""

    def __init__(self) -> None:
        self._readings: OrderedDict[bytes, Reading] = OrderedDict()

    def write(self, batch: Batch) -> list[Answer]:
        """An answer for each letter of the batch."""
        try:
            reading = self._reading(batch.recipe)
        except RegularsError as refusal:
            return [refusal.code] * len(batch.letters)
        return [written_or_reason(reading, *letter) for letter in batch.letters]

    def _reading(self, recipe: bytes) -> Reading:
        known = self._readings.get(recipe)
        if known is None:
            known = self._readings[recipe] = read_recipe(pickle.loads(recipe))  # noqa: S301 our own
        self._readings.move_to_end(recipe)
        if len(self._readings) > READINGS_KEPT:
            self._readings.popitem(last=False)
        return known


def written_or_reason(reading: Reading, profile: Profile, address: Address) -> Answer:
    """The letter, or the reason for which it is refused."""
    try:
        return write_letter(reading, profile, address)
    except RegularsError as refusal:
        return refusal.code
    except Exception as fault:
        # One customer's data must not stop the others; the reason is shown with the message.
        log.exception("message %s could not be written", address.message_public_id)
        return f"fault_{type(fault).__name__}"


def serve(connection: Connection) -> None:
    """Answer batches until the parent is gone."""
    desk = Desk()
    try:
        while True:
            connection.send(desk.write(connection.recv()))
    except (EOFError, ConnectionError):
        return


def main() -> None:
    """Serve the connection whose descriptor is the first argument."""
    # What ends the parent ends us by the closed connection, after the batch under way.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(Connection(int(sys.argv[1])))
