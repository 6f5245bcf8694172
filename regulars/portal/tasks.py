"""Work of the account in the worker: codes that wait, and what is over."""

from __future__ import annotations

from django.db import transaction

from regulars.portal.actions import limits, sessions, signing


def send_codes() -> int:
    """Let the codes asked for since be sent; returns how many were asked for."""
    with transaction.atomic():
        return signing.send_waiting()


def forget() -> None:
    """Remove challenges, sessions and counts that are over."""
    for step in (signing.forget, sessions.forget, limits.forget):
        with transaction.atomic():
            step()
