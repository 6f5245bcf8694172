"""Which HTTP status each class of error becomes."""

from __future__ import annotations

from regulars.kernel.errors import Conflict, Invalid, NotFound, Outside, Refused, RegularsError

STATUSES: tuple[tuple[type[RegularsError], int], ...] = (
    (NotFound, 404),
    (Refused, 403),
    (Invalid, 422),
    (Conflict, 409),
    (Outside, 502),
    (RegularsError, 400),
)


# What a fault that passes asks a program to wait for.
RETRY_AFTER_S = 60
# Details that are lists: who uses what cannot go, by kind, id and name; every fault by its path.
LISTED = frozenset({"users", "faults"})


def is_passing(error: RegularsError) -> bool:
    """Whether the same call may well come through a little later."""
    return isinstance(error, Outside) and not error.is_permanent


def status_of(error: RegularsError) -> int:
    """The status of the nearest class; of a fault that passes, the one that says so."""
    if is_passing(error):
        return 503
    return next(status for kind, status in STATUSES if isinstance(error, kind))


def body_of(error: RegularsError) -> dict[str, object]:
    """What programs read: a stable code, a sentence, and details without personal data."""
    details = {
        key: value for key, value in error.details.items() if _is_plain(value) or key in LISTED
    }
    return {"code": error.code, "message": error.message, "details": details}


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)
