"""Topics of marketing, and the words customers agree to."""

from __future__ import annotations

import re
from collections.abc import Mapping

from regulars.customers.models import ConsentText, Topic
from regulars.customers.pure.wishes import TOPIC_KEY_LENGTH_MAX
from regulars.customers.queries.topics import LANGUAGES, TOPICS_MAX
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, NotFound
from regulars.store.scope import cursor

NAME_LENGTH_MAX = 80
VERSION_LENGTH_MAX = 60
WORDS_LENGTH_MAX = 4_000
TEXTS_MAX = 1_000
KEY = re.compile(r"[a-z0-9][a-z0-9_-]*\Z")


def save_topic(workspace_id: int, key: str, names: Mapping[str, str]) -> None:
    """Make a topic or name it anew; one that was put away is offered again.

    names   by language, one at least
    raises  Invalid(topic_key | topic_name | topic_limit)
    """
    key = key.strip()
    if len(key) > TOPIC_KEY_LENGTH_MAX or not KEY.match(key):
        raise Invalid(
            "topic_key",
            f"A key has up to {TOPIC_KEY_LENGTH_MAX} small letters of a to z, digits, - and _.",
            field="key",
        )
    kept = {code: " ".join(names.get(code, "").split()) for code in LANGUAGES}
    kept = {code: name for code, name in kept.items() if name}
    if not kept or any(
        len(name) > NAME_LENGTH_MAX or not name.isprintable() for name in kept.values()
    ):
        raise Invalid(
            "topic_name",
            f"Name the topic in one language at least, with up to {NAME_LENGTH_MAX} characters.",
            field="name",
        )
    _lock(workspace_id)
    others = Topic.objects.filter(workspace_id=workspace_id).exclude(key=key)
    if others.count() >= TOPICS_MAX:
        raise Invalid("topic_limit", f"A workspace has at most {TOPICS_MAX} topics.")
    Topic.objects.update_or_create(
        workspace_id=workspace_id,
        key=key,
        defaults={"names": kept, "archived_at": None},
        create_defaults={"names": kept, "created_at": clock.now()},
    )


def archive_topic(workspace_id: int, key: str) -> None:
    """Offer the topic no more; what was said about it stays and is obeyed.

    raises  NotFound(topic_unknown)
    """
    rows = Topic.objects.filter(workspace_id=workspace_id, key=key)
    if not rows.exists():
        raise NotFound("topic_unknown", "There is no such topic.")
    rows.filter(archived_at=None).update(archived_at=clock.now())


def add_consent_text(workspace_id: int, version: str, words: str, *, actor: str) -> None:
    """Keep the words behind a version, once for ever; the same words again change nothing.

    raises  Invalid(text_version | text_words | text_limit), Conflict(text_taken)
    """
    version, words = version.strip(), words.replace("\r\n", "\n").strip()
    if not 0 < len(version) <= VERSION_LENGTH_MAX or not version.isprintable():
        raise Invalid(
            "text_version", f"A version has up to {VERSION_LENGTH_MAX} characters.", field="version"
        )
    if not 0 < len(words) <= WORDS_LENGTH_MAX or "\x00" in words:
        raise Invalid(
            "text_words",
            f"Write the words customers see, up to {WORDS_LENGTH_MAX} characters.",
            field="words",
        )
    _lock(workspace_id)
    rows = ConsentText.objects.filter(workspace_id=workspace_id)
    known = rows.filter(version=version).first()
    if known is not None:
        if known.words == words:
            return
        raise Conflict(
            "text_taken",
            "This version has other words, and people agreed to those; take a new version.",
            field="version",
        )
    if rows.count() >= TEXTS_MAX:
        raise Invalid("text_limit", f"A workspace keeps at most {TEXTS_MAX} texts.")
    ConsentText.objects.create(
        workspace_id=workspace_id,
        version=version,
        words=words,
        author=actor,
        created_at=clock.now(),
    )


LOCK_CLASS = 0x6D74


def _lock(workspace_id: int) -> None:
    """One at a time, so that the limits hold."""
    cursor().execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_CLASS, workspace_id % (1 << 31)])
