"""Writes of the customer's own account: settings, codes, sessions."""

from regulars.portal.actions.joining import join
from regulars.portal.actions.sessions import end_session, end_sessions, open_session, session_of
from regulars.portal.actions.settings import save_settings
from regulars.portal.actions.signing import ask_code, enter_code

__all__ = [
    "ask_code",
    "end_session",
    "end_sessions",
    "enter_code",
    "join",
    "open_session",
    "save_settings",
    "session_of",
]
