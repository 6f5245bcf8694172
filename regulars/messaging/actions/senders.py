"""The sender: under which name and through which server a workspace's mail leaves."""

from __future__ import annotations

import re
from dataclasses import dataclass

from regulars.audit import actions as audit
from regulars.kernel import clock
from regulars.kernel.errors import Invalid
from regulars.kernel.ids import new_public_id
from regulars.messaging.accounts import is_catcher
from regulars.messaging.adapters.smtp.client import Security
from regulars.messaging.models import Sender
from regulars.messaging.pure.addresses import mailbox
from regulars.messaging.pure.dkim import signer
from regulars.messaging.queries.senders import sender
from regulars.messaging.records import SenderRecord
from regulars.outside.egress import checked_address
from regulars.outside.vault import open_secret, seal_secret

CONNECTIONS_MAX = 50
PORTS = range(1, 65_536)
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?\Z")


@dataclass(frozen=True, slots=True)
class NewSender:
    """Settings as entered; an empty password or key keeps the stored one."""

    from_address: str
    host: str
    port: int
    security: str = Security.STARTTLS.value
    from_name: str = ""
    reply_to: str = ""
    username: str = ""
    password: str = ""
    dkim_domain: str = ""
    dkim_selector: str = ""
    dkim_key: str = ""
    bounce_domain: str = ""
    connections_max: int = 8
    messages_max: int = 500
    is_enabled: bool = True


def save_sender(
    workspace_id: int, given: NewSender, *, may_be_private: bool | None = None
) -> SenderRecord:
    """The workspace's sender with these settings; a pause after faults is lifted.

    may_be_private  None asks the operator's setting; the built-in catcher is always allowed
    raises          AddressInvalid, DkimKeyInvalid, HostRefused, Invalid(sender_*)
    """
    old = Sender.objects.select_for_update().filter(workspace_id=workspace_id).first()
    _check(given, old)
    if may_be_private is None and is_catcher(given.host, given.port):
        may_be_private = True
    checked_address(given.host, given.port, may_be_private=may_be_private)
    plain = {
        name: getattr(given, name)
        for name in (
            "from_name", "from_address", "reply_to", "host", "port", "security", "username",
            "dkim_domain", "dkim_selector", "bounce_domain", "connections_max", "messages_max",
            "is_enabled",
        )
    }  # fmt: skip
    sealed = {
        "password_sealed": seal_secret(given.password) or (old.password_sealed if old else ""),
        "dkim_key_sealed": seal_secret(given.dkim_key) or (old.dkim_key_sealed if old else ""),
    }
    if not given.username:
        sealed["password_sealed"] = ""
    if not given.dkim_domain:
        sealed["dkim_key_sealed"] = sealed["next_dkim_key_sealed"] = ""
    rest = {"paused_until": None, "faults": 0, "last_error": "", "updated_at": clock.now()}
    saved, _ = Sender.objects.update_or_create(
        workspace_id=workspace_id,
        defaults={**plain, **sealed, **rest},
        create_defaults={"public_id": new_public_id(), **plain, **sealed, **rest},
    )
    both = {**plain, **sealed}
    fields = [name for name, value in both.items() if old is None or getattr(old, name) != value]
    audit.note(workspace_id, "sender.changed", "sender", saved.public_id, fields=fields)
    return sender(workspace_id)


def _check(given: NewSender, old: Sender | None) -> None:
    mailbox(given.from_address, given.from_name)
    if given.reply_to:
        mailbox(given.reply_to)
    if given.bounce_domain:
        mailbox(f"b@{given.bounce_domain}")
    if given.security not in {one.value for one in Security}:
        raise Invalid("sender_security", "Choose none, STARTTLS or TLS.")
    if _HOST.match(given.host) is None or given.port not in PORTS:
        raise Invalid("sender_host", "Give the server as a name and a port from 1 to 65535.")
    if not 0 < given.connections_max <= CONNECTIONS_MAX or given.messages_max < 1:
        message = f"Use 1 to {CONNECTIONS_MAX} connections and at least one letter on each."
        raise Invalid("sender_limits", message)
    key = given.dkim_key or (open_secret(old.dkim_key_sealed) if old else "")
    # A domain without a key is one whose first key waits for its record.
    if not given.dkim_domain or (not key and old is not None and old.next_dkim_key_sealed):
        return
    signer(
        domain=given.dkim_domain,
        selector=given.dkim_selector,
        private_key_pem=key.encode(),
    )
