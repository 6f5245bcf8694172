"""What messaging says in words: problems of letters, faults of servers, states of keys."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from regulars.kernel.errors import RegularsError
from regulars.messaging.records import DkimState, Problem

Word = str | Promise

PARTS: dict[str, Word] = {
    "subject": _("Subject"),
    "source": _("Letter"),
    "text": _("Text part"),
}
PROBLEMS: dict[str, Word] = {
    "subject_missing": _("Write a subject."),
    "subject_invalid": _("A subject is one line of at most %(detail)s characters."),
    "source_missing": _("Write the letter."),
    "template_syntax": _("Liquid does not understand this: %(detail)s."),
    "template_open": _("%(detail)s is opened here and never closed."),
    "template_limit": _("This asks for more than one letter may do: %(detail)s."),
    "template_too_long": _("The letter is too long; shorten it."),
    "template_too_deep": _("Too many tags stand inside one another."),
    "template_failed": _("The letter cannot be finished with this customer's data."),
    "mjml_tag_unknown": _("MJML has no tag %(detail)s; what stands in it may be left out."),
    "mjml_tag_crossed": _("%(detail)s closes a tag that was not opened last."),
    "mjml_tag_open": _("%(detail)s is opened here and never closed."),
    "mjml_invalid": _("The MJML cannot be read: look for a tag that is not complete."),
    "placeholder_unknown": _("Nothing has the name %(detail)s, so it stays empty."),
    "unsubscribe_added": _("It has no link to unsubscribe; one is put at its end by itself."),
    "link_empty": _("This link leads nowhere."),
    "link_wrong": _("%(detail)s is not a complete address; begin with https://."),
    "link_insecure": _("%(detail)s is not protected; use https://."),
    "picture_without_words": _("This picture has no words for those who do not see it (alt)."),
    "letter_clipped": _("It is longer than %(detail)s kB: Gmail hides what comes after that."),
}
NOTES = frozenset({"unsubscribe_added"})

FAULTS: dict[str, Word] = {
    "address_invalid": _("The e-mail address is not complete or has characters mail forbids."),
    "customer_unknown": _("Nobody is known by that name."),
    "dkim_key_invalid": _("The signing key cannot be used; make a new one."),
    "dkim_missing": _("Make a signing key first."),
    "dns_unavailable": _("The domain name system does not answer; try again in a minute."),
    "header_invalid": _("The subject or a name has a line break or another forbidden character."),
    "host_private": _("The server lies in a private network, which the operator has not allowed."),
    "host_unknown": _("No server has this name; check the spelling."),
    "letter_refused": _("The mail server did not take the letter."),
    "secret_unreadable": _("The stored password cannot be read; enter it again."),
    "sender_host": _("Give the server as a name, and a port from 1 to 65535."),
    "sender_limits": _("Use 1 to 50 connections."),
    "sender_missing": _("Enter the mail server in the mail settings first."),
    "smtp_auth": _("The mail server does not accept the user name or the password."),
    "smtp_auth_missing": _("The mail server offers no way to sign in with a password."),
    "smtp_greeting": _("The mail server does not want to talk to us."),
    "smtp_hello": _("The mail server does not want to talk to us."),
    "smtp_no_tls": _("The mail server offers no STARTTLS; choose TLS or no protection."),
    "smtp_password_unprotected": _("A password is only sent protected; choose STARTTLS or TLS."),
    "smtp_unreachable": _("The mail server cannot be reached; check name, port and protection."),
    "template_empty": _("Write the letter."),
    "template_name": _("Give the template a name of at most 120 characters."),
    "template_subject": _("A subject is one line of at most 500 characters."),
}
DKIM_STATES: dict[DkimState, tuple[str, Word]] = {
    DkimState.PUBLISHED: ("good", _("The record is published; letters are signed.")),
    DkimState.ABSENT: ("warn", _("The record is not there yet. DNS may take an hour to show it.")),
    DkimState.DIFFERENT: ("bad", _("A record of this name is there, but it holds another key.")),
}
CHANNELS: dict[str, Word] = {
    "email": _("E-mail"),
    "sms": _("SMS"),
    "telegram": _("Telegram"),
    "call": _("Phone call"),
}
# Days between two letters, as customers choose them.
GAPS: dict[int, Word] = {
    0: _("As often as you write"),
    7: _("At most once a week"),
    14: _("At most once in two weeks"),
    30: _("At most once a month"),
}
SUPPRESSION_REASONS: dict[str, Word] = {
    "bounce": _("Letters came back"),
    "complaint": _("Complained about spam"),
    "manual": _("Put here by hand"),
    "by_hand": _("Put here by hand"),
    "unsubscribed": _("Left by a letter to a former address"),
    "erased": _("The person was erased"),
    "import": _("Came with an import"),
}


def problem(one: Problem) -> str:
    """The problem as a sentence."""
    text = str(PROBLEMS.get(one.code, one.detail or one.code))
    return text % {"detail": one.detail} if "%(detail)s" in text else text


def tone(one: Problem) -> str:
    """How grave it is: bad, warn or info."""
    if one.is_blocking:
        return "bad"
    return "info" if one.code in NOTES else "warn"


def fault(error: RegularsError) -> str:
    """A refusal as a sentence, with the server's own words when there are any."""
    if error.code in PROBLEMS:
        line = int(str(error.details.get("line", 0)))
        detail = str(error.details.get("detail", ""))
        return problem(Problem("", line, error.code, detail))
    text = str(FAULTS.get(error.code, error.message))
    words = str(error.details.get("words", ""))
    return f"{text} ({words})" if words else text


def suppression_reason(code: str) -> Word:
    """Why nothing may be sent to an address."""
    return SUPPRESSION_REASONS.get(code, code)
