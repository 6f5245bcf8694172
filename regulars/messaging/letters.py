"""Letters to customers: a version read once, then written for each customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.html import escape
from django.utils.translation import gettext

from regulars.customers.records import Profile
from regulars.messaging.adapters.smtp.client import Security
from regulars.messaging.pure import dkim, links, mime, tokens
from regulars.messaging.pure.addresses import Mailbox, mailbox
from regulars.messaging.pure.plain_text import text_from_html
from regulars.messaging.pure.rendering import Compiled, compile_html, compile_text
from regulars.messaging.records import VersionRecord
from regulars.workspaces.records import WorkspaceRecord

UNSUBSCRIBE = "unsubscribe_url"
FEEDBACK_NAME = "regulars"


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

    @property
    def secret(self) -> bytes:
        return self.workspace.secret.encode()


@dataclass(frozen=True, slots=True)
class Reading:
    """A version read for one account: what is the same for all its letters."""

    subject: Compiled
    html: Compiled
    text: Compiled
    frame: mime.Skeleton
    is_marketing: bool


@dataclass(frozen=True, slots=True)
class Address:
    """Which message a letter is, and when it is written.

    to  another receiver than the customer, for tests
    """

    message_public_id: str
    campaign_id: int | None
    now: datetime
    to: Mailbox | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A letter ready to be handed over."""

    return_path: str
    recipient: Mailbox
    raw: bytes
    subject: str
    missing: tuple[str, ...]


def read_version(version: VersionRecord, account: Account, *, is_marketing: bool) -> Reading:
    """The version compiled, with an unsubscribe line added to marketing that has none.

    raises  TemplateInvalid
    """
    html_source, text_source = version.html, version.text
    if is_marketing:
        html_source, text_source = with_unsubscribe(
            html_source, text_source, account.workspace.language
        )
    return Reading(
        compile_text(version.subject),
        compile_html(html_source),
        compile_text(text_source),
        mime.skeleton(
            sender=account.sender,
            reply_to=account.reply_to,
            boundary=version.public_id,
            sample=html_source,
            is_bulk=is_marketing,
        ),
        is_marketing,
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


def write_letter(reading: Reading, account: Account, profile: Profile, address: Address) -> Written:
    """The letter of one customer: rendered, links signed, laid out and DKIM-signed.

    raises  TemplateInvalid, HeaderInvalid, AddressInvalid
    """
    workspace, secret, public_id = account.workspace, account.secret, address.message_public_id
    recipient = address.to or mailbox(profile.email or "", profile.name or "")
    sealer = tokens.Sealer(secret, workspace.id, public_id)
    unsubscribe = f"{settings.PUBLIC_URL}/u/{sealer.seal(tokens.Purpose.UNSUBSCRIBE)}"
    data = data_for(profile, workspace, now=address.now, unsubscribe=unsubscribe)
    subject, html, text = (
        part.render(data) for part in (reading.subject, reading.html, reading.text)
    )

    link_prefix, own = f"{settings.PUBLIC_URL}/l/", f"{settings.PUBLIC_URL}/u/"

    def sign(index: int, url: str) -> str:
        return link_prefix + sealer.seal_link(index, url)

    opened = sealer.seal(tokens.Purpose.OPEN)
    tracked = links.track_html(html.text, sign=sign, own_prefix=own)
    letter = mime.letter(
        reading.frame,
        mime.Envelope(
            to=recipient,
            subject=subject.text,
            message_id=message_id(account, public_id),
            sent_at=address.now,
            unsubscribe_url=unsubscribe if reading.is_marketing else "",
            feedback_id=_feedback_id(account, address, is_marketing=reading.is_marketing),
        ),
        text=links.track_text(text.text, sign=sign, own_prefix=own),
        html=links.add_pixel(tracked, f"{settings.PUBLIC_URL}/o/{opened}.gif"),
    )
    signed = dkim.signed(letter, account.signers, signed_at_s=int(address.now.timestamp()))
    missing = (*subject.missing, *html.missing, *text.missing)
    return Written(
        return_path(account, public_id),
        recipient,
        signed.as_bytes(),
        subject.text,
        tuple(dict.fromkeys(missing)),
    )


def data_for(
    profile: Profile, workspace: WorkspaceRecord, *, now: datetime, unsubscribe: str
) -> Mapping[str, object]:
    """What a template may print: only plain values, none that is not known."""
    customer = {
        "first_name": profile.first_name,
        "last_name": profile.last_name,
        "name": profile.name or " ".join(filter(None, (profile.first_name, profile.last_name))),
        "email": profile.email,
        "phone": profile.phone,
        "city": profile.city,
        "country": profile.country,
        "language": profile.language,
        "birth_on": profile.birth_on,
        "attrs": profile.attrs,
    }
    return {
        "customer": {name: value for name, value in customer.items() if value},
        "workspace": {"name": workspace.name, "currency": workspace.currency},
        UNSUBSCRIBE: unsubscribe,
        "now": now.astimezone(workspace.zone),
    }


def message_id(account: Account, message_public_id: str) -> str:
    """The same for every attempt, so that a repeated letter can be known as one."""
    return f"{message_public_id}.{account.workspace.id}@{account.sender.domain}"


def return_path(account: Account, message_public_id: str) -> str:
    """Where bounces go: an address of this message alone when a bounce domain is set."""
    if not account.bounce_domain:
        return account.sender.address if account.sender.local.isascii() else ""
    token = tokens.seal_bounce(account.secret, account.workspace.id, message_public_id)
    return f"b-{token}@{account.bounce_domain}"


def _feedback_id(account: Account, address: Address, *, is_marketing: bool) -> str:
    kind = "marketing" if is_marketing else "transactional"
    return f"{address.campaign_id or 0}:{account.workspace.id}:{kind}:{FEEDBACK_NAME}"
