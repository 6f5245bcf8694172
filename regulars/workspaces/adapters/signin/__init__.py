"""How allauth behaves here: members are invited, nobody signs up alone, letters are our own."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from regulars.kernel.errors import Outside

log = logging.getLogger(__name__)
WORDS = {
    "account_inactive": _("This account is switched off."),
    "cannot_remove_primary_email": _("Name another main address first."),
    "duplicate_email": _("Your account has this address already."),
    "email_password_mismatch": _("E-mail or password is not right. Check both and try again."),
    "email_taken": _("Another account has this address."),
    "enter_current_password": _("Type the password you have now."),
    "incorrect_password": _("This password is not right."),
    "invalid_password_reset": _("This link no longer works. Ask for a new one."),
    "max_email_addresses": _("An account holds %d addresses at most."),
    "same_as_current": _("Choose one that differs from the present one."),
    "select_only_one": _("Choose one only."),
    "too_many_login_attempts": _("Too many attempts. Wait five minutes, then try again."),
    "unverified_primary_email": _("Confirm this address before you make it the main one."),
    "rate_limited": _("Too many attempts. Wait a few minutes, then try again."),
}


class ClosedSignUp(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-in only."""

    error_messages = DefaultAccountAdapter.error_messages | WORDS

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def format_email_subject(self, subject: str) -> str:
        """The subject as written: the sender's name says already who writes."""
        return str(subject)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link at the address of this product, whatever host the request named."""
        return _at_our_address(super().get_reset_password_from_key_url(key))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        """The link at the address of this product, whatever host the request named."""
        return _at_our_address(super().get_email_confirmation_url(request, emailconfirmation))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send one of the letters about an account. raises Outside(mail_unavailable)"""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as error:
            log.error("a letter about an account could not be sent: %s", error)
            raise Outside(
                "mail_unavailable",
                gettext_noop(
                    "The letter could not be sent: the mail server of this product does not answer."
                    " Tell the person who runs this server, or try again later."
                ),
                is_permanent=False,
            ) from error


def _at_our_address(link: str) -> str:
    # A forged Host header would otherwise send the secret of the link to a stranger's server.
    made, ours = urlsplit(link), urlsplit(settings.PUBLIC_URL)
    return urlunsplit((ours.scheme, ours.netloc, ours.path + made.path, made.query, ""))
