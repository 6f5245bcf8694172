"""Test letters: sent while the member waits, kept nowhere, their links harmless."""

from __future__ import annotations

from django.utils.html import escape
from django.utils.translation import gettext as _

from regulars.customers import queries as customers
from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.kernel.ids import new_public_id
from regulars.messaging import letters, placeholders, writing
from regulars.messaging.accounts import peer_of
from regulars.messaging.actions.templates import version_fields
from regulars.messaging.adapters.smtp.once import PATIENCE, hand_over_once
from regulars.messaging.placeholders import NO_SAMPLES, Samples
from regulars.messaging.pure import dkim, mime
from regulars.messaging.pure.addresses import Mailbox, mailbox
from regulars.messaging.queries.senders import account
from regulars.messaging.records import Asked, VersionRecord


def send_test(
    workspace_id: int,
    *,
    subject: str,
    source: str,
    customer_id: int,
    address: str,
    text: str = "",
    samples: Samples = NO_SAMPLES,
) -> None:
    """Send the letter as this customer would get it to another address, now.

    The message it names does not exist, so opening it, following its links and unsubscribing from
    it change nothing. Samples stand for what only a real letter has.
    raises  NotFound(sender_missing | customer_unknown), TemplateInvalid, HeaderInvalid,
            AddressInvalid, Outside
    """
    receiver = mailbox(address.strip())
    profile = customers.profiles(workspace_id, [customer_id]).get(customer_id)
    if profile is None:
        raise NotFound("customer_unknown", "There is no such customer.")
    used, now = account(workspace_id), clock.now()
    fields = version_fields(subject, source, text)
    version = VersionRecord(
        id=0, public_id=new_public_id(), template_id=0, number=0, created_at=now, **fields
    )
    reading = writing.read_recipe(letters.recipe_of(version, used, is_marketing=True))
    (values,) = placeholders.values_for(workspace_id, reading.names, [Asked(customer_id)])
    shown = placeholders.with_samples(values, samples)
    named = writing.Address(new_public_id(), None, now, to=receiver, values=shown)
    written = writing.write_letter(reading, profile, named)
    _hand_over(used, receiver, written.raw)


def try_sender(workspace_id: int, *, address: str) -> None:
    """Send a short letter through the workspace's mail server to this address, now.

    raises  NotFound(sender_missing), AddressInvalid, Outside
    """
    used, receiver, now = account(workspace_id), mailbox(address.strip()), clock.now()
    words = _("This letter came through the mail server that %(shop)s has set up in Regulars.")
    text = words % {"shop": used.workspace.name}
    frame = mime.skeleton(
        sender=used.sender,
        reply_to=used.reply_to,
        boundary=new_public_id(),
        sample=text,
        is_bulk=False,
    )
    envelope = mime.Envelope(
        to=receiver,
        subject=_("It works: your mail leaves"),
        message_id=writing.message_id(used.workspace, used.sender, new_public_id()),
        sent_at=now,
    )
    letter = mime.letter(
        frame,
        envelope,
        text=frame.encoded(text),
        html=frame.encoded(f"<p>{escape(text)}</p>"),
    )
    signed = dkim.signed(letter, used.signers, signed_at_s=int(now.timestamp()))
    _hand_over(used, receiver, signed.as_bytes())


def _hand_over(used: letters.Account, receiver: Mailbox, raw: bytes) -> None:
    # A bounce of a test concerns no message, so it goes to the sender's own address.
    sender = used.sender.address if used.sender.local.isascii() else ""
    hand_over_once(lambda: peer_of(used, PATIENCE), sender=sender, recipient=receiver, letter=raw)
