"""Double opt-in: a consent is asked for by letter and written only when the reader confirms it."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.utils import translation

from regulars.customers import actions as customers
from regulars.customers import queries as customer_queries
from regulars.customers.records import TOPIC_MARK, IdentifierKind, Profile, Purpose
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, NotFound, Refused
from regulars.kernel.ids import new_public_id
from regulars.messaging.actions.planning import plan_messages
from regulars.messaging.actions.templates import template_of_role
from regulars.messaging.models import Question
from regulars.messaging.queries.questions import OCCURRENCE_PREFIX, question
from regulars.messaging.records import QuestionRecord
from regulars.messaging.starters import confirming_letter
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

CHANNEL = "email"
TTL = timedelta(days=7)
# Nobody's mailbox is filled by somebody who types their address into our forms.
ASKED_MAX = 5
ASKED_WITHIN = timedelta(days=1)
WORDS_LENGTH_MAX = 200
# Keeps our advisory locks apart from those of other rooms.
LOCK_CLASS = 0x6D77
LOCK_NUMBERS = 1 << 31


def ask_double_opt_in(
    workspace_id: int,
    customer_id: int,
    *,
    channel: str = CHANNEL,
    address: str,
    purpose: str = Purpose.MARKETING,
    text_version: str,
    source: str,
    key: str,
) -> None:
    """Ask the owner of the address by letter whether they want to be written to.

    The consent is written with this text version when they confirm, within seven days. A consent
    already given for the purpose is not asked for again.
    purpose  "marketing", or "marketing:<key>" for one topic
    key      idempotency for ever: the same question under the same key is asked once
    raises   Invalid(question_channel | question_words | email_syntax), NotFound(customer_unknown),
             Refused(question_address) when the customer has another address now,
             Refused(question_limit) past ASKED_MAX letters to the address within ASKED_WITHIN,
             Conflict(question_key) when the key stands for another question
    """
    if channel != CHANNEL:
        raise Invalid("question_channel", "Only e-mail addresses can be asked by letter.")
    if not 0 < len(key) <= WORDS_LENGTH_MAX or any(
        len(words) > WORDS_LENGTH_MAX or not words.isprintable()
        for words in (purpose, text_version, source)
    ):
        raise Invalid(
            "question_words",
            f"Key, purpose, version and source have at most {WORDS_LENGTH_MAX} characters.",
        )
    if purpose != Purpose.MARKETING and not purpose.startswith(TOPIC_MARK):
        raise Invalid("question_words", "Only consents to marketing are asked for by letter.")
    profile = _profile(workspace_id, customer_id)
    kept = customer_queries.address_as_kept(workspace_id, address, channel=channel)
    (given,) = customer_queries.address_hashes(workspace_id, [kept], channel=channel)
    row = Question(
        workspace_id=workspace_id,
        key=key,
        input_hash=_input_hash(profile.id, channel, given, purpose, text_version, source),
        customer_id=profile.id,
        channel=channel,
        address_hash=given,
        purpose=str(purpose),
        text_version=text_version,
        source=source,
    )
    _ask(row, profile)


def _profile(workspace_id: int, customer_id: int) -> Profile:
    roots = customer_queries.roots_of(workspace_id, [customer_id])
    root_id = roots.get(customer_id, customer_id)
    profile = customer_queries.profiles(workspace_id, [root_id]).get(root_id)
    if profile is None:
        raise NotFound("customer_unknown", "There is no such customer.")
    return profile


def _hash_of(workspace_id: int, profile: Profile) -> bytes | None:
    if not profile.email:
        return None
    (found,) = customer_queries.address_hashes(workspace_id, [profile.email], channel=CHANNEL)
    return found


def _input_hash(*parts: object) -> bytes:
    text = json.dumps([part.hex() if isinstance(part, bytes) else part for part in parts])
    return hashlib.sha256(text.encode()).digest()


def _ask(row: Question, profile: Profile) -> None:
    """Store the question and plan its letter, one at a time for an address."""
    place = int.from_bytes(row.address_hash[:4], "big") % LOCK_NUMBERS
    cursor().execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_CLASS, place])
    rows = Question.objects.filter(workspace_id=row.workspace_id)
    known = rows.filter(key=row.key).first()
    if known is not None:
        if bytes(known.input_hash) != row.input_hash:
            raise Conflict("question_key", "This key stands for another question.")
        return
    if _hash_of(row.workspace_id, profile) != row.address_hash:
        raise Refused(
            "question_address", "The customer has another address now; ask about that one."
        )
    refusal = customer_queries.contact_refusals(
        row.workspace_id, [profile.id], channel=row.channel, purpose=row.purpose
    ).get(profile.id)
    if refusal is None or refusal == "paused":
        return
    now = clock.now()
    recent = rows.filter(address_hash=row.address_hash, asked_at__gt=now - ASKED_WITHIN)
    if recent.count() >= ASKED_MAX:
        raise Refused(
            "question_limit", "This address was asked several times today; try again tomorrow."
        )
    row.public_id, row.asked_at, row.expires_at = new_public_id(), now, now + TTL
    row.save()
    plan_messages(
        row.workspace_id,
        occurrence=f"{OCCURRENCE_PREFIX}{row.public_id}",
        campaign_id=None,
        customer_ids=[profile.id],
        template_version_id=_version(row.workspace_id, profile),
        due_at=now,
        is_marketing=False,
        channel=row.channel,
        expires_at=row.expires_at,
    )


def _version(workspace_id: int, profile: Profile) -> int:
    """The letter in the customer's language, else in the workspace's."""
    languages = dict(settings.LANGUAGES)
    code = (profile.language or "").lower()[:2]
    if code not in languages:
        code = workspaces.workspace(workspace_id).language
    with translation.override(code):
        name, subject, source = confirming_letter()
    made = template_of_role(
        workspace_id, f"confirm:{code}", name=f"{name} ({code})", subject=subject, source=source
    )
    return made.version.id


def confirm_question(workspace_id: int, message_public_id: str) -> QuestionRecord:
    """Write the consent the letter asked for; a repeat changes nothing.

    raises  NotFound(question_unknown), Refused(question_expired),
            Refused(question_address) when the letter did not go to the address of today
    """
    asked = question(workspace_id, message_public_id)
    if asked is None:
        raise NotFound("question_unknown", "This letter asks for nothing.")
    rows = Question.objects.select_for_update().filter(
        workspace_id=workspace_id, public_id=asked.public_id
    )
    row, now = rows.get(), clock.now()
    if row.confirmed_at is not None:
        return asked
    if now >= row.expires_at:
        raise Refused("question_expired", "The link was good for seven days.")
    profile = _profile(workspace_id, row.customer_id)
    if _hash_of(workspace_id, profile) != bytes(row.address_hash):
        raise Refused("question_address", "The customer has another address now.")
    customers.give_consent(
        workspace_id,
        profile.id,
        channel=row.channel,
        purpose=row.purpose,
        source=row.source,
        # The proof: which letter was answered.
        actor=f"customer, letter {message_public_id}",
        at=now,
        text_version=row.text_version,
    )
    # An address that stands on the card may be known as another customer's; it proves nothing then.
    with suppress(Conflict):
        customers.confirm_contact(
            workspace_id, profile.id, IdentifierKind.EMAIL, profile.email or ""
        )
    row.confirmed_at = now
    row.save(update_fields=["confirmed_at"])
    return asked


def ask_again(workspace_id: int, message_public_id: str) -> None:
    """Send a new letter for a question that expired; the old link stays dead.

    raises  NotFound(question_unknown) and what ask_double_opt_in raises
    """
    asked = question(workspace_id, message_public_id)
    if asked is None or asked.confirmed_at is not None:
        raise NotFound("question_unknown", "This letter asks for nothing.")
    if asked.is_open(clock.now()):
        raise Refused("question_open", "The link still works.")
    first = Question.objects.get(workspace_id=workspace_id, public_id=asked.public_id)
    profile = _profile(workspace_id, asked.customer_id)
    if _hash_of(workspace_id, profile) != bytes(first.address_hash):
        raise Refused("question_address", "The customer has another address now.")
    number = Question.objects.filter(
        workspace_id=workspace_id, key__startswith=f"again:{asked.public_id}:"
    ).count()
    ask_double_opt_in(
        workspace_id,
        profile.id,
        channel=asked.channel,
        address=profile.email or "",
        purpose=asked.purpose,
        text_version=asked.text_version,
        source=asked.source,
        key=f"again:{asked.public_id}:{number}",
    )
