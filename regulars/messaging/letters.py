"""Letters to customers: what a version and a sender's settings say about how they are written."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings
from django.utils import translation
from django.utils.html import escape
from django.utils.translation import gettext

from regulars.messaging.adapters.smtp.client import Security
from regulars.messaging.pure import dkim
from regulars.messaging.pure.addresses import Mailbox
from regulars.messaging.pure.plain_text import text_from_html
from regulars.messaging.records import VersionRecord
from regulars.messaging.writing import UNSUBSCRIBE, Recipe
from regulars.workspaces.records import WorkspaceRecord


@dataclass(frozen=True, slots=True)
class Account:
    """A sender with its secrets opened, ready to sign and to sign in."""

    workspace: WorkspaceRecord
    sender: Mailbox
    reply_to: Mailbox | None
    bounce_domain: str
    signers: tuple[dkim.Signer, ...]
    host: str
    port: int
    security: Security
    username: str
    password: str = field(repr=False)
    connections_max: int = 8
    messages_max: int = 500


def recipe_of(version: VersionRecord, account: Account, *, is_marketing: bool) -> Recipe:
    """How letters of the version are written, with an unsubscribe line where marketing has none."""
    html, text = version.html, version.text
    if is_marketing:
        html, text = with_unsubscribe(html, text, account.workspace.language)
    return Recipe(
        subject=version.subject,
        html=html,
        text=text,
        boundary=version.public_id,
        is_marketing=is_marketing,
        workspace=account.workspace,
        sender=account.sender,
        reply_to=account.reply_to,
        bounce_domain=account.bounce_domain,
        signers=account.signers,
        public_url=settings.PUBLIC_URL,
    )


def with_unsubscribe(html: str, text: str, language: str) -> tuple[str, str]:
    """Both parts with a line to unsubscribe, where the author wrote none."""
    with translation.override(language):
        words = gettext("Unsubscribe")
    if UNSUBSCRIBE not in html:
        line = (
            '<p style="font-size:12px;color:#6b665a;text-align:center">'
            f'<a href="{{{{ {UNSUBSCRIBE} }}}}" style="color:#6b665a">{escape(words)}</a></p>'
        )
        head, end, tail = html.rpartition("</body>")
        html = head + line + end + tail if end else html + line
    if UNSUBSCRIBE not in text:
        text = f"{text.rstrip()}\n\n{words}: {{{{ {UNSUBSCRIBE} }}}}\n"
    return html, text


def text_of(html: str) -> str:
    """The text part taken from the HTML, for versions without one of their own."""
    return text_from_html(html)
