"""Work of connections that comes round by itself."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from regulars.intake import uploads
from regulars.intake.connectors import actions, signins
from regulars.intake.connectors.onec import bringing as exchanges
from regulars.kernel import clock

# Longer than any import or fetch writes nothing.
LEAVINGS_KEPT = timedelta(hours=6)


def tidy() -> int:
    """Forget old lines of the log and files nobody goes on with; how many."""
    gone = exchanges.expire() + uploads.forget_leavings(clock.now() - LEAVINGS_KEPT)
    with transaction.atomic():
        return gone + actions.prune() + signins.prune()
