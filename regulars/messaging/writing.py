"""Letters written for one customer after another; needs no settings and no database.

All that is the same for the copies of one version is worked out once, so that writing one is
mostly the work of signing it.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from regulars.customers.records import Profile
from regulars.messaging.pure import dkim, mime, tokens
from regulars.messaging.pure.addresses import Mailbox, mailbox
from regulars.messaging.pure.moulds import Mould, html_mould, text_mould
from regulars.messaging.pure.rendering import Compiled, compile_html, compile_text
from regulars.workspaces.records import WorkspaceRecord

UNSUBSCRIBE = "unsubscribe_url"
FEEDBACK_NAME = "regulars"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What all letters of one version from one sender share; it can travel to another process.

    boundary    unique to the version
    public_url  where this installation is reached, for links
    """

    subject: str
    html: str
    text: str
    boundary: str
    is_marketing: bool
    workspace: WorkspaceRecord = field(repr=False)
    sender: Mailbox
    reply_to: Mailbox | None
    bounce_domain: str
    signers: tuple[dkim.Signer, ...]
    public_url: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A recipe read once: its templates compiled, what does not change laid out.

    recipe_bytes  the recipe as it travels to another process
    names         everything its templates ask for
    """

    recipe: Recipe
    recipe_bytes: bytes = field(repr=False)
    subject: Compiled
    html: Mould
    text: Mould
    frame: mime.Skeleton
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Address:
    """Which message a letter is, and when it is written.

    to      another receiver than the customer, for tests
    values  what other rooms say of the customer, by the first part of its name
    """

    message_public_id: str
    campaign_id: int | None
    now: datetime
    to: Mailbox | None = None
    values: Mapping[str, Mapping[str, object]] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Written:
    """A letter ready to be handed over."""

    return_path: str
    recipient: Mailbox
    raw: bytes
    subject: str
    missing: tuple[str, ...]


def read_recipe(recipe: Recipe) -> Reading:
    """The recipe made ready for any number of customers.

    raises  TemplateInvalid
    """
    frame = mime.skeleton(
        sender=recipe.sender,
        reply_to=recipe.reply_to,
        boundary=recipe.boundary,
        sample=recipe.html,
        is_bulk=recipe.is_marketing,
    )
    own, is_base64 = f"{recipe.public_url}/u/", frame.is_base64
    subject, html, text = (
        compile_text(recipe.subject),
        compile_html(recipe.html),
        compile_text(recipe.text),
    )
    return Reading(
        recipe,
        pickle.dumps(recipe),
        subject,
        html_mould(html, own_prefix=own, is_base64=is_base64),
        text_mould(text, own_prefix=own, is_base64=is_base64),
        frame,
        subject.names | html.names | text.names,
    )


def write_letter(reading: Reading, profile: Profile, address: Address) -> Written:
    """The letter of one customer: rendered, links signed, laid out and DKIM-signed.

    raises  TemplateInvalid, HeaderInvalid, AddressInvalid
    """
    recipe, public_id = reading.recipe, address.message_public_id
    workspace = recipe.workspace
    recipient = address.to or mailbox(profile.email or "", profile.name or "")
    sealer = tokens.Sealer(workspace.secret.encode(), workspace.id, public_id)
    unsubscribe = f"{recipe.public_url}/u/{sealer.seal(tokens.Purpose.UNSUBSCRIBE)}"
    data = data_for(
        profile, workspace, now=address.now, unsubscribe=unsubscribe, values=address.values
    )
    link_prefix = f"{recipe.public_url}/l/"

    def sign(index: int, url: str) -> str:
        return link_prefix + sealer.seal_link(index, url)

    subject = reading.subject.render(data)
    opened = f"{recipe.public_url}/o/{sealer.seal(tokens.Purpose.OPEN)}.gif"
    html, html_missing = reading.html.cast(data, sign, pixel=opened)
    text, text_missing = reading.text.cast(data, sign)
    envelope = mime.Envelope(
        to=recipient,
        subject=subject.text,
        message_id=message_id(workspace, recipe.sender, public_id),
        sent_at=address.now,
        unsubscribe_url=unsubscribe if recipe.is_marketing else "",
        feedback_id=_feedback_id(recipe, address),
    )
    letter = mime.letter(reading.frame, envelope, text=text, html=html)
    signed = dkim.signed(letter, recipe.signers, signed_at_s=int(address.now.timestamp()))
    missing = (*subject.missing, *html_missing, *text_missing)
    return Written(
        _return_path(recipe, public_id),
        recipient,
        signed.as_bytes(),
        subject.text,
        tuple(dict.fromkeys(missing)),
    )


def data_for(
    profile: Profile,
    workspace: WorkspaceRecord,
    *,
    now: datetime,
    unsubscribe: str,
    values: Mapping[str, Mapping[str, object]],
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
        **values,
        "customer": {name: value for name, value in customer.items() if value},
        "workspace": {"name": workspace.name, "currency": workspace.currency},
        UNSUBSCRIBE: unsubscribe,
        "now": now.astimezone(workspace.zone),
    }


def message_id(workspace: WorkspaceRecord, sender: Mailbox, message_public_id: str) -> str:
    """The same for every attempt, so that a repeated letter can be known as one."""
    return f"{message_public_id}.{workspace.id}@{sender.domain}"


def _return_path(recipe: Recipe, message_public_id: str) -> str:
    """Where bounces go: an address of this message alone when a bounce domain is set."""
    if not recipe.bounce_domain:
        return recipe.sender.address if recipe.sender.local.isascii() else ""
    workspace = recipe.workspace
    token = tokens.seal_bounce(workspace.secret.encode(), workspace.id, message_public_id)
    return f"b-{token}@{recipe.bounce_domain}"


def _feedback_id(recipe: Recipe, address: Address) -> str:
    kind = "marketing" if recipe.is_marketing else "transactional"
    return f"{address.campaign_id or 0}:{recipe.workspace.id}:{kind}:{FEEDBACK_NAME}"
