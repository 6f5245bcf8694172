"""How allauth behaves here: members are invited, nobody signs up alone."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignUp(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-in only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
