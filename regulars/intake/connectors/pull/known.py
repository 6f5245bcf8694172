"""What was pulled last: a content is known until another one is told in its place."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from regulars.intake.connectors.models import PulledFile
from regulars.intake.connectors.records import Outcome
from regulars.kernel import clock

NAME_LENGTH_MAX = 300


@dataclass(frozen=True, slots=True)
class Told:
    """A file as it was found.

    modified_ns  when a file of a folder was written; None for what lies at an address
    """

    name: str
    digest: str
    modified_ns: int | None


def is_known(workspace_id: int, connection_id: int, told: Told) -> bool:
    """Whether this is what was taken last under its name, and so tells nothing new.

    Stock and prices may go back to what they were: such a file is news. A file that was only
    renamed is none, for it was written when the one known by its old name was.
    """
    mine = PulledFile.objects.filter(workspace_id=workspace_id, connection_id=connection_id)
    if told.modified_ns is None:
        # An address holds one thing, whatever its file is called.
        last = mine.order_by("-pulled_at", "-id").first()
        return last is not None and last.hash == told.digest
    found = _named(mine, told) or _renamed(mine, told)
    if found is None:
        return False
    if (found.name, found.modified_ns) != (told.name[:NAME_LENGTH_MAX], told.modified_ns):
        remember(workspace_id, connection_id, told, Outcome(found.outcome))
    return True


def _named(mine: QuerySet[PulledFile], told: Told) -> PulledFile | None:
    return mine.filter(name=told.name[:NAME_LENGTH_MAX], hash=told.digest).first()


def _renamed(mine: QuerySet[PulledFile], told: Told) -> PulledFile | None:
    # Of those pulled by an older version the time is not known.
    is_then = Q(modified_ns=told.modified_ns) | Q(modified_ns=None)
    return mine.filter(is_then, hash=told.digest).order_by("id").first()


def remember(workspace_id: int, connection_id: int, told: Told, outcome: Outcome) -> None:
    """From now on this is what the file of this name holds."""
    PulledFile.objects.update_or_create(
        workspace_id=workspace_id, connection_id=connection_id, name=told.name[:NAME_LENGTH_MAX],
        defaults={
            "hash": told.digest, "outcome": outcome.value, "modified_ns": told.modified_ns,
            "pulled_at": clock.now(),
        },
    )  # fmt: skip
