"""Signing keys: made here, published in DNS by their owner, used once they stand there."""

from __future__ import annotations

import re

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from regulars.audit import actions as audit
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound
from regulars.messaging.adapters.dns import text_records
from regulars.messaging.models import Sender
from regulars.messaging.pure.addresses import mailbox
from regulars.messaging.queries.senders import signing
from regulars.messaging.records import DkimState, Signing
from regulars.outside.vault import seal_secret

RSA_BITS = 2_048
RSA_EXPONENT = 65_537
_BLANKS = re.compile(r"\s+")


def make_dkim_key(workspace_id: int) -> Signing:
    """A new key for the sender's domain; letters are signed with it after check_dkim found it.

    raises  NotFound(sender_missing)
    """
    row = _locked(workspace_id)
    key = rsa.generate_private_key(public_exponent=RSA_EXPONENT, key_size=RSA_BITS)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    now = clock.now()
    if not row.dkim_domain:
        row.dkim_domain = mailbox(row.from_address).domain
    # A name of its own for each key, so that letters under way keep their record.
    row.next_dkim_selector = f"r{now:%Y%m%d%H%M%S}"
    row.next_dkim_key_sealed = seal_secret(pem)
    row.updated_at = now
    row.save()
    audit.note(workspace_id, "sender.key_made", "sender", row.public_id)
    found = signing(workspace_id)
    assert found is not None
    return found


def check_dkim(workspace_id: int) -> DkimState:
    """Whether the key's record stands in DNS; a new key that does is used from now on.

    raises  NotFound(sender_missing), Invalid(dkim_missing), Outside(dns_unavailable)
    """
    found = signing(workspace_id)
    if found is None:
        raise Invalid("dkim_missing", "Make a signing key first.")
    published = text_records(found.record_name)
    if not published:
        return DkimState.ABSENT
    if not any(_is_same(record, found.record) for record in published):
        return DkimState.DIFFERENT
    if found.is_waiting:
        _use_next_key(workspace_id)
    return DkimState.PUBLISHED


def _use_next_key(workspace_id: int) -> None:
    row = _locked(workspace_id)
    row.dkim_selector, row.next_dkim_selector = row.next_dkim_selector, ""
    row.dkim_key_sealed, row.next_dkim_key_sealed = row.next_dkim_key_sealed, ""
    row.updated_at = clock.now()
    row.save()


def _is_same(published: str, wanted: str) -> bool:
    """The same key, whatever blanks and further tags the DNS panel put in."""
    return _tag(published, "p") == _tag(wanted, "p")


def _tag(record: str, name: str) -> str:
    pairs = (part.partition("=") for part in record.split(";"))
    return next((_BLANKS.sub("", value) for key, _, value in pairs if key.strip() == name), "")


def _locked(workspace_id: int) -> Sender:
    row = Sender.objects.select_for_update().filter(workspace_id=workspace_id).first()
    if row is None:
        raise NotFound("sender_missing", "Enter the mail server in the sender settings first.")
    return row
