"""Work of connections that comes round by itself."""

from __future__ import annotations

from django.db import transaction

from regulars.intake.connectors import actions
from regulars.intake.connectors.onec import bringing as exchanges


def tidy() -> int:
    """Forget old lines of the log and files of exchanges nobody went on with; how many."""
    gone = exchanges.expire()
    with transaction.atomic():
        return gone + actions.prune()
