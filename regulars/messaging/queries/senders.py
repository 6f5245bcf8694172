"""How a workspace's mail leaves."""

from __future__ import annotations

from regulars.kernel.errors import NotFound
from regulars.messaging import letters
from regulars.messaging.adapters.smtp.client import Security
from regulars.messaging.models import Sender
from regulars.messaging.pure import dkim
from regulars.messaging.pure.addresses import mailbox
from regulars.messaging.records import SenderRecord, Signing
from regulars.outside.vault import open_secret
from regulars.workspaces import queries as workspaces


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


def signing(workspace_id: int) -> Signing | None:
    """The signing key that waits to be published, else the one in use, else None.

    raises  NotFound(sender_missing), SecretUnreadable
    """
    row = _sender(workspace_id)
    is_waiting = bool(row.next_dkim_key_sealed)
    sealed = row.next_dkim_key_sealed or row.dkim_key_sealed
    selector = row.next_dkim_selector if is_waiting else row.dkim_selector
    if not sealed or not row.dkim_domain:
        return None
    by = dkim.signer(
        domain=row.dkim_domain, selector=selector, private_key_pem=open_secret(sealed).encode()
    )
    name = f"{selector}._domainkey.{row.dkim_domain}"
    return Signing(row.dkim_domain, selector, name, dkim.public_record(by), is_waiting)


def account(workspace_id: int) -> letters.Account:
    """The sender with its secrets opened.

    raises  NotFound(sender_missing), SecretUnreadable
    """
    row = _sender(workspace_id)
    signers: tuple[dkim.Signer, ...] = ()
    if row.dkim_domain and row.dkim_key_sealed:
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
