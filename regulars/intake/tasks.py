"""Work of the intake that comes round by itself."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from regulars.intake import actions, uploads
from regulars.intake.sites import visits
from regulars.kernel import clock

# Personal data of people who may never become customers is not kept for ever.
UPLOAD_KEPT = timedelta(days=7)


def expire_uploads() -> int:
    """Remove files whose import nobody went on with for UPLOAD_KEPT; returns how many.

    A server that died between file and row left a file without an import: it goes too.
    """
    before = clock.now() - UPLOAD_KEPT
    with transaction.atomic():
        names = set(actions.expire_uploads(before))
        names.update(actions.without_import(uploads.older_than(before)))
        # Before the commit: a worker that dies between the two finds the row again.
        for name in names:
            uploads.forget(name)
    return len(names)


def expire_sessions() -> int:
    """Forget visits that no late event can belong to any more; returns how many."""
    with transaction.atomic():
        return visits.expire_sessions(clock.now() - visits.KEPT)
