"""Reads of messaging."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from regulars.customers import queries as customers
from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.messaging import letters
from regulars.messaging.adapters.smtp.client import Security
from regulars.messaging.adapters.vault import open_secret
from regulars.messaging.models import Caught, Sender, Template, TemplateVersion
from regulars.messaging.pure import dkim
from regulars.messaging.pure.addresses import mailbox
from regulars.messaging.pure.mjml import html_from_mjml, is_mjml
from regulars.messaging.pure.rendering import compile_html, compile_text
from regulars.messaging.records import (
    CaughtRecord,
    MessageRecord,
    MessageState,
    Preview,
    SenderRecord,
    TemplateRecord,
    VersionRecord,
)
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

TEMPLATES_MAX = 500
CAUGHT_SHOWN = 200
MESSAGE_COLUMNS = (
    "id, public_id, occurrence, campaign_id, customer_id, channel, state, reason, due_at,"
    " accepted_at, bounced_at"
)


def templates(workspace_id: int) -> list[TemplateRecord]:
    """Templates in use, the newest change first."""
    rows = Template.objects.filter(workspace_id=workspace_id, archived_at__isnull=True)
    newest = {
        version.template_id: version
        for version in TemplateVersion.objects.filter(workspace_id=workspace_id)
        .order_by("template_id", "-number")
        .distinct("template_id")
    }
    return [_template(row, newest[row.id]) for row in rows.order_by("-updated_at")[:TEMPLATES_MAX]]


def template(workspace_id: int, public_id: str) -> TemplateRecord:
    """The template with its newest version. raises NotFound(template_unknown)"""
    row = Template.objects.filter(workspace_id=workspace_id, public_id=public_id).first()
    if row is None:
        raise NotFound("template_unknown", "There is no such template.")
    newest = row.versions.order_by("-number").first()
    assert newest is not None
    return _template(row, newest)


def version(workspace_id: int, version_id: int) -> VersionRecord:
    """One version of a template. raises NotFound(template_unknown)"""
    row = TemplateVersion.objects.filter(workspace_id=workspace_id, id=version_id).first()
    if row is None:
        raise NotFound("template_unknown", "There is no such version of a template.")
    return _version(row)


def _template(row: Template, newest: TemplateVersion) -> TemplateRecord:
    return TemplateRecord(
        row.id, row.public_id, row.name, row.channel, row.updated_at, _version(newest)
    )


def _version(row: TemplateVersion) -> VersionRecord:
    return VersionRecord(
        row.id, row.public_id, row.template_id, row.number, row.subject, row.source, row.html,
        row.text, row.is_own_text, row.created_at,
    )  # fmt: skip


def preview(
    workspace_id: int, customer_id: int, *, subject: str, source: str, text: str, names: set[str]
) -> Preview:
    """The letter as this customer would get it.

    names   what placeholders exist; others are told as unknown
    raises  NotFound(customer_unknown), TemplateInvalid
    """
    profile = customers.profiles(workspace_id, [customer_id]).get(customer_id)
    if profile is None:
        raise NotFound("customer_unknown", "There is no such customer.")
    html = html_from_mjml(source) if is_mjml(source) else source
    words = text if text.strip() else letters.text_of(html)
    data = letters.data_for(
        profile, workspaces.workspace(workspace_id), now=clock.now(), unsubscribe="#unsubscribe"
    )
    parts = compile_text(subject), compile_html(html), compile_text(words)
    rendered = [part.render(data) for part in parts]
    asked = {name for part in parts for name in part.names}
    return Preview(
        subject=rendered[0].text,
        html=rendered[1].text,
        text=rendered[2].text,
        missing=tuple(dict.fromkeys(name for one in rendered for name in one.missing)),
        unknown=tuple(sorted(name for name in asked if not _is_known(name, names))),
        has_unsubscribe=letters.UNSUBSCRIBE in parts[1].names,
    )


def _is_known(name: str, names: set[str]) -> bool:
    return name in names or any(name.startswith(f"{known}.") for known in names)


def sender(workspace_id: int) -> SenderRecord:
    """The workspace's sender. raises NotFound(sender_missing)"""
    row = _sender(workspace_id)
    return SenderRecord(
        workspace_id=row.workspace_id,
        from_name=row.from_name,
        from_address=row.from_address,
        reply_to=row.reply_to,
        host=row.host,
        port=row.port,
        security=row.security,
        username=row.username,
        has_password=bool(row.password_sealed),
        dkim_domain=row.dkim_domain,
        dkim_selector=row.dkim_selector,
        has_dkim_key=bool(row.dkim_key_sealed),
        bounce_domain=row.bounce_domain,
        connections_max=row.connections_max,
        messages_max=row.messages_max,
        is_enabled=row.is_enabled,
        paused_until=row.paused_until,
        last_error=row.last_error,
    )


def _sender(workspace_id: int) -> Sender:
    row = Sender.objects.filter(workspace_id=workspace_id).first()
    if row is None:
        raise NotFound("sender_missing", "Enter the mail server in the sender settings first.")
    return row


def account(workspace_id: int) -> letters.Account:
    """The sender with its secrets opened.

    raises  NotFound(sender_missing), SecretUnreadable
    """
    row = _sender(workspace_id)
    signers: tuple[dkim.Signer, ...] = ()
    if row.dkim_domain:
        key = open_secret(row.dkim_key_sealed).encode()
        signers = (
            dkim.signer(domain=row.dkim_domain, selector=row.dkim_selector, private_key_pem=key),
        )
    return letters.Account(
        workspace=workspaces.workspace(workspace_id),
        sender=mailbox(row.from_address, row.from_name),
        reply_to=mailbox(row.reply_to) if row.reply_to else None,
        bounce_domain=row.bounce_domain,
        signers=signers,
        host=row.host,
        port=row.port,
        security=Security(row.security),
        username=row.username,
        password=open_secret(row.password_sealed),
        connections_max=row.connections_max,
        messages_max=row.messages_max,
    )


def is_catcher(host: str, port: int) -> bool:
    """True for the built-in mail catcher of a demo, which may be reached though it is private."""
    return settings.IS_DEMO and host in {"127.0.0.1", "localhost"} and port == settings.CATCHER_PORT


def counts_by_state(workspace_id: int, campaign_id: int) -> dict[MessageState, int]:
    """How many messages of the campaign stand where."""
    raw = cursor()
    raw.execute(
        "SELECT state, count(*) FROM messaging_message"
        " WHERE workspace_id = %s AND campaign_id = %s GROUP BY state",
        [workspace_id, campaign_id],
    )
    return {MessageState(state): count for state, count in raw.fetchall()}


def reasons(workspace_id: int, campaign_id: int) -> dict[tuple[MessageState, str], int]:
    """Why messages of the campaign were refused, rejected or bounced."""
    raw = cursor()
    raw.execute(
        "SELECT state, reason, count(*) FROM messaging_message"
        " WHERE workspace_id = %s AND campaign_id = %s AND reason <> '' GROUP BY state, reason",
        [workspace_id, campaign_id],
    )
    return {(MessageState(state), reason): count for state, reason, count in raw.fetchall()}


def messages_of(workspace_id: int, customer_id: int, *, limit: int = 50) -> list[MessageRecord]:
    """The customer's newest messages."""
    raw = cursor()
    raw.execute(
        f"SELECT {MESSAGE_COLUMNS} FROM messaging_message"
        " WHERE workspace_id = %s AND customer_id = %s ORDER BY id DESC LIMIT %s",
        [workspace_id, customer_id, limit],
    )
    return [_message(row) for row in raw.fetchall()]


def _message(row: Sequence[object]) -> MessageRecord:
    values = list(row)
    values[6] = MessageState(str(values[6]))
    return MessageRecord(*values)  # type: ignore[arg-type]


def caught(workspace_id: int) -> list[CaughtRecord]:
    """The newest letters of the mail catcher."""
    rows = Caught.objects.filter(workspace_id=workspace_id).order_by("-id").defer("raw")
    return [_caught(row) for row in rows[:CAUGHT_SHOWN]]


def caught_letter(workspace_id: int, public_id: str) -> tuple[CaughtRecord, bytes]:
    """One caught letter with its bytes. raises NotFound(letter_unknown)"""
    row = Caught.objects.filter(workspace_id=workspace_id, public_id=public_id).first()
    if row is None:
        raise NotFound("letter_unknown", "There is no such letter.")
    return _caught(row), bytes(row.raw)


def _caught(row: Caught) -> CaughtRecord:
    return CaughtRecord(row.public_id, row.received_at, row.mail_from, row.rcpt_to, row.subject)
